"""FFmpeg's decoder is the judge: what follows the key frame is the key frame, to the last sample."""

import av
import pytest
from encoded import h264
from hypothesis import given
from hypothesis import strategies as st

from edge.errors import MediaError
from edge.media.h264 import nal_type
from edge.media.h264_still import still_of


def sets_of(picture):
    sps = next(nal for nal in picture.nals if nal_type(nal) == 7)
    return sps, [nal for nal in picture.nals if nal_type(nal) == 8]


def samples(plane):
    octets = bytes(plane)
    rows = range(0, plane.height * plane.line_size, plane.line_size)
    return b"".join(octets[row : row + plane.width] for row in rows)


def decoded(access_units):
    """The pictures as planes of samples. Anything that FFmpeg complains of is an error."""
    codec = av.CodecContext.create("h264", "r")
    codec.options = {"err_detect": "explode"}
    codec.thread_count = 1
    frames = []
    for nals in access_units:
        data = b"".join(b"\0\0\0\1" + nal for nal in nals)
        frames += codec.decode(av.Packet(data))
    frames += codec.decode(None)
    assert not any(frame.is_corrupt for frame in frames)
    return [b"".join(map(samples, frame.planes)) for frame in frames]


KINDS = {
    "baseline": {"profile": "baseline"},
    "main": {"profile": "main", "extra": (("x264-params", "scenecut=0:threads=1:bframes=0:weightp=2"),)},
    "high": {"profile": "high", "extra": (("x264-params", "scenecut=0:threads=1:bframes=2"),)},
    "high without CABAC": {"profile": "high", "extra": (("x264-params", "threads=1:bframes=1:cabac=0"),)},
    "slices": {"profile": "high", "extra": (("x264-params", "threads=1:slices=4:bframes=0"),)},
    "4:4:4": {"profile": "high444", "pix_fmt": "yuv444p"},
    "no deblocking": {"profile": "main", "extra": (("x264-params", "threads=1:no-deblock=1:bframes=0"),)},
    "large": {"size": (1920, 1080), "count": 2},
    "upright": {"size": (720, 1280), "count": 2},
    "small": {"size": (16, 16), "count": 2},
}


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_changes_after_the_key_frame(kind):
    pictures = h264(**KINDS[kind])
    key = pictures[0]
    sps, pps = sets_of(key)
    still = still_of(sps, pps, key.nals)
    after = [(still.unchanged(number),) for number in range(1, 40)]
    shown = decoded([(sps, *pps, *still.key), *after])
    assert len(shown) == 40
    assert set(shown) == {shown[0]}
    assert max(len(nal) for (nal,) in after) < 80


def test_a_key_frame_again_and_again_with_pictures_between():
    """As it is sent while a camera is off: decoders take it for a stream like any other."""
    key = h264("main")[0]
    sps, pps = sets_of(key)
    still = still_of(sps, pps, key.nals)
    group = [(sps, *pps, *still.key)] + [(still.unchanged(number),) for number in range(1, 10)]
    shown = decoded(3 * group)
    assert (len(shown), len(set(shown))) == (30, 1)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [({"gop": 1}, "without references"), ({"extra": (("x264-params", "threads=1:interlaced=1"),)}, "fields")],
)
def test_pictures_that_are_not_continued(options, sentence):
    key = h264("high", **options)[0]
    with pytest.raises(MediaError, match=sentence):
        still_of(*sets_of(key), key.nals)


def test_a_picture_that_is_no_key_frame_or_refers_to_nothing():
    key, other = h264("main")[:2]
    sps, pps = sets_of(key)
    with pytest.raises(MediaError, match="no IDR picture"):
        still_of(sps, pps, other.nals)
    with pytest.raises(MediaError, match="the PPS of the IDR picture is missing"):
        still_of(sps, [], key.nals)


@given(st.binary(max_size=40), st.binary(max_size=20), st.binary(max_size=30), st.integers(1, 2**20))
def test_any_octets_give_a_picture_or_our_error(sps, pps, idr, number):
    known, sets = sets_of(h264("main")[0])
    for one in (known, b"\x67" + sps):
        for nals in (sets, [b"\x68" + pps], [sets[0][:2] + pps]):
            try:
                still = still_of(one, nals, [b"\x65" + idr])
            except MediaError:
                continue
            assert len(still.unchanged(number)) < 400
