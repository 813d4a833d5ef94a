"""A few live lines on a terminal; nothing at all in a pipe."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import TextIO

from rich.console import Console, Group
from rich.live import Live
from rich.text import Text

from edge.watch.report import sentence
from edge.watch.watching import Watching

_BREACHES_SHOWN = 8
_REFRESH_S = 0.25


def lines(watching: Watching) -> list[str]:
    """What is to be seen now: one line of figures, then the newest breaches."""
    if not watching.followers:
        return [f"loading {watching.url}"]
    follower = watching.followers[0]
    player = follower.player
    latency, jitter = player.latency.last, player.jitter.quantile(0.95)
    figures = [
        f"{watching.elapsed_s:5.1f} s",
        "playing" if player.playing else "waiting",
        "latency ?" if latency is None else f"latency {latency:.2f} s",
        f"buffer {max(0.0, player.buffer_s):.2f} s",
        "jitter ?" if jitter is None else f"jitter {jitter * 1000:.0f} ms",
        f"{follower.feed.parts} parts",
        f"{player.stalls} stalls",
        f"{len(watching.ledger.of('breach'))} rules broken",
    ]
    breaches = watching.ledger.of("breach")[-_BREACHES_SHOWN:]
    return ["  ".join(figures), *(sentence(entry) for entry in breaches)]


@contextlib.asynccontextmanager
async def screen(watching: Watching, stream: TextIO) -> AsyncIterator[None]:
    """Show `watching` on `stream` while the context lasts, if that is a terminal."""
    if not stream.isatty():
        yield
        return
    with Live(console=Console(file=stream), auto_refresh=False, transient=True) as live:
        task = asyncio.create_task(_refresh(watching, live))
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


async def _refresh(watching: Watching, live: Live) -> None:
    while True:
        for follower in watching.followers:
            follower.player.advance(asyncio.get_running_loop().time())
        first, *breaches = lines(watching)
        texts = [Text(first, style="bold"), *(Text(each, style="red") for each in breaches)]
        live.update(Group(*texts), refresh=True)
        await asyncio.sleep(_REFRESH_S)
