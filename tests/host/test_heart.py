import pytest

from edge.errors import Overloaded
from edge.host.heart import Heart


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
