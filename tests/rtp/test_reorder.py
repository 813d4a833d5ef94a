import itertools
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.rtp.reorder import NO_RETRANSMISSION, WINDOW, LossPolicy, Reorder
from tests.rtp.publisher import packet

POLICY = LossPolicy(allowance_s=0.008, retry_s=0.03, tries=10, deadline_s=0.3)


def push(reorder: Reorder, sequence: int, now: float = 0.0) -> list[int]:
    return [out.index for out in reorder.push(packet(sequence & 0xFFFF), now)]


def test_in_order_packets_go_straight_through() -> None:
    reorder = Reorder(POLICY)
    assert [push(reorder, sequence) for sequence in (7, 8, 9)] == [[7], [8], [9]]
    assert reorder.expire(99.0) == []
    assert reorder.nacks(99.0) == []


def test_a_late_packet_lets_the_others_go() -> None:
    reorder = Reorder(POLICY)
    push(reorder, 1)
    assert push(reorder, 3) == []
    assert push(reorder, 4) == []
    assert push(reorder, 2) == [2, 3, 4]
    assert push(reorder, 5) == [5]
    assert (reorder.lost, reorder.recovered, reorder.discarded) == (0, 0, 0)


def test_the_sequence_number_wraps() -> None:
    reorder = Reorder(POLICY)
    push(reorder, 0xFFFE)
    assert push(reorder, 0) == []
    assert push(reorder, 0xFFFF) == [0xFFFF, 0x10000]
    assert push(reorder, 1) == [0x10001]
    assert push(reorder, 0xFFFF) == [], "late, not ahead"
    assert reorder.highest == 0x10001


def test_duplicates_are_dropped_and_counted() -> None:
    reorder = Reorder(POLICY)
    for sequence in (1, 1, 3, 3, 2, 2, 3):
        push(reorder, sequence)
    assert reorder.discarded == 4


def test_a_gap_is_asked_for_after_the_allowance() -> None:
    reorder = Reorder(POLICY)
    push(reorder, 1, 1.0)
    push(reorder, 3, 1.0)
    assert reorder.earliest_try > 1.007
    assert reorder.nacks(1.007) == []
    assert reorder.earliest_try <= 1.008
    assert reorder.nacks(1.008) == [2]


def test_a_gap_is_asked_for_at_once_when_two_overtook_it() -> None:
    reorder = Reorder(POLICY)
    push(reorder, 1, 1.0)
    push(reorder, 3, 1.0)
    push(reorder, 4, 1.001)
    assert reorder.earliest_try <= 1.001
    assert reorder.nacks(1.001) == [2]
    assert reorder.earliest_try > 1.002


def test_the_last_of_a_burst_gets_its_allowance() -> None:
    reorder = Reorder(POLICY)
    push(reorder, 0xFFFE, 1.0)
    push(reorder, 3, 1.0)
    assert reorder.nacks(1.0) == [0xFFFF, 0, 1]
    assert reorder.nacks(1.008) == [2]


def test_asking_is_repeated_on_the_round_trip_ten_times_at_most() -> None:
    reorder = Reorder(POLICY)
    push(reorder, 1, 0.0)
    push(reorder, 3, 0.0)
    asked = [tick / 1000 for tick in range(2000) if reorder.nacks(tick / 1000)]
    assert len(asked) == 10
    assert asked[0] == 0.008
    assert {round(b - a, 3) for a, b in itertools.pairwise(asked)} <= {0.03, 0.031}


def test_the_round_trip_is_measured_and_stretches_the_retries() -> None:
    reorder = Reorder(POLICY)
    push(reorder, 1, 0.0)
    push(reorder, 3, 0.0)
    reorder.nacks(0.01)
    assert push(reorder, 2, 0.11) == [2, 3]
    assert reorder.round_trip_s == pytest.approx(0.1)
    assert reorder.recovered == 1
    push(reorder, 5, 1.0)
    assert reorder.nacks(1.01) == [4]
    assert reorder.nacks(1.10) == []
    assert reorder.nacks(1.111) == [4]


