from dataclasses import FrozenInstanceError, replace

import pytest

from edge.media.aac import aac_track
from edge.media.opus import opus_track
from edge.media.track import AUDIO_TIMESCALE, VIDEO_TIMESCALE


def test_equal_headers_make_equal_tracks():
    """A publisher that comes back with the same camera shares the init segment, so no discontinuity is needed."""
    assert aac_track(b"\x11\x90") == aac_track(bytes([0x11, 0x90]))
    assert len({aac_track(b"\x11\x90"), aac_track(b"\x11\x90"), opus_track()}) == 2
    assert replace(opus_track(), channels=1) != opus_track()


def test_tracks_are_frozen():
    with pytest.raises(FrozenInstanceError):
        opus_track().channels = 1


def test_the_timescales_of_rtp_are_those_of_files():
    assert (VIDEO_TIMESCALE, AUDIO_TIMESCALE) == (90_000, 48_000)
