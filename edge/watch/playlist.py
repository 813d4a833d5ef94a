"""A media playlist as it was read: plain values, and what the strict reader found wrong on the way.

Sources: draft-pantos-hls-rfc8216bis-22, 4.4. Reading is in `playlist_reader`; this file holds the words.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from edge.hls.position import Position
from edge.watch.findings import Finding

PRINT_ROUNDING_S = 0.0005
"""Durations are printed with three decimals by most: half of the last digit is nobody's fault."""


@dataclass(frozen=True, slots=True)
class ByteRange:
    """`length` octets from `offset` (None: where the last range of that resource ended; or, in a hint,
    unknown length).
    """

    length: int | None
    offset: int | None


@dataclass(frozen=True, slots=True)
class MapTag:
    uri: str
    byte_range: ByteRange | None = None


@dataclass(frozen=True, slots=True)
class PartTag:
    """EXT-X-PART. `duration` is seconds."""

    uri: str
    duration: float
    independent: bool = False
    gap: bool = False
    byte_range: ByteRange | None = None


@dataclass(frozen=True, slots=True)
class SegmentTag:
    """A media segment and the tags that belong to it; the open one, of which only parts are there, has no
    `uri`.

    `date` is its own EXT-X-PROGRAM-DATE-TIME only. `map` and `key` are those in effect. `late_tags` are tags
    of the
    segment that came after its first part. `duration` is seconds, 0 while open.
    """

    msn: int
    uri: str | None
    duration: float
    parts: tuple[PartTag, ...] = ()
    discontinuity: bool = False
    map: MapTag | None = None
    key: str | None = None
    date: datetime | None = None
    gap: bool = False
    byte_range: ByteRange | None = None
    bitrate: int | None = None
    late_tags: tuple[str, ...] = ()

    @property
    def parts_duration(self) -> float:
        return sum(part.duration for part in self.parts)

    @property
    def longer_than_parts(self) -> float:
        """By how many seconds EXTINF is more than the durations of its parts; 0 where it lists none."""
        return self.duration - self.parts_duration if self.parts and self.uri else 0.0


@dataclass(frozen=True, slots=True)
class Hint:
    """EXT-X-PRELOAD-HINT. `type` is PART or MAP."""

    type: str
    uri: str
    byte_range: ByteRange | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """EXT-X-RENDITION-REPORT."""

    uri: str
    last_msn: int | None
    last_part: int | None


@dataclass(frozen=True, slots=True)
class ServerControl:
    """EXT-X-SERVER-CONTROL: seconds where numbers; `attributes` as written, for comparing."""

    can_block_reload: bool
    can_skip_until: float | None
    can_skip_dateranges: bool
    hold_back: float | None
    part_hold_back: float | None
    attributes: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Skip:
    """EXT-X-SKIP: how many segments a delta update leaves out."""

    segments: int
    removed_dateranges: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MediaPlaylist:
    """One media playlist. `segments` ends with the open one if there is one; in a delta update they start
    after `skip`.
    """

    version: int | None
    target_duration: int | None
    media_sequence: int
    discontinuity_sequence: int | None
    part_target: float | None
    control: ServerControl | None
    segments: tuple[SegmentTag, ...]
    hints: tuple[Hint, ...]
    reports: tuple[Report, ...]
    skip: Skip | None
    date_ranges: Mapping[str, Mapping[str, str]]
    ended: bool
    type: str | None
    independent_segments: bool
    iframes_only: bool
    start_offset: float | None
    faults: tuple[Finding, ...]

    @property
    def open(self) -> SegmentTag | None:
        """The segment that is not complete yet, if any of it (a part, or a tag) is listed."""
        if self.segments and self.segments[-1].uri is None:
            return self.segments[-1]
        return None

    @property
    def complete(self) -> tuple[SegmentTag, ...]:
        return self.segments[:-1] if self.open else self.segments

    @property
    def last_complete_msn(self) -> int:
        """Of the last complete segment; one less than the first number where there is none."""
        skipped = self.skip.segments if self.skip else 0
        return self.media_sequence + skipped + len(self.complete) - 1

    @property
    def next_position(self) -> Position:
        """The first part that is not listed, taking the open segment to stay open."""
        return Position(self.last_complete_msn + 1, len(self.open.parts) if self.open else 0)

    @property
    def duration(self) -> float:
        """Seconds listed, parts of the open segment with it."""
        listed = sum(segment.duration for segment in self.complete)
        return listed + (self.open.parts_duration if self.open else 0.0)

    @property
    def low_latency(self) -> bool:
        """Whether it has anything of parts."""
        return self.part_target is not None or any(segment.parts for segment in self.segments)

    def segment(self, msn: int) -> SegmentTag | None:
        """The listed segment of that number."""
        if not self.segments:
            return None
        index = msn - self.segments[0].msn
        return self.segments[index] if 0 <= index < len(self.segments) else None

    def contains(self, position: Position) -> bool:
        """Whether what a blocking request waits for is here (6.2.5.2), the roll-over of too large part
        indexes in it.
        """
        msn, part = position
        if msn > self.last_complete_msn:
            return position < self.next_position
        segment = self.segment(msn)
        if msn == self.last_complete_msn and segment is not None and 0 < len(segment.parts) <= part:
            return self.next_position > Position(msn + 1, 0)
        return True

    def hint(self, type_: str = "PART") -> Hint | None:
        """The first hint of that type."""
        return next((hint for hint in self.hints if hint.type == type_), None)
