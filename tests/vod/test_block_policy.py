"""Orders of eviction, against queues written out by hand and against models that are slow and plain."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.vod.block_policy import S3Fifo, Sieve

POLICIES = [Sieve, S3Fifo]


def filled(order, names: str):
    for name in names:
        order.add(name, 10)
    return order


def asked(order, names: str):
    for name in names:
        assert order.get(name) == 10
    return order


def gone(order, count: int, pinned: str = "") -> str:
    return "".join(victim[0] if (victim := order.evict(set(pinned))) else "-" for _ in range(count))


def test_sieve_spares_the_wanted_where_they_stand_and_the_hand_goes_on():
    order = asked(filled(Sieve(100), "abcde"), "aad")
    assert gone(order, 1) == "b", "a is spared, the hand stands behind b"
    asked(order, "a").add("f", 10)
    assert gone(order, 3) == "cef", "the hand did not go back to a; d was spared"
    assert gone(order, 2) == "da", "round again: a was asked for since, d was not"


def test_s3_fifo_lets_one_hit_wonders_through_the_small_queue():
    order = asked(filled(S3Fifo(100), "abcdefghij"), "aacc")
    assert gone(order, 2) == "bd", "a and c went on to the main queue"
    order.add("b", 10)
    assert gone(order, 6) == "efghij", "b is known and went on at once; the small queue is small now"
    asked(order, "a")
    assert gone(order, 3) == "cba", "once asked for, once round"


def test_while_the_small_queue_is_small_the_main_one_pays():
    order = asked(filled(S3Fifo(1_000), "ab"), "aabb")
    filled(order, "cdefghijkl")
    assert gone(order, 4) == "cabd", "a and b went on; then the small queue is less than a tenth"


def test_where_all_of_the_main_queue_is_read_the_small_one_pays():
    order = S3Fifo(1_000)
    for name in "abc":
        order.add(name, 10, readers=2)
    filled(order, "d")
    assert gone(order, 2, pinned="abc") == "d-"
    assert order.used == 30


def test_a_herd_is_wanted_at_once():
    order = S3Fifo(100)
    order.add("herd", 10, readers=2)
    filled(order, "abc")
    assert gone(order, 3) == "abc"
    sieve = Sieve(100)
    sieve.add("h", 10, readers=2)
    assert gone(filled(sieve, "a"), 1) == "a"


@pytest.mark.parametrize("policy", POLICIES)
def test_reading_ahead_and_going_on_are_no_second_wish(policy):
    order = filled(policy(100), "s")
    order.add("e", 10, readers=0)
    for _ in range(5):
        assert order.get("s", is_going_on=True) == 10
    asked(order, "e")
    assert gone(filled(order, "ab"), 2) == "se"


@pytest.mark.parametrize("policy", POLICIES)
def test_who_is_read_stays(policy):
    order = filled(policy(100), "abc")
    assert sorted(gone(order, 2, pinned="b")) == ["a", "c"]
    assert gone(order, 1, pinned="b") == "-"
    assert gone(order, 1) == "b"


OPERATIONS = st.lists(
    st.tuples(st.sampled_from(["ask", "ask", "ask", "evict", "remove"]), st.integers(0, 12)), max_size=300
)


@pytest.mark.parametrize("policy", POLICIES)
@given(operations=OPERATIONS, pinned=st.sets(st.integers(0, 12), max_size=3))
def test_whatever_is_asked_an_order_holds_what_was_added_and_did_not_go(policy, operations, pinned):
    order, here = policy(60), {}
    for what, number in operations:
        if what == "ask" and number in here:
            assert order.get(number, is_going_on=number % 4 == 3) == here[number]
        elif what == "ask":
            assert order.get(number) is None
            here[number] = 10 + number
            order.add(number, here[number], readers=number % 3)
        elif what == "remove":
            assert order.remove(number) == here.pop(number, None)
        else:
            victim = order.evict(pinned)
            assert (victim is None) == (not here.keys() - pinned)
            assert victim is None or (victim[0] not in pinned and here.pop(victim[0]) == victim[1])
        assert sorted(order) == sorted(here.items())
        assert (len(order), order.used) == (len(here), sum(here.values()))
        assert all(name in order for name in here)


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
    order, plain = Sieve(100), PlainSieve()
    for what, number in operations:
        if what == "ask":
            if order.get(number) is None:
                order.add(number, 1)
            plain.ask(number)
        elif what == "evict":
            assert (order.evict(()) or (None,))[0] == plain.evict()
