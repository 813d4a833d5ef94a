import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.errors import MediaError
from edge.fmp4.boxes import box, full_box, walk


def test_a_box_byte_by_byte():
    assert box(b"mdat", b"abc", b"d").hex(" ", 4) == "0000000c 6d646174 61626364"  # size, kind, payload
    assert box(b"free").hex(" ", 4) == "00000008 66726565"


def test_a_full_box_byte_by_byte():
    made = full_box(b"trun", 1, 0x000F01, b"\xaa\xbb")
    assert made.hex(" ") == "00 00 00 0e 74 72 75 6e 01 00 0f 01 aa bb"


KINDS = st.sampled_from([b"moof", b"mdat", b"free", b"uuid"])


@given(st.lists(st.tuples(KINDS, st.binary(max_size=30)), max_size=6))
def test_walking_finds_what_was_made(boxes):
    data = b"".join(box(kind, payload) for kind, payload in boxes)
    found = list(walk(data))
    assert [(one.kind, bytes(one.payload)) for one in found] == boxes
    assert b"".join(data[one.start : one.end] for one in found) == data


def test_descending_is_walking_a_payload():
    data = box(b"moof", box(b"mfhd", bytes(8)), box(b"traf", box(b"tfhd", bytes(8))))
    (moof,) = walk(data)
    assert [(inner.kind, inner.start, inner.end) for inner in walk(moof.payload)] == [
        (b"mfhd", 0, 16),
        (b"traf", 16, 40),
    ]


def test_a_size_of_64_bits():
    (found,) = walk(bytes.fromhex("00000001 6d646174 0000000000000013 616263"))
    assert (found.kind, bytes(found.payload), found.end) == (b"mdat", b"abc", 19)


def test_a_size_of_zero_goes_to_the_end():
    first, last = walk(box(b"free") + bytes.fromhex("00000000 6d646174 616263"))
    assert (last.kind, bytes(last.payload)) == (b"mdat", b"abc")
    assert (last.start, last.end) == (first.end, 19)


@pytest.mark.parametrize(
    "data",
    [
        "00",
        "00000008 6d6461",
        "00000007 6d646174",  # shorter than its header
        "00000009 6d646174",  # longer than what is there
        "ffffffff 6d646174",
        "00000001 6d646174",  # without its 64-bit size
        "00000001 6d646174 000000000000000f",  # shorter than the long header
        "00000001 6d646174 ffffffffffffffff",
        "00000008 66726565 0000",  # bytes left over
    ],
)
def test_broken_boxes_are_refused(data):
    with pytest.raises(MediaError):
        list(walk(bytes.fromhex(data)))


@given(st.binary(max_size=200))
def test_any_bytes_are_boxes_or_our_error(data):
    try:
        found = list(walk(data))
    except MediaError:
        return
    assert sum(one.end - one.start for one in found) == len(data)
