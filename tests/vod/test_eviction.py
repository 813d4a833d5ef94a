import random

import pytest

from edge.vod.eviction import POLICIES, Lru, Queue


def test_the_least_recently_used_goes_first_but_not_while_it_is_read():
    queue = Queue()
    for key in "abc":
        queue.add(key, 10)
    queue.get("a")
    assert [key for key, _ in queue] == ["b", "c", "a"]
    assert queue.evict({"b"}) == ("c", 10)
    assert queue.evict({"a", "b"}) is None
    assert queue.used == 20


def fill(order, keys, capacity, pinned=()):
    gone = []
    for key in keys:
        while order.used + 10 > capacity:
            gone.append(order.evict(pinned)[0])
        order.add(key, 10)
    return gone


def test_what_is_wanted_once_does_not_push_out_what_is_watched():
    order = Lru(1_000)
    fill(order, [f"watched{number}" for number in range(90)], 1_000)
    for number in range(90):
        order.get(f"watched{number}")
    fill(order, [f"once{number}" for number in range(10_000)], 1_000)
    assert sum(f"watched{number}" in order for number in range(90)) == 90


def test_what_comes_back_after_it_went_is_watched():
    order = Lru(100)
    fill(order, [*"abcdefghij", *range(20)], 100)
    assert "a" not in order
    fill(order, ["a", *range(20, 60)], 100)
    assert "a" in order


def test_reading_ahead_and_going_on_are_no_second_wish():
    order = Lru(100)
    order.add("ahead", 10, readers=0)
    order.get("ahead")
    order.add("slowly", 10)
    for _ in range(5):
        order.get("slowly", is_going_on=True)
    order.add("herd", 10, readers=2)
    fill(order, range(50), 100)
    assert [key in order for key in ("ahead", "slowly", "herd")] == [False, False, True]


@pytest.mark.parametrize("policy", POLICIES)
def test_octets_are_counted_whatever_happens(policy):
    rng, order, sizes = random.Random(3), POLICIES[policy](500), {}
    for _ in range(5_000):
        key = rng.randrange(60)
        match rng.randrange(4):
            case 0 if key not in order:
                sizes[key] = rng.randrange(1, 30)
                order.add(key, sizes[key], readers=rng.randrange(3))
            case 1:
                assert order.get(key, is_going_on=rng.random() < 0.5) == sizes.get(key)
            case 2:
                assert order.remove(key) == sizes.pop(key, None)
            case 3:
                pinned = {rng.randrange(60) for _ in range(20)}
                gone = order.evict(pinned)
                assert gone is None or (gone[0] not in pinned and sizes.pop(gone[0]) == gone[1])
                assert gone is not None or set(sizes) <= pinned
        assert order.used == sum(sizes.values())
        assert len(order) == len(sizes)
    assert dict(order) == sizes
