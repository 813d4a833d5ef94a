import pytest

from edge.media.sample import Sample


def test_a_sample_is_shown_when_it_is_decoded_unless_it_says_otherwise():
    assert Sample("video", 90_000, 3_000, True, b"\x00").composition_offset == 0


def test_samples_are_frozen_and_small():
    sample = Sample("audio", 0, 960, True, b"\xfc\xff\xfe")
    with pytest.raises(AttributeError):
        sample.dts = 1
    assert not hasattr(sample, "__dict__")
