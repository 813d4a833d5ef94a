import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.ingest import reading as module
from edge.ingest.inbox import AT_ONCE
from edge.ingest.reading import A_MOMENT_S, BEAT_S, Reading, until_next
from edge.ingest.sessions import TICK_S

FILE = 7


class Loop:
    """An event loop in virtual time, with one socket that has something to read or not."""

    def __init__(self):
        self.now = 0.0
        self.reader = None
        self.timer = None

    def time(self):
        return self.now

    def add_reader(self, fileno, callback):
        assert (fileno, self.reader, self.timer) == (FILE, None, None)
        self.reader = callback

    def remove_reader(self, fileno):
        assert fileno == FILE
        self.reader = None

    def call_later(self, delay, callback):
        self.timer = (self.now + delay, callback)
        return self

    def cancel(self):
        self.timer = None

    def run_until(self, end):
        while self.timer is not None and self.timer[0] <= end + 1e-9:
            (self.now, callback), self.timer = self.timer, None
            callback()
        self.now = end


@pytest.fixture
def loop(monkeypatch):
    loop = Loop()
    monkeypatch.setattr(module.asyncio, "get_running_loop", lambda: loop)
    return loop


class Socket:
    def __init__(self):
        self.waiting = 0
        self.reads = []

    def read(self):
        found = min(self.waiting, AT_ONCE)
        self.waiting -= found
        self.reads.append(found)
        return found


def arrive(loop, source, *, per_s, seconds, datagrams=1):
    """So many bursts a second."""
    start = loop.now
    for number in range(int(per_s * seconds)):
        loop.run_until(start + number / per_s)
        source.waiting += datagrams
        if loop.reader is not None:
            loop.reader()


def test_a_calm_socket_is_read_as_soon_as_something_comes(loop):
    source = Socket()
    reading = Reading(FILE, source.read)
    arrive(loop, source, per_s=150, seconds=2)
    assert source.reads == [1] * 300
    assert not reading.is_by_the_clock


def test_a_busy_one_is_read_by_the_clock_all_that_came_together(loop):
    source = Socket()
    reading = Reading(FILE, source.read)
    arrive(loop, source, per_s=1000, seconds=1)
    assert reading.is_by_the_clock
    source.reads.clear()
    arrive(loop, source, per_s=1000, seconds=1)
    assert len(source.reads) == pytest.approx(1 / BEAT_S, abs=2)
    assert source.waiting <= 1000 * BEAT_S


def test_it_is_read_as_things_come_again_when_it_is_calm(loop):
    source = Socket()
    reading = Reading(FILE, source.read)
    arrive(loop, source, per_s=1000, seconds=1)
    arrive(loop, source, per_s=50, seconds=1)
    assert not reading.is_by_the_clock
    source.waiting = 1
    loop.reader()
    assert source.waiting == 0


def test_between_busy_and_calm_it_stays_as_it_is(loop):
    source = Socket()
    reading = Reading(FILE, source.read)
    arrive(loop, source, per_s=1000, seconds=1)
    arrive(loop, source, per_s=150, seconds=2)
    assert reading.is_by_the_clock


def test_what_one_read_could_not_take_does_not_wait_for_the_next_beat(loop):
    source = Socket()
    Reading(FILE, source.read)
    arrive(loop, source, per_s=1000, seconds=1)
    loop.run_until(loop.now + BEAT_S)
    source.reads.clear()
    source.waiting = 3 * AT_ONCE + 5
    loop.run_until(loop.now + BEAT_S)
    assert source.reads[:4] == [AT_ONCE, AT_ONCE, AT_ONCE, 5]


def test_beats_are_shorter_where_many_come(loop):
    source = Socket()
    Reading(FILE, source.read)
    arrive(loop, source, per_s=1000, seconds=1, datagrams=32)
    source.reads.clear()
    arrive(loop, source, per_s=1000, seconds=1, datagrams=32)
    assert len(source.reads) == pytest.approx(1000, abs=20)
    assert max(source.reads) <= AT_ONCE


def test_it_is_pressed_as_long_as_a_read_left_something(loop):
    source = Socket()
    reading = Reading(FILE, source.read)
    arrive(loop, source, per_s=1000, seconds=1)
    assert not reading.is_pressed
    loop.run_until(loop.now + BEAT_S)
    source.waiting = AT_ONCE + 5
    source_read, pressed = source.read, []
    reading._read = lambda: (pressed.append(reading.is_pressed), source_read())[1]
    loop.run_until(loop.now + BEAT_S)
    assert pressed == [False, True]
    assert not reading.is_pressed


def test_it_is_pressed_as_long_as_its_beats_are_shorter(loop):
    source = Socket()
    reading = Reading(FILE, source.read)
    arrive(loop, source, per_s=1000, seconds=1, datagrams=12)
    assert reading.is_pressed
    arrive(loop, source, per_s=1000, seconds=1, datagrams=8)
    assert not reading.is_pressed


@pytest.mark.parametrize("per_s", [1, 1000])
def test_after_the_stop_nothing_is_read(loop, per_s):
    source = Socket()
    reading = Reading(FILE, source.read)
    arrive(loop, source, per_s=per_s, seconds=1)
    reading.stop()
    assert (loop.reader, loop.timer) == (None, None)


@given(st.floats(0, 1e6), st.sampled_from([BEAT_S, TICK_S]))
def test_beats_and_ticks_fall_on_one_grid(now, every_s):
    wait = until_next(every_s, now)
    assert A_MOMENT_S < wait <= every_s + A_MOMENT_S
    after = (now + wait) % every_s
    assert min(after, every_s - after) < 1e-6


def test_a_beat_that_is_late_does_not_put_the_next_one_off():
    assert until_next(0.005, 7.0038) == pytest.approx(0.0012)


def test_a_beat_whose_timer_is_early_is_not_done_twice():
    assert until_next(0.005, 6.9995) == pytest.approx(0.0055)


@pytest.mark.parametrize("now", [7.0, 7.0007])
def test_beats_that_are_shorter_than_timers_are_exact_still_come(now):
    assert 0.0004 < until_next(0.0008, now) <= 0.0012


def test_a_tick_falls_on_a_beat():
    beats = TICK_S / BEAT_S
    assert beats == pytest.approx(round(beats))
