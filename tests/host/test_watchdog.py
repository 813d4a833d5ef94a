import asyncio
import heapq
from itertools import count

import pytest

from edge.host.watchdog import status_line, watched


class Manager:
    watchdog_s = 3.0

    def __init__(self) -> None:
        self.fed: list[float] = []
        self.told: list[str] = []
        self.time = Time()

    def alive(self) -> None:
        self.fed.append(self.time.now)

    def status(self, text: str) -> None:
        self.told.append(text)


class Time:
    """Passes when it is told to: sleepers wake in the order of their times."""

    def __init__(self) -> None:
        self.now = 0.0
        self._sleepers: list[tuple[float, int, asyncio.Future]] = []
        self._number = count()

    async def sleep(self, seconds: float) -> None:
        future = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self.now + seconds, next(self._number), future))
        await future

    async def passes(self, seconds: float) -> None:
        until = self.now + seconds
        for _ in range(5):
            await asyncio.sleep(0)
        while self._sleepers and self._sleepers[0][0] <= until:
            self.now, _, future = heapq.heappop(self._sleepers)
            if not future.done():
                future.set_result(None)
            for _ in range(5):
                await asyncio.sleep(0)
        self.now = until


async def test_fed_three_times_as_often_as_asked_while_it_is_well_and_only_then():
    manager, well = Manager(), [True]
    async with watched(manager, lambda: well[0], lambda seconds: f"{seconds >= 0}", sleep=manager.time.sleep):
        await manager.time.passes(2.5)
        assert manager.fed == [0.0, 1.0, 2.0]
        well[0] = False
        await manager.time.passes(30)
        assert manager.fed == [0.0, 1.0, 2.0]
        assert manager.told == ["True"] * 6
        well[0] = True
        await manager.time.passes(1)
        assert manager.fed[3:] == [33.0]


async def test_without_a_watchdog_only_the_status_is_told():
    manager = Manager()
    manager.watchdog_s = None
    async with watched(manager, lambda: True, lambda _: "fine", sleep=manager.time.sleep):
        await manager.time.passes(11)
    assert (manager.fed, manager.told) == ([], ["fine", "fine"])


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
