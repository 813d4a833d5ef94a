import asyncio
import time

import pytest

from edge.host import watchdog
from edge.host.watchdog import status_line, watched


class Manager:
    watchdog_s = 0.06

    def __init__(self) -> None:
        self.fed = 0
        self.told: list[str] = []

    def alive(self) -> None:
        self.fed += 1

    def status(self, text: str) -> None:
        self.told.append(text)


async def until(condition) -> None:
    async with asyncio.timeout(5):
        while not condition():
            await asyncio.sleep(0.005)


async def test_fed_while_it_is_well_and_only_then(monkeypatch):
    monkeypatch.setattr(watchdog, "STATUS_EVERY_S", 0.01)
    manager, well = Manager(), [True]
    async with watched(manager, lambda: well[0], lambda seconds: f"{seconds > 0}"):
        await until(lambda: manager.fed >= 3 and manager.told)
        well[0] = False
        await asyncio.sleep(0.03)
        fed = manager.fed
        told = len(manager.told)
        await until(lambda: len(manager.told) > told + 10)
        assert manager.fed == fed
    assert set(manager.told) == {"True"}


async def test_a_loop_that_stands_still_feeds_nobody():
    manager = Manager()
    async with watched(manager, lambda: True, lambda _: ""):
        await until(lambda: manager.fed)
        fed = manager.fed
        time.sleep(0.2)
        assert manager.fed == fed


@pytest.mark.parametrize(
    ("values", "line"),
    [
        ((12, 3410, 2.1e9), "streams 12, viewers 3 410, 2.1 Gbit/s"),
        ((0, 0, 0), "streams 0, viewers 0, 0 kbit/s"),
        ((1, 1_234_567, 3.25e6), "streams 1, viewers 1 234 567, 3.2 Mbit/s"),
    ],
)
def test_the_line(values, line):
    assert status_line(*values) == line
