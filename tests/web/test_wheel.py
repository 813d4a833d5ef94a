from hypothesis import given
from hypothesis import strategies as st

from edge.web.wheel import Wheel


def test_each_comes_once_in_its_second():
    wheel: Wheel[str] = Wheel(10)
    wheel.put("a", 12)
    wheel.put("b", 11)
    assert wheel.put("late", 3) == 10
    assert wheel.due(10) == ["late"]
    assert wheel.due(12) == ["b", "a"]
    assert wheel.due(99) == []
    assert wheel.is_empty


def test_who_is_taken_out_does_not_come():
    wheel: Wheel[str] = Wheel(0)
    at = wheel.put("a", 5)
    wheel.take_out("a", at)
    wheel.take_out("a", at)
    assert wheel.is_empty
    assert wheel.due(5) == []


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 3)), max_size=60))
def test_nobody_is_forgotten_and_nobody_comes_early(steps):
    wheel, now, waiting = Wheel(0), 0, {}
    for number, (after, passed) in enumerate(steps):
        waiting[number] = wheel.put(number, now + after)
        now += passed
        due = wheel.due(now)
        assert sorted(due) == sorted(each for each, at in waiting.items() if at <= now)
        for each in due:
            del waiting[each]
    assert sorted(wheel) == sorted(waiting)
