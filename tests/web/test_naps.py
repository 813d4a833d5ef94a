import pytest

from edge.ingest.reading import BEAT_S
from edge.web import naps as module
from edge.web.naps import AWAKE_S, BUSY_PER_S, PERIOD_S, Naps

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

    def call_later(self, delay_s, callback) -> None:
        self._timers.append((self.now + delay_s, callback))

    def sleep(self, duration_s: float) -> None:
        self.slept.append(duration_s)
        self.now += duration_s

    def turn(self, took_s: float = 0.0) -> None:
        """Waits for the next timer where there is nothing else."""
        self.now += took_s
        if not self._soon and self._timers:
            self.now = max(self.now, self._timers[0][0])
        due = [callback for at, callback in self._timers if at <= self.now]
        self._timers = [one for one in self._timers if one[0] > self.now]
        due, self._soon = self._soon + due, []
        self.turns += bool(due)
        for callback in due:
            callback()


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


def test_a_loop_with_many_answers_sleeps_in_each_turn_until_the_next_beat(naps, loop):
    note(naps, loop, MANY, 1)
    for _ in range(5):
        loop.turn(BEAT_S / 3)
        assert is_on_a_beat(loop.now)
    assert loop.slept == pytest.approx([BEAT_S * 2 / 3] * 5)


def test_it_sleeps_not_before_all_is_sent(naps, loop):
    note(naps, loop, MANY, 1)
    loop.is_sending = True
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
    loop.turn()
    before = loop.now
    for _ in range(3):
        loop.turn()
    assert loop.slept == []
    assert loop.now == pytest.approx(before + 3 * BEAT_S)
    loop.is_pressed = False
    loop.turn()
    assert len(loop.slept) == 1


def test_it_can_be_kept_awake_for_a_moment(naps, loop):
    note(naps, loop, MANY, 1)
    naps.stay_awake()
    loop.turn()
    loop.now += BEAT_S / 2
    naps.stay_awake()
    loop.turn()
    assert loop.slept == []
    loop.turn(AWAKE_S)
    assert len(loop.slept) == 1


def test_it_sleeps_no_more_when_answers_are_few_again(naps, loop):
    note(naps, loop, MANY, 1)
    loop.turn()
    assert len(loop.slept) == 1
    note(naps, loop, FEW, 1)
    loop.turn()
    assert loop.slept == []


def test_it_sleeps_no_more_when_nobody_is_left(naps, loop):
    """And again when they are back."""
    note(naps, loop, MANY, 1)
    loop.turn()
    assert len(loop.slept) == 1
    loop.turn(2 * PERIOD_S)
    turns = loop.turns
    loop.turn()
    assert (len(loop.slept), loop.turns) == (1, turns)
    note(naps, loop, MANY, 1)
    loop.turn()
    assert len(loop.slept) == 1


def test_one_who_sleeps_is_enough(naps, loop):
    note(naps, loop, MANY, 3)
    note(naps, loop, MANY, 3)
    loop.turn()
    assert len(loop.slept) == 1
