import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.config import LimitsConfig
from edge.errors import Overloaded
from edge.host.heart import STEADY_S, Heart


def test_well_while_it_beats():
    heart = Heart(0.1, 0.15)
    assert not heart.is_well(0)
    heart.beat(10)
    assert heart.is_well(14.9)
    assert not heart.is_well(15.1)


def test_one_late_beat_refuses_nobody_and_many_do():
    heart, now = Heart(0.1, 0.15), 0.0
    heart.beat(now)
    now += 0.6
    heart.beat(now)
    heart.refuse_new_work()
    for _ in range(10):
        now += 0.4
        heart.beat(now)
    with pytest.raises(Overloaded) as refused:
        heart.refuse_new_work()
    assert refused.value.retry_after_s == 10
    for _ in range(20):
        now += 0.1
        heart.beat(now)
    heart.refuse_new_work()


class Beating:
    """Beats of a heart that is not to be later than half a second."""

    def __init__(self, turn_away_lag_s: float = 0.5) -> None:
        self.heart, self.now = Heart(0.1, 0.15, turn_away_lag_s), 0.0

    def beat(self, late_s: float, *, seconds: float) -> None:
        until = self.now + seconds
        while self.now < until:
            self.now += 0.1 + late_s
            self.heart.beat(self.now)


def test_seconds_of_late_beats_hurt_and_seconds_of_good_ones_heal():
    one = Beating()
    one.beat(0.0, seconds=5)
    one.beat(0.8, seconds=5)
    assert not one.heart.is_hurt, "it takes a second or two to know the lag, and then three"
    one.beat(0.8, seconds=4)
    assert one.heart.is_hurt
    one.beat(0.3, seconds=60)
    assert one.heart.is_hurt, "better than what hurts is not well"
    one.beat(0.0, seconds=3)
    assert one.heart.is_hurt
    one.beat(0.0, seconds=2)
    assert not one.heart.is_hurt
    one.beat(0.3, seconds=60)
    assert not one.heart.is_hurt


def test_a_stall_hurts_nobody():
    one = Beating()
    for _ in range(20):
        one.beat(4.0, seconds=1)
        one.beat(0.0, seconds=4)
        assert not one.heart.is_hurt


@pytest.mark.parametrize("late_s", [0.0, 0.3])
@pytest.mark.parametrize("seconds", [10, 600, 36_000])
def test_who_was_stopped_is_not_overloaded(late_s, seconds):
    """A process that is frozen, or a machine that is paused: its clock went on, and nobody's work was late."""
    one = Beating(LimitsConfig().turn_away_lag)
    one.beat(0.001, seconds=5)
    one.beat(late_s, seconds=0.01)
    one.now += seconds
    for _ in range(100):
        one.beat(0.001, seconds=0.01)
        assert not one.heart.is_hurt
        one.heart.refuse_new_work()


def test_who_is_stopped_with_every_beat_is_overloaded():
    one = Beating(LimitsConfig().turn_away_lag)
    one.beat(0.001, seconds=5)
    one.beat(6.0, seconds=30)
    assert one.heart.is_hurt
    with pytest.raises(Overloaded):
        one.heart.refuse_new_work()


def test_it_can_be_switched_off():
    one = Beating(turn_away_lag_s=0.0)
    one.beat(0.0, seconds=5)
    one.beat(3.0, seconds=60)
    assert not one.heart.is_hurt


class Crowd(Beating):
    """Viewers who take each part with two requests of 30 us. Once they are more than the core serves in a part's
    time, all of them ask all the time: a turn of the loop is an answer to each, and a beat is late by half of it.
    """

    ANSWER_S, PART_S = 30e-6, 0.25

    def __init__(self) -> None:
        limits = LimitsConfig()
        super().__init__(limits.turn_away_lag)
        self.viewers, self.refused = 3000, 0

    @property
    def served(self) -> float:
        """The share of all parts that a viewer gets in time."""
        return min(1.0, self.PART_S / (2 * self.ANSWER_S * self.viewers))

    def come(self, a_second: int, *, seconds: float) -> None:
        until = self.now + seconds
        while self.now < until:
            before = self.now
            self.beat(self.viewers * self.ANSWER_S / 2 if self.served < 1 else 0.002, seconds=0.01)
            coming = round(a_second * (self.now - before))
            self.viewers += 0 if self.heart.is_hurt else coming
            self.refused += coming if self.heart.is_hurt else 0


def test_a_crowd_is_turned_away_before_those_who_are_here_are_hurt():
    crowd = Crowd()
    crowd.come(200, seconds=5)
    assert not crowd.refused
    crowd.come(200, seconds=60)
    assert crowd.refused > 10_000
    assert crowd.served > 0.75, "four parts of five: from here on some leave, and nobody comes"
    with pytest.raises(Overloaded):
        crowd.heart.refuse_new_work()
    crowd.viewers -= 2000
    crowd.come(0, seconds=5)
    crowd.refused = 0
    crowd.come(200, seconds=3)
    assert not crowd.refused, "the load is over"
    crowd.heart.refuse_new_work()


@given(st.lists(st.floats(0, 5), max_size=200))
def test_it_cannot_flap(lates):
    one, turned, before = Beating(), -STEADY_S, False
    for late in lates:
        one.beat(late, seconds=0.01)
        if one.heart.is_hurt != before:
            assert one.now - turned >= STEADY_S
            turned, before = one.now, one.heart.is_hurt
