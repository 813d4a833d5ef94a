"""The framing of Opus packets."""

from contextlib import suppress

from edge.errors import MediaError
from edge.media import opus

SEEDS = [
    opus.SILENCE,
    b"\xf8",
    bytes.fromhex("fd0102"),
    bytes.fromhex("fefc01") + bytes(256),
    bytes.fromhex("ff8301 02aabbbbcc"),
    bytes.fromhex("ff4302 0102030000"),
    bytes.fromhex("ff41ff01aa") + bytes(255),
    bytes.fromhex("8330") + bytes(48),
]


def target(data: bytes) -> None:
    with suppress(MediaError):
        samples = opus.packet_duration(data)
        assert 120 <= samples <= 5760
    with suppress(MediaError):
        opus.is_stereo(data)
