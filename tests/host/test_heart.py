import pytest
from hypothesis import given
from hypothesis import strategies as st

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


def test_it_can_be_switched_off():
    one = Beating(turn_away_lag_s=0.0)
    one.beat(0.0, seconds=5)
    one.beat(3.0, seconds=60)
    assert not one.heart.is_hurt


@given(st.lists(st.floats(0, 5), max_size=200))
def test_it_cannot_flap(lates):
    one, turned, before = Beating(), -STEADY_S, False
    for late in lates:
        one.beat(late, seconds=0.01)
        if one.heart.is_hurt != before:
            assert one.now - turned >= STEADY_S
            turned, before = one.now, one.heart.is_hurt
