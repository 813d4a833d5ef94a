import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.rtp.rtcp import Other, parse_rtcp
from edge.rtp.twcc import FIRST_AFTER_S, INTERVAL_S, TwccRecorder


def read(data: bytes) -> tuple[int, int, dict[int, float]]:
    """Feedback count, status count, and arrival by sequence number; None for lost ones is left out."""
    (packet,) = parse_rtcp(data)
    assert isinstance(packet, Other)
    assert (packet.packet_type, packet.count) == (205, 15)
    base, count, numbers = struct.unpack_from("!HHI", packet.body, 8)
    statuses: list[int] = []
    at = 16
    while len(statuses) < count:
        (chunk,) = struct.unpack_from("!H", packet.body, at)
        at += 2
        if chunk < 0x8000:
            statuses += [chunk >> 13] * (chunk & 0x1FFF)
        elif chunk < 0xC000:
            statuses += [chunk >> bit & 1 for bit in range(13, -1, -1)]
        else:
            statuses += [chunk >> bit & 3 for bit in range(12, -1, -2)]
    arrivals: dict[int, float] = {}
    ticks = (numbers >> 8) * 256
    for offset, status in enumerate(statuses[:count]):
        if status:
            size = "!B" if status == 1 else "!h"
            ticks += struct.unpack_from(size, packet.body, at)[0]
            at += struct.calcsize(size)
            arrivals[(base + offset) & 0xFFFF] = ticks / 4000
    assert not any(statuses[count:])
    assert at == len(packet.body), "nothing is left over"
    return numbers & 0xFF, count, arrivals


def test_packets_in_a_row_are_one_run() -> None:
    recorder = TwccRecorder()
    for number in range(3):
        recorder.on_packets([0xFFFE + number & 0xFFFF], 0.064 + number * 0.001)
    data = recorder.build(1, 2, 0.1)
    assert data == bytes.fromhex(
        "afcd0006 00000001 00000002"  # P, FMT 15, 6 words
        "fffe 0003 000001 00"  # base, count, reference time 64 ms, feedback 0
        "2003 00 04 04"  # a run of 3 small deltas: 0, 1 ms, 1 ms
        "000003"
    )
    assert recorder.build(1, 2, 0.1) is None


def test_losses_late_packets_and_pauses() -> None:
    recorder = TwccRecorder()
    for number, when in ((10, 1.0), (11, 1.001), (14, 1.002), (13, 1.003), (15, 1.2), (15, 1.3)):
        recorder.on_packets([number], when)
    _, count, arrivals = read(recorder.build(1, 2, 1.3))
    assert count == 6
    expected = {10: 1.0, 11: 1.001, 13: 1.003, 14: 1.002, 15: 1.2}
    assert list(arrivals) == list(expected)
    assert list(arrivals.values()) == pytest.approx(list(expected.values()), abs=0.000_26)


def test_what_is_lost_between_two_feedbacks_is_told_lost() -> None:
    recorder = TwccRecorder()
    recorder.on_packets([1], 1.0)
    assert read(recorder.build(1, 2, 1.0))[:2] == (0, 1)
    recorder.on_packets([4], 1.1)
    number, count, arrivals = read(recorder.build(1, 2, 1.1))
    assert (number, count, list(arrivals)) == (1, 3, [4])
    recorder.on_packets([3], 1.2)  # too late: it was told lost
    assert recorder.build(1, 2, 1.2) is None


def test_when_it_is_due() -> None:
    recorder = TwccRecorder()
    assert not recorder.due(5.0)
    recorder.on_packets([1], 5.0)
    assert not recorder.due(5.0 + FIRST_AFTER_S - 0.001)
    assert recorder.due(5.0 + FIRST_AFTER_S)
    recorder.build(1, 2, 5.05)
    recorder.on_packets([2], 5.06)
    assert not recorder.due(5.05 + INTERVAL_S - 0.001)
    assert recorder.due(5.05 + INTERVAL_S)
    for number in range(3, 400):
        recorder.on_packets([number], 5.07)
    assert recorder.due(5.07), "before it does not fit a datagram"


def test_another_counter_begins_anew() -> None:
    recorder = TwccRecorder()
    recorder.on_packets([1], 1.0)
    recorder.on_packets([30_000], 1.01)
    recorder.on_packets([30_001], 1.02)
    assert list(read(recorder.build(1, 2, 1.02))[2]) == [30_000, 30_001]


def test_what_nobody_fetches_is_bounded() -> None:
    recorder = TwccRecorder()
    for number in range(20_000):
        recorder.on_packets([number & 0xFFFF], number * 0.0001)
    built = 0
    last = 0
    while (data := recorder.build(1, 2, 2.0)) is not None:
        built += 1
        assert len(data) < 1200
        last = max(read(data)[2])
    assert built < 20
    assert last == 19_999


@settings(max_examples=200)
@given(
    start=st.integers(0, 0xFFFF),
    steps=st.lists(st.tuples(st.integers(1, 60), st.floats(0, 0.5)), min_size=1, max_size=120),
    swaps=st.lists(st.integers(0, 118), max_size=10),
    polls=st.sets(st.integers(0, 120), max_size=4),
    pause=st.sampled_from((0.0, 9.0, 20.0)),
)
def test_feedback_tells_every_arrival_once_and_in_time(start, steps, swaps, polls, pause) -> None:
    now = 100.0
    sequence = start
    packets = []
    for step, wait in steps:
        sequence += step
        now += wait if len(packets) != 50 else pause
        packets.append(sequence)
    for at in swaps:
        if at + 1 < len(packets):
            packets[at], packets[at + 1] = packets[at + 1], packets[at]
    recorder = TwccRecorder()
    came: dict[int, float] = {}
    told: dict[int, float] = {}
    now = 100.0
    highest = covered = -1
    for number, (sequence, (_, wait)) in enumerate(zip(packets, steps, strict=True)):
        now += wait if number != 50 else pause
        if sequence > covered:
            came[sequence & 0xFFFF] = now
        recorder.on_packets([sequence & 0xFFFF], now)
        highest = max(highest, sequence)
        if number in polls or number == len(packets) - 1:
            covered = highest
            while (data := recorder.build(1, 2, now)) is not None:
                arrivals = read(data)[2]
                assert not told.keys() & arrivals.keys()
                told |= arrivals
    assert told.keys() == came.keys()
    for sequence, when in told.items():
        assert when == pytest.approx(came[sequence], abs=0.000_26)


@given(st.lists(st.lists(st.integers(0, 4), min_size=1, max_size=12), min_size=1, max_size=12))
def test_packets_that_came_together_are_told_as_one_by_one(batches: list[list[int]]) -> None:
    """Steps of 1 follow each other; others lost, repeat or overtake some."""
    single, many = TwccRecorder(), TwccRecorder()
    number, now = 0xFFF0, 1.0
    for steps in batches:
        numbers = []
        for step in steps:
            number += step if step < 4 else 1
            numbers.append(number & 0xFFFF)
        now += 0.03
        many.on_packets(numbers, now)
        for one in numbers:
            single.on_packets([one], now)
        assert many.due(now) == single.due(now)
        if many.due(now):
            assert many.build(1, 2, now) == single.build(1, 2, now)
