"""What is packed is what is unpacked; any other octets are told apart."""

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.errors import MediaError
from edge.fmp4.init_segment import init_segment
from edge.hls.past import Past, pack, unpack
from edge.hls.position import Position
from edge.hls.segment import InitChanged, Part, PartReady, Segment, SegmentHead, SegmentSealed, TargetPromised
from edge.media.track import Track

VIDEO = Track(
    "video", "h264", 90_000, b"\x01\x64\x00\x1f\xff\xe1\x00\x01g\x01\x00\x01h", "avc1.64001f", 64, 36
)


def segment(msn: int, init_index: int, *bodies: bytes) -> Segment:
    head = SegmentHead(msn, init_index, msn == 8, datetime(2026, 1, 2, 3, 4, msn, 5000, UTC))
    parts = tuple(
        Part(Position(msn, index), 22_500, not index, body, 7, not body, not index)
        for index, body in enumerate(bodies)
    )
    return Segment(head, parts, 22_500 * len(parts))


PAST = Past(
    prefix="0123abcd", part_target=22_500, segment_target=180_000, target_duration_s=2,
    inits={0: init_segment([VIDEO]), 1: init_segment([VIDEO, Track("audio", "aac", 48_000, b"\x11\x90", "mp4a.40.2", channels=2)])},
    segments=(segment(7, 0, b"abc", b"", b"de"), segment(8, 1, b"\n{}"), segment(9, 1, b"f", b"g")),
    first_number=40, discontinuity_sequence=2, reach=1_000_000, ends=(1_000_000, 533_300),
)  # fmt: skip


def test_there_and_back():
    assert unpack(b"".join(pack(PAST))) == PAST


def test_what_a_window_is_told():
    kinds = [type(event) for event in PAST.events()]
    assert kinds == [
        TargetPromised, InitChanged, PartReady, PartReady, PartReady, SegmentSealed,
        InitChanged, PartReady, SegmentSealed, PartReady, PartReady, SegmentSealed,
    ]  # fmt: skip
    assert (PAST.first_msn, PAST.next_msn, PAST.next_number, PAST.init_index) == (7, 10, 46, 1)


@settings(deadline=None)
@given(st.data())
def test_what_is_torn_or_altered_is_no_past_or_one_of_the_same_shape(data):
    octets = bytearray(b"".join(pack(PAST)))
    del octets[data.draw(st.integers(0, len(octets))) :]
    octets += data.draw(st.binary(max_size=9))
    for at, value in data.draw(
        st.dictionaries(st.integers(0, 4000), st.integers(0, 255), max_size=4)
    ).items():
        if at < len(octets):
            octets[at] = value
    try:
        past = unpack(bytes(octets))
    except MediaError:
        return
    assert past.next_msn - past.first_msn == len(past.segments)
    list(past.events())


@pytest.mark.parametrize(
    "octets", [b"", b"\n", b"{}\n", b"[]\n", b"null\n", b'{"form": 1}\n', b"[" * 100_000, b"x" * 100]
)
def test_other_files(octets):
    with pytest.raises(MediaError):
        unpack(octets)
