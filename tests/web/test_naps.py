import asyncio
import socket
import time
from functools import partial

import pytest
import uvloop

from edge.ingest.reading import A_MOMENT_S, BEAT_S
from edge.web import naps as module
from edge.web.naps import BUSY_PER_S, PERIOD_S, Naps

MANY = BUSY_PER_S * 1.2
FEW = BUSY_PER_S * 0.9


class Loop:
    """An event loop in virtual time, and whatever else is done in it."""

    def __init__(self) -> None:
        self.now = 100.0017
        self.slept: list[float] = []
        self.turns = 0
        self.is_sending = self.is_pressed = False
        self._soon: list = []
        self._timers: list = []

    def time(self) -> float:
        return self.now

    def call_soon(self, callback) -> None:
        self._soon.append(callback)

    def call_later(self, delay_s, callback, *args) -> None:
        self._timers.append((self.now + delay_s, partial(callback, *args)))

    def sleep(self, duration_s: float) -> None:
        self.slept.append(duration_s)
        self.now += duration_s

    def turn(self) -> None:
        """Waits for the next timer where there is nothing else."""
        if not self._soon and self._timers:
            self.now = max(self.now, min(at for at, _ in self._timers))
        due = [callback for at, callback in self._timers if at <= self.now]
        self._timers = [one for one in self._timers if one[0] > self.now]
        due, self._soon = self._soon + due, []
        self.turns += bool(due)
        for callback in due:
            callback()

    def run(self, seconds: float) -> None:
        """In turns that take no time."""
        until = self.now + seconds
        while self.now < until and (self._soon or self._timers):
            self.turn()


@pytest.fixture
def loop(monkeypatch) -> Loop:
    loop = Loop()
    monkeypatch.setattr(module.asyncio, "get_running_loop", lambda: loop)
    return loop


@pytest.fixture
def naps(loop) -> Naps:
    naps = Naps(lambda: loop.is_sending, loop.time, loop.sleep)
    naps.must_hurry = lambda: loop.is_pressed
    return naps


def note(naps: Naps, loop: Loop, per_s: float, for_s: float) -> None:
    """So many answers, in one long turn of the loop."""
    for _ in range(round(per_s * for_s)):
        loop.now += 1 / per_s
        naps.note()
    loop.turn()
    loop.slept.clear()


def is_on_a_beat(now: float) -> bool:
    return min(now % BEAT_S, BEAT_S - now % BEAT_S) < 1e-9


def test_a_loop_with_little_to_do_never_sleeps(naps, loop):
    note(naps, loop, FEW, 10)
    loop.turn()
    assert (loop.slept, loop.turns) == ([], 0)


def test_a_loop_with_many_answers_sleeps_until_each_beat_and_works_for_a_moment_after_it(naps, loop):
    note(naps, loop, MANY, 1)
    loop.run(20 * BEAT_S)
    assert loop.slept == pytest.approx([BEAT_S - A_MOMENT_S] * 20)
    assert is_on_a_beat(loop.now)


def test_it_sleeps_not_before_all_is_sent(naps, loop):
    note(naps, loop, MANY, 1)
    loop.is_sending = True
    loop.turn()
    before = loop.now
    for _ in range(3):
        loop.turn()
    assert (loop.slept, loop.now) == ([], before)
    loop.is_sending = False
    loop.turn()
    assert len(loop.slept) == 1


def test_where_publishers_press_it_waits_as_loops_do(naps, loop):
    """And asks again once a beat: it does not spin."""
    note(naps, loop, MANY, 1)
    loop.is_pressed = True
    turns = loop.turns
    loop.run(20 * BEAT_S)
    assert loop.slept == []
    assert loop.turns - turns <= 22
    loop.is_pressed = False
    loop.run(2 * BEAT_S)
    assert len(loop.slept) >= 1


def test_it_stays_awake_for_a_beat_after_each_newcomer(naps, loop):
    def come(left: int) -> None:
        naps.stay_awake()
        if left:
            loop.call_later(BEAT_S * 0.9, come, left - 1)

    note(naps, loop, MANY, 1)
    come(20)
    loop.run(18 * BEAT_S)
    assert loop.slept == []
    loop.run(3 * BEAT_S)
    assert len(loop.slept) >= 1


def test_it_sleeps_no_more_when_answers_are_few_again(naps, loop):
    note(naps, loop, MANY, 1)
    loop.run(BEAT_S)
    assert len(loop.slept) >= 1
    note(naps, loop, FEW, 1)
    loop.run(10 * BEAT_S)
    assert loop.slept == []


def test_it_sleeps_no_more_when_nobody_is_left(naps, loop):
    """And again when they are back."""
    note(naps, loop, MANY, 1)
    loop.run(3 * PERIOD_S)
    assert 0 < len(loop.slept) < 2.1 * PERIOD_S / BEAT_S
    turns = loop.turns
    loop.turn()
    assert loop.turns == turns
    note(naps, loop, MANY, 1)
    loop.run(BEAT_S)
    assert len(loop.slept) >= 1


def test_one_who_sleeps_is_enough(naps, loop):
    note(naps, loop, MANY, 3)
    note(naps, loop, MANY, 3)
    loop.run(20 * BEAT_S)
    assert len(loop.slept) in {20, 21}


def test_who_is_woken_by_what_came_meanwhile_has_his_turn_before_the_next_nap():
    log: list[str] = []
    reader, writer = socket.socketpair()
    reader.setblocking(False)

    def sleep(duration_s: float) -> None:
        writer.send(b"!")
        time.sleep(duration_s)
        log.append("slept")

    async def listen() -> None:
        while True:
            await asyncio.get_running_loop().sock_recv(reader, 1)
            log.append("heard")

    async def main() -> None:
        task = asyncio.create_task(listen())
        naps = Naps(lambda: False, sleep=sleep)
        until = time.monotonic() + 2 * PERIOD_S
        while time.monotonic() < until:
            naps.note()
        while len(log) < 20:
            await asyncio.sleep(0.001)
        task.cancel()

    with reader, writer:
        uvloop.run(main())
    assert log[:20] == ["slept", "heard"] * 10
