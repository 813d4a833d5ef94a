"""Orders of eviction, against queues written out by hand and against models that are slow and plain."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.vod.asset import BlockKey
from edge.vod.block_policy import POLICIES, Lru, S3Fifo, Sieve


def key(name: str | int) -> BlockKey:
    return BlockKey(str(name), '"1"', 0)


def filled(order, names: str):
    for name in names:
        order.add(key(name), 10)
    return order


def gone(order, count: int, pinned=()) -> str:
    victims = [order.evict({key(name) for name in pinned}) for _ in range(count)]
    return "".join("-" if victim is None else victim.asset for victim in victims)


def test_lru_lets_go_who_was_not_asked_for_the_longest():
    order = filled(Lru(), "abcd")
    order.touch(key("a"))
    assert gone(order, 5) == "bcda-"


def test_sieve_spares_the_wanted_where_they_stand_and_the_hand_goes_on():
    order = filled(Sieve(), "abcde")
    for name in "aad":
        order.touch(key(name))
    assert gone(order, 1) == "b", "a is spared, the hand stands behind b"
    order.touch(key("a"))
    order.add(key("f"), 10)
    assert gone(order, 3) == "cef", "the hand did not go back to a; d was spared"
    assert gone(order, 2) == "da", "round again: a was asked for since, d was not"


def test_s3_fifo_lets_one_hit_wonders_through_the_small_queue():
    order = filled(S3Fifo(), "abcdefghij")
    for name in "aacc":
        order.touch(key(name))
    assert gone(order, 2) == "bd", "a and c went on to the main queue"
    order.add(key("b"), 10)
    assert gone(order, 6) == "efghij", "b is known and went on at once; the small queue is empty now"
    order.touch(key("a"))
    assert gone(order, 3) == "cba", "once asked for, once round"


@pytest.mark.parametrize("policy", POLICIES.values())
def test_who_is_read_stays(policy):
    order = filled(policy(), "abc")
    assert sorted(gone(order, 2, pinned="b")) == ["a", "c"]
    assert gone(order, 1, pinned="b") == "-"
    assert gone(order, 1) == "b"


OPERATIONS = st.lists(
    st.tuples(st.sampled_from(["ask", "ask", "ask", "evict", "remove"]), st.integers(0, 12)), max_size=300
)


@pytest.mark.parametrize("policy", POLICIES.values())
@given(operations=OPERATIONS, pinned=st.sets(st.integers(0, 12), max_size=3))
def test_whatever_is_asked_an_order_holds_what_was_added_and_did_not_go(policy, operations, pinned):
    order, here, pins = policy(), set(), {key(number) for number in pinned}
    for what, number in operations:
        block = key(number)
        if what == "ask":
            order.touch(block) if block in here else order.add(block, 10 + number)
            here.add(block)
        elif what == "remove" and block in here:
            order.remove(block)
            here.remove(block)
        elif what == "evict":
            victim = order.evict(pins)
            assert (victim is None) == (not here - pins)
            assert victim is None or victim in here - pins
            here.discard(victim)
        listed = list(order)
        assert len(listed) == len(here)
        assert set(listed) == here


class PlainSieve:
    """As the paper draws it: one list, newest first, and a hand."""

    def __init__(self) -> None:
        self.queue: list[list] = []
        self.hand: list | None = None

    def ask(self, name: int) -> None:
        for item in self.queue:
            if item[0] == name:
                item[1] = True
                return
        self.queue.insert(0, [name, False])

    def evict(self) -> int | None:
        if not self.queue:
            return None
        at = next((index for index, item in enumerate(self.queue) if item is self.hand), -1)
        while self.queue[at][1]:
            self.queue[at][1] = False
            at -= 1
            if at < -len(self.queue):
                at = -1
        victim = self.queue[at]
        position = at % len(self.queue)
        self.hand = self.queue[position - 1] if position else None
        del self.queue[position]
        return victim[0]


@given(OPERATIONS)
def test_sieve_cut_at_the_hand_is_sieve(operations):
    order, plain = Sieve(), PlainSieve()
    for what, number in operations:
        if what == "ask":
            order.touch(key(number)) if key(number) in set(order) else order.add(key(number), 1)
            plain.ask(number)
        elif what == "evict":
            victim = order.evict(())
            assert (victim and victim.asset) == (None if (other := plain.evict()) is None else str(other))