def test_the_deadline_gives_up_and_the_gap_is_seen_in_the_index() -> None:
    reorder = Reorder(POLICY)
    push(reorder, 1, 1.0)
    push(reorder, 3, 1.0)
    push(reorder, 5, 1.1)
    push(reorder, 6, 1.1)
    assert reorder.expire(1.299) == []
    assert [out.index for out in reorder.expire(1.301)] == [3]
    assert [out.index for out in reorder.expire(1.41)] == [5, 6]
    assert reorder.lost == 2
    assert push(reorder, 2, 1.42) == [], "too late"
    assert reorder.discarded == 1


def test_without_retransmission_nothing_is_asked_for() -> None:
    reorder = Reorder(NO_RETRANSMISSION)
    push(reorder, 1, 1.0)
    push(reorder, 3, 1.0)
    push(reorder, 4, 1.0)
    assert reorder.earliest_try > 1.04
    assert reorder.nacks(1.04) == []
    assert [out.index for out in reorder.expire(1.06)] == [3, 4]


def test_a_retransmission_from_elsewhere_fills_gaps_only() -> None:
    reorder = Reorder(POLICY)
    assert reorder.recover(packet(2), 0.0) == [], "before anything else"
    push(reorder, 1, 0.0)
    push(reorder, 3, 0.0)
    assert reorder.recover(packet(1), 0.0) == []
    assert reorder.recover(packet(4), 0.0) == []
    assert reorder.recover(packet(40_000), 0.0) == []
    assert [out.index for out in reorder.recover(packet(2), 0.0)] == [2, 3]
    assert reorder.recover(packet(2), 0.0) == []


def test_the_window_moves_on_rather_than_grow() -> None:
    reorder = Reorder(POLICY)
    push(reorder, 0, 0.0)
    out = []
    for sequence in range(2, WINDOW + 4):
        out += push(reorder, sequence, 0.1)
    assert out[0] == 2
    assert reorder.lost == 1
    assert len(out) == WINDOW + 2


def test_one_stray_packet_is_ignored_and_two_are_a_new_beginning() -> None:
    reorder = Reorder(POLICY)
    push(reorder, 100)
    push(reorder, 102)
    assert push(reorder, 30_000) == []
    assert push(reorder, 103) == []
    assert push(reorder, 40_000) == []
    out = push(reorder, 40_001)
    assert out[:2] == [102, 103]
    assert [index & 0xFFFF for index in out[2:]] == [40_000, 40_001]
    assert out == sorted(out)
    assert reorder.restarts == 1
    assert push(reorder, 40_002) == [out[-1] + 1]


def test_a_new_beginning_behind_is_a_step_ahead_in_the_index() -> None:
    reorder = Reorder(POLICY)
    push(reorder, 30_000)
    push(reorder, 10)
    (first, second) = push(reorder, 11)
    assert (first, second) == (0x1000A, 0x1000B)


def test_a_successor_begins_behind_a_gap() -> None:
    first = Reorder(POLICY, after=500)
    assert push(first, 501) == [501 + 0x10000], "the next number would look like no gap"
    assert push(Reorder(POLICY, after=500), 502) == [502]


def test_flush_gives_what_is_held() -> None:
    reorder = Reorder(POLICY)
    assert reorder.flush() == []
    for sequence in (1, 3, 6):
        push(reorder, sequence)
    assert [out.index for out in reorder.flush()] == [3, 6]
    assert reorder.lost == 3


@settings(max_examples=150)
@given(
    seed=st.integers(0, 2**32),
    start=st.integers(0, 0xFFFF),
    spread=st.integers(1, 60),
    loss=st.sampled_from((0.0, 0.05, 0.5)),
)
def test_whatever_the_order_out_comes_everything_once_and_sorted(seed, start, spread, loss) -> None:
    rng = random.Random(seed)
    order = sorted(range(1, 300), key=lambda number: number + rng.random() * spread)
    order = [number for number in order if rng.random() >= loss]
    reorder = Reorder(POLICY)
    out = push(reorder, start)
    for at, number in enumerate(order):
        out += push(reorder, start + number, at * 0.001)
        if rng.random() < 0.1:
            push(reorder, start + number, at * 0.001)
        reorder.nacks(at * 0.001)
    out += [late.index for late in reorder.expire(9.0)]
    assert out == [start, *(start + number for number in sorted(order))]
    assert reorder.lost == max(order, default=0) - len(order)
