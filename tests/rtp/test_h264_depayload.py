import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.rtp.h264_depayload import LARGEST_UNIT, H264Depayloader
from edge.rtp.packet import RtpPacket
from tests.rtp.publisher import PPS, SPS, fu_a, payloads, stap_a

IDR = b"\x65" + bytes(range(40))
SLICE = b"\x41" + bytes(range(40, 80))
SEI = b"\x06\x05\x01\x00\x80"


class Feed:
    def __init__(self) -> None:
        self.depayloader = H264Depayloader()
        self.index = 0
        self.units = []

    def __call__(
        self, payload: bytes, timestamp: int = 0, *, marker: bool = False, ssrc: int = 1, skip: int = 0
    ) -> list:
        self.index += skip
        packet = RtpPacket(
            96, marker, self.index & 0xFFFF, timestamp & 0xFFFF_FFFF, ssrc, payload, arrival=self.index / 10
        )
        packet.index = self.index
        self.index += 1
        out = list(self.depayloader.push([packet]))
        self.units += out
        return out

    def key(self, timestamp: int = 0, **more: int) -> list:
        return self(stap_a(SPS, PPS, IDR), timestamp, marker=True, **more)


def test_single_nal_units_aggregates_and_fragments_make_one_unit() -> None:
    feed = Feed()
    assert feed(stap_a(SPS, PPS), 3000) == []
    assert feed(SEI, 3000) == []
    pieces = fu_a(IDR, 15)
    assert len(pieces) == 3
    for piece in pieces:
        assert feed(piece, 3000) == []
    (unit,) = feed(b"\x65rest", 3000, marker=True)
    assert unit.nals == (SPS, PPS, SEI, IDR, b"\x65rest")
    assert (unit.kind, unit.rtp_time, unit.key, unit.damaged) == ("video", 3000, True, False)
    assert unit.arrival == 0.5


def test_without_a_marker_the_next_timestamp_ends_a_unit() -> None:
    feed = Feed()
    feed.key()
    assert feed(SLICE, 3000) == []
    (unit,) = feed(SLICE + b"2", 6000)
    assert (unit.rtp_time, unit.nals) == (3000, (SLICE,))
    first, second = feed(SLICE + b"3", 9000, marker=True)
    assert (first.rtp_time, second.rtp_time) == (6000, 9000)


def test_the_timestamp_wraps_and_b_frames_go_back() -> None:
    feed = Feed()
    feed.key(0xFFFF_F000)
    for timestamp in (0xFFFF_F000 + 9000, 0xFFFF_F000 + 3000, 0xFFFF_F000 + 6000):
        feed(SLICE, timestamp, marker=True)
    start = feed.units[0].rtp_time
    assert [unit.rtp_time - start for unit in feed.units] == [0, 9000, 3000, 6000]


def test_parameter_sets_behind_a_marker_of_their_own_join_their_picture() -> None:
    feed = Feed()
    assert feed(SPS, 0, marker=True) == []
    assert feed(PPS, 0, marker=True) == []
    (unit,) = feed(IDR, 0, marker=True)
    assert unit.nals == (SPS, PPS, IDR)
    assert not unit.damaged


def test_padding_counts_but_is_not_fed() -> None:
    feed = Feed()
    feed.key()
    feed(b"", 0)
    feed(SLICE, 3000)
    feed(b"", 3000)
    (unit,) = feed(SLICE, 3000, marker=True)
    assert unit.nals == (SLICE, SLICE)
    assert not unit.damaged


def test_arrival_is_that_of_the_last_packet_to_come() -> None:
    feed = Feed()
    late = RtpPacket(96, False, 0, 0, 1, stap_a(SPS, PPS), arrival=5.0)
    late.index = 0
    feed.depayloader.push([late])
    feed.index = 1
    (unit,) = feed(IDR, 0, marker=True)
    assert unit.arrival == 5.0


@pytest.mark.parametrize("lost", range(4))
def test_a_unit_with_a_hole_anywhere_is_damaged_until_the_next_key_frame(lost: int) -> None:
    feed = Feed()
    feed.key()
    bodies = fu_a(SLICE, 10)
    assert len(bodies) == 4
    for number, body in enumerate(bodies):
        if number == lost:
            feed.index += 1
        else:
            feed(body, 3000, marker=number == len(bodies) - 1)
    feed(SLICE, 6000, marker=True)
    assert [(unit.rtp_time, unit.damaged) for unit in feed.units] == [(0, False), (6000, True)]
    assert feed.depayloader.broken
    feed.key(9000)
    assert feed.units[-1].damaged is False
    feed(SLICE, 12_000, marker=True)
    assert feed.units[-1].damaged is False


def test_a_lost_picture_damages_those_that_build_on_it() -> None:
    feed = Feed()
    feed.key()
    (unit,) = feed(SLICE, 6000, marker=True, skip=1)
    assert unit.damaged


def test_a_key_frame_right_behind_a_hole_counts_only_if_its_beginning_is_seen() -> None:
    feed = Feed()
    feed.key()
    (unit,) = feed.key(3000, skip=2)
    assert not unit.damaged
    (unit,) = feed(IDR, 6000, marker=True, skip=1)
    assert unit.key
    assert unit.damaged, "other slices of it, or new parameter sets, may be what was lost"


