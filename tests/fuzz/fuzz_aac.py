"""The AudioSpecificConfig."""

from contextlib import suppress

from edge.errors import MediaError
from edge.fmp4.init_segment import init_segment
from edge.fmp4.inspect import parse_init
from edge.media.aac import aac_track, audio_specific_config

SEEDS = [
    audio_specific_config(),
    audio_specific_config(8_000, 1),
    bytes.fromhex("119056e500"),
    bytes.fromhex("2b920800"),
    bytes.fromhex("17805dc0 1000"),
]


def target(data: bytes) -> None:
    with suppress(MediaError):
        track = aac_track(data)
        (parsed,) = parse_init(init_segment([track]).body)
        assert (parsed.codec, parsed.timescale) == (track.codec_string, track.timescale)
