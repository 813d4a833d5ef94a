"""Whether a decoder reads it as meant is judged in test_h264_still."""

import pytest

from edge.media.h264_skipped import skipped_macroblocks


@pytest.mark.parametrize(
    ("count", "octets"),
    [(1, "f0 80"), (16, "7b 40"), (920, "00 00 00 00 2c a0"), (3600, "00" * 16 + "04 9c")],
)
def test_next_to_nothing_is_to_be_said(count, octets):
    assert skipped_macroblocks(count) == bytes.fromhex(octets)


@pytest.mark.parametrize("count", range(1, 200))
def test_it_ends_with_the_stop_bit(count):
    octets = skipped_macroblocks(count)
    assert octets[-1] != 0
    assert len(octets) <= 3
