"""Parts, segments, and what happens to them: the values a segmenter gives and a window keeps."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from edge.fmp4.init_segment import InitSegment
from edge.hls.position import Position

TICKS = 90_000
"""Ticks a second of every duration in this room. 1024 samples at 48 kHz are 1920 of them, exactly."""


def rounded_seconds(ticks: int) -> int:
    """Seconds to the nearest integer, as EXTINF is compared with EXT-X-TARGETDURATION (4.4.3.1)."""
    return (ticks + TICKS // 2) // TICKS


@dataclass(frozen=True, slots=True)
class Part:
    """A Partial Segment (draft-pantos-hls-rfc8216bis 3.2): one moof and mdat, or nothing at all if `gap`.

    `duration_ticks` is 90 kHz, as declared. `body` is shared by everybody who sends it. `independent`: it
    starts with a key frame, or there is no video. `has_key_frame`: there, or further in. `frames` counts its
    pictures.
    """

    position: Position
    duration_ticks: int
    independent: bool
    body: bytes
    frames: int = 0
    gap: bool = False
    has_key_frame: bool = False


@dataclass(frozen=True, slots=True)
class SegmentHead:
    """What is told of a segment before its first part (4.4.4.9). `program_date_time` is aware, UTC."""

    msn: int
    init_index: int
    discontinuity: bool
    program_date_time: datetime


@dataclass(frozen=True, slots=True)
class Segment:
    """A complete Media Segment: its bytes are the bytes of its parts, one after the other."""

    head: SegmentHead
    parts: tuple[Part, ...]
    duration_ticks: int

    @property
    def msn(self) -> int:
        """The Media Sequence Number."""
        return self.head.msn

    @property
    def init_index(self) -> int:
        """Which init segment applies."""
        return self.head.init_index

    @property
    def discontinuity(self) -> bool:
        """Whether EXT-X-DISCONTINUITY stands before it."""
        return self.head.discontinuity

    @property
    def program_date_time(self) -> datetime:
        """When its first instant was captured."""
        return self.head.program_date_time

    @property
    def body(self) -> tuple[bytes, ...]:
        """The parts' own buffers, in order: there is no other copy."""
        return tuple(part.body for part in self.parts if not part.gap)

    @property
    def size(self) -> int:
        """Octets in `body`."""
        return sum(len(part.body) for part in self.parts)

    @property
    def gap(self) -> bool:
        """Nothing is in it: EXT-X-GAP (4.4.4.7)."""
        return all(part.gap for part in self.parts)

    @property
    def independent(self) -> bool:
        """It can be decoded from its start."""
        return self.parts[0].independent


@dataclass(frozen=True, slots=True)
class InitChanged:
    """The next segment needs this init segment, the `index`-th of the publication."""

    init: InitSegment
    index: int


@dataclass(frozen=True, slots=True)
class PartReady:
    """A part is complete. `head` is that of its segment, one object for all parts of it."""

    part: Part
    head: SegmentHead


@dataclass(frozen=True, slots=True)
class SegmentSealed:
    """The parts of the open segment, all of them already told by PartReady, are the whole of it."""

    segment: Segment


@dataclass(frozen=True, slots=True)
class TargetPromised:
    """From here on EXT-X-TARGETDURATION is this (it MUST NOT change, 6.2.1). Told once."""

    target_duration_s: int


@dataclass(frozen=True, slots=True)
class DatesCorrected:
    """Segments of these Media Sequence Numbers, which nobody has seen yet, have other dates by now."""

    dates: Mapping[int, datetime]


@dataclass(frozen=True, slots=True)
class Ended:
    """No part will follow: EXT-X-ENDLIST."""


Event = InitChanged | PartReady | SegmentSealed | TargetPromised | DatesCorrected | Ended
