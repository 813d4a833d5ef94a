"""Feeds the service manager's watchdog for as long as the event loop does its work, and tells how it goes."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable

from edge.host.notify import Notifier

STATUS_EVERY_S = 5.0

Sleep = Callable[[float], Awaitable[None]]


@contextlib.asynccontextmanager
async def watched(
    notifier: Notifier,
    is_healthy: Callable[[], bool],
    status: Callable[[float], str],
    *,
    sleep: Sleep = asyncio.sleep,
) -> AsyncIterator[None]:
    """While the context lasts. A loop that stands still feeds nobody; neither does one that is not healthy.

    `status` gets the seconds since it was asked last and gives one line.
    """
    tasks = [asyncio.create_task(_tell(notifier, status, sleep))]
    if notifier.watchdog_s is not None:
        tasks.append(asyncio.create_task(_feed(notifier, is_healthy, notifier.watchdog_s / 3, sleep)))
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _feed(notifier: Notifier, is_healthy: Callable[[], bool], every_s: float, sleep: Sleep) -> None:
    while True:
        if is_healthy():
            notifier.alive()
        await sleep(every_s)


async def _tell(notifier: Notifier, status: Callable[[float], str], sleep: Sleep) -> None:
    loop = asyncio.get_running_loop()
    asked_at = loop.time()
    while True:
        await sleep(STATUS_EVERY_S)
        now = loop.time()
        notifier.status(status(now - asked_at))
        asked_at = now


def status_line(streams: int, viewers: int, bits_per_second: float) -> str:
    """`streams 12, viewers 3 410, 2.1 Gbit/s`."""
    return f"streams {_grouped(streams)}, viewers {_grouped(viewers)}, {_rate(bits_per_second)}"


def _grouped(number: int) -> str:
    return f"{number:,}".replace(",", " ")


def _rate(bits: float) -> str:
    for unit, size in (("Gbit/s", 1e9), ("Mbit/s", 1e6)):
        if bits >= size:
            return f"{bits / size:.1f} {unit}"
    return f"{bits / 1e3:.0f} kbit/s"
