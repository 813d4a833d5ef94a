from hypothesis import given
from hypothesis import strategies as st

from edge.web.wheel import Wheel


def test_each_comes_once_in_its_second():
    wheel: Wheel[str] = Wheel(10)
    wheel.put("a", 12)
    wheel.put("b", 11)
    assert wheel.put("late", 3) == 10
    assert wheel.due(10, 9) == ["late"]
    assert wheel.due(12, 9) == ["b", "a"]
    assert wheel.due(99, 9) == []
    assert wheel.is_empty


def test_who_is_taken_out_does_not_come():
    wheel: Wheel[str] = Wheel(0)
    at = wheel.put("a", 5)
    wheel.take_out("a", at)
    wheel.take_out("a", at)
    assert wheel.is_empty
    assert wheel.due(5, 9) == []


def test_of_many_some_come_and_the_rest_next_time():
    wheel: Wheel[int] = Wheel(0)
    slots = {number: wheel.put(number, 1) for number in range(5)}
    wheel.put(9, 2)
    first = wheel.due(2, 3)
    left = set(slots) - set(first)
    gone = left.pop()
    wheel.take_out(gone, slots[gone])
    assert wheel.put(7, 1) == 1, "what is late comes with the rest"
    assert sorted(wheel.due(2, 99)) == sorted({*left, 7, 9})
    assert wheel.is_empty


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 3)), max_size=60))
def test_nobody_is_forgotten_and_nobody_comes_early(steps):
    wheel, now, waiting = Wheel(0), 0, {}
    for number, (after, passed) in enumerate(steps):
        waiting[number] = wheel.put(number, now + after)
        now += passed
        due = wheel.due(now, 99)
        assert sorted(due) == sorted(each for each, at in waiting.items() if at <= now)
        for each in due:
            del waiting[each]
    assert sorted(wheel) == sorted(waiting)
