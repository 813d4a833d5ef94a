import struct

from hypothesis import given
from hypothesis import strategies as st

from edge.vod.moov import moov_span


def box(kind, size):
    return struct.pack(">I4s", size, kind) + bytes(size - 8)


def test_in_front_it_is_told_by_its_box():
    assert moov_span(box(b"ftyp", 24) + box(b"moov", 100), 10_000) == (24, 124)


def test_behind_it_is_what_follows_the_media():
    head = box(b"ftyp", 24) + struct.pack(">I4s", 9_000, b"mdat") + bytes(500)
    assert moov_span(head, 10_000) == (9_024, 10_000)
    large = box(b"ftyp", 24) + struct.pack(">I4sQ", 1, b"mdat", 9_000) + bytes(500)
    assert moov_span(large, 10_000) == (9_024, 10_000)


def test_other_files_have_none():
    assert moov_span(b"\x1a\x45\xdf\xa3" * 40, 10_000) is None
    assert moov_span(box(b"ftyp", 24) + struct.pack(">I4s", 0, b"mdat") + bytes(500), 10_000) is None
    assert moov_span(b"", 0) is None


@given(st.binary(max_size=120), st.integers(0, 2**40))
def test_any_octets_give_a_part_of_the_file_or_none(head, size):
    found = moov_span(head, size)
    assert found is None or 0 <= found.start < found.stop <= size