@pytest.mark.parametrize(
    ("first", "whole"),
    [
        (stap_a(SEI, SPS, PPS), True),
        (stap_a(SEI, SEI, SPS, PPS), True),
        (stap_a(SEI, PPS), False),
        (stap_a(SEI), False),
        (SEI, False),
    ],
)
def test_sei_ahead_of_an_sps_misses_nothing(first: bytes, whole: bool) -> None:
    """As FFmpeg makes it of x264 in a file; of a file no other key frame can be asked for."""
    feed = Feed()
    feed(first, 0)
    (unit,) = feed(IDR, 0, marker=True)
    assert unit.damaged is not whole


def test_a_damaged_unit_keeps_its_whole_nal_units_and_vanishes_without_a_slice() -> None:
    feed = Feed()
    feed.key()
    feed(SLICE, 3000)
    (unit,) = feed(SLICE + b"2", 3000, marker=True, skip=1)
    assert unit.nals == (SLICE, SLICE + b"2")
    assert unit.damaged
    feed(fu_a(SLICE, 20)[0], 6000)
    assert feed(b"", 6000, marker=True, skip=1) == []
    (unit,) = feed(SLICE, 9000, marker=True)
    assert unit.nals == (SLICE,)


def test_a_fragment_without_its_start_or_end() -> None:
    start, middle, end = fu_a(SLICE, 20)[0], fu_a(SLICE, 10)[1], fu_a(SLICE, 20)[-1]
    for bad in ([end], [middle], [start], [start, SLICE], [start, start, end]):
        feed = Feed()
        feed.key()
        for body in bad:
            feed(body, 3000)
        feed(SLICE, 6000, marker=True)
        assert feed.units[-1].damaged, bad


@pytest.mark.parametrize(
    "payload",
    [
        b"\x00abc",  # type 0
        b"\x5e",  # type 30
        b"\x79abc",  # STAP-B
        b"\x7dabc",  # FU-B
        b"\x7c\x85",  # FU-A without a byte
        b"\x7c\xc0x",  # FU-A of type 0
        b"\x78\x00\x00",  # STAP-A with a NAL unit of no bytes
        b"\x78\x00\x09abc",
        b"\x78\x00\x01\x41\x00",
        b"\x78\x00\x02\x78\x00",  # an aggregate in an aggregate
    ],
)
def test_malformed_payloads_are_counted_and_damage(payload: bytes) -> None:
    feed = Feed()
    feed.key()
    feed(payload, 3000)
    feed(SLICE, 3000, marker=True)
    assert feed.depayloader.malformed == 1
    assert feed.units[-1].damaged


def test_a_unit_that_is_too_large_is_dropped_and_memory_is_given_back() -> None:
    feed = Feed()
    feed.key()
    piece = bytes(60_000)
    feed(b"\x7c\x81" + piece, 3000)
    for _ in range(LARGEST_UNIT // 60_000 + 10):
        feed(b"\x7c\x01" + piece, 3000)
        assert sum(map(len, feed.depayloader._fragments)) <= LARGEST_UNIT
    feed(b"\x7c\x41" + piece, 3000)
    for _ in range(3):
        feed(SLICE, 3000)
    assert feed(SLICE, 3000, marker=True) == []
    assert feed.depayloader._nals == []
    feed.key(6000)
    assert not feed.units[-1].damaged


def test_many_tiny_nal_units_are_bounded_too() -> None:
    feed = Feed()
    body = stap_a(*[b"\x41"] * 400)
    for _ in range(400):
        feed(body, 3000)
    assert len(feed.depayloader._nals) <= LARGEST_UNIT // 64
    assert feed(SLICE, 3000, marker=True) == []


def test_another_ssrc_begins_anew() -> None:
    feed = Feed()
    feed.key(90_000)
    feed(fu_a(SLICE, 20)[0], 93_000)
    (unit,) = feed.key(0xFFFF_FFFF, ssrc=2, skip=5)
    assert (unit.ssrc, unit.rtp_time, unit.damaged) == (2, 0xFFFF_FFFF, False)
    assert unit.nals == (SPS, PPS, IDR)


def test_a_key_frame_is_coming_from_its_parameter_sets_on_until_a_hole() -> None:
    feed = Feed()
    for body in (stap_a(SPS, PPS), fu_a(IDR, 20)[0]):
        feed(body, 0)
        assert feed.depayloader.key_coming
    feed(fu_a(IDR, 20)[-1], 0, skip=1)
    assert not feed.depayloader.key_coming
    feed = Feed()
    feed(fu_a(SLICE, 20)[0], 0)
    assert not feed.depayloader.key_coming


def test_recovery_points_count_when_they_are_taken() -> None:
    recovery = bytes.fromhex("0606018080")
    for taken in (False, True):
        feed = Feed()
        feed.depayloader.take_recovery_points = taken
        (unit,) = feed(stap_a(SPS, PPS, recovery, SLICE), 0, marker=True)
        assert unit.key is taken
        assert unit.damaged is not taken


@given(
    st.lists(st.lists(st.binary(min_size=1, max_size=90), min_size=1, max_size=3), min_size=1, max_size=8),
    st.integers(5, 60),
    st.booleans(),
)
def test_whatever_is_packed_is_unpacked(pictures, size, aggregate) -> None:
    feed = Feed()
    expected = []
    for number, slices in enumerate(pictures):
        head = b"\x41" if number else b"\x65"
        nals = ([] if number else [SPS, PPS]) + [head + body for body in slices]
        expected.append(tuple(nals))
        bodies = payloads(nals, size, aggregate=aggregate)
        for at, body in enumerate(bodies):
            feed(body, number * 3000, marker=at == len(bodies) - 1)
    assert [unit.nals for unit in feed.units] == expected
    assert not any(unit.damaged for unit in feed.units)
