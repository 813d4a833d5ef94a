"""Init segments and fragments of foreign servers."""

from contextlib import suppress

from edge.errors import MediaError
from edge.fmp4.boxes import box, walk
from edge.fmp4.fragment import Run, fragment
from edge.fmp4.init_segment import init_segment
from edge.fmp4.inspect import parse_fragment, parse_init
from edge.media.aac import aac_track
from edge.media.h264 import video_track
from edge.media.opus import SILENCE, opus_track
from edge.media.sample import Sample

_VIDEO = video_track(
    bytes.fromhex("6742c01eda0280bfe584000003000400000300f03c58ba80"), bytes.fromhex("68ce0fc8")
)
_RUNS = [
    Run(1, 90_000, [Sample("video", 0, 3_000, key, b"\x00\x00\x00\x01\x65") for key in (True, False)]),
    Run(2, 48_000, [Sample("audio", 0, 960, True, SILENCE, -1)] * 3),
]
_INIT = init_segment([_VIDEO, aac_track(b"\x11\x90")]).body

SEEDS = [
    _INIT,
    init_segment([opus_track()]).body,
    fragment(1, _RUNS),
    fragment(1, _RUNS[:1]) + fragment(2, _RUNS[1:]),
    _INIT + fragment(1, _RUNS),
    box(b"styp", b"msdh") + (1).to_bytes(4, "big") + b"mdat" + (20).to_bytes(8, "big") + bytes(4),
    # a traf that relies on the defaults of tfhd, its trun bare but for the number of its samples
    box(
        b"moof",
        box(b"mfhd", bytes(8)),
        box(
            b"traf",
            box(b"tfhd", bytes.fromhex("00020038 00000001 00000400 00000000 02000000")),
            box(b"tfdt", bytes(8)),
            box(b"trun", bytes.fromhex("00000000 00000010")),
        ),
    ),
]


def target(data: bytes) -> None:
    with suppress(MediaError):
        end = 0
        for found in walk(data):
            assert found.start == end
            end = found.end
        assert end == len(data)
    tracks = []
    with suppress(MediaError):
        tracks = parse_init(data)
    with suppress(MediaError):
        for run in parse_fragment(data, tracks):
            assert len(run.sizes) == len(run.durations) == len(run.sync) <= 100_000
