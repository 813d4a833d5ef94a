"""A track: what a decoder must know before the first sample."""

from dataclasses import dataclass
from typing import Literal

Kind = Literal["video", "audio"]
Codec = Literal["h264", "aac", "opus"]

VIDEO_TIMESCALE = 90_000
AUDIO_TIMESCALE = 48_000


@dataclass(frozen=True, slots=True)
class Track:
    """One elementary stream. Equal tracks share an init segment, so nothing measured belongs here.

    `config` is the payload of the codec's configuration box: avcC (ISO 14496-15 5.3.3.1) for h264,
    the AudioSpecificConfig (ISO 14496-3 1.6.2.1) for aac, dOps (Opus in ISOBMFF 4.3.2) for opus.
    `codec_string` is the RFC 6381 name. `timescale` is ticks a second of this track's samples.
    """

    kind: Kind
    codec: Codec
    timescale: int
    config: bytes
    codec_string: str
    width: int = 0
    height: int = 0
    channels: int = 0
