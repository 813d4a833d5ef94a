"""The media playlist: a window written down (draft-pantos-hls-rfc8216bis 4.4). Written once a part, for
everybody.
"""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from itertools import islice

from edge.hls.part_durations import PartDurations
from edge.hls.position import Position
from edge.hls.segment import TICKS, Part, Segment, SegmentHead
from edge.hls.window import LiveWindow

VERSION = 9
"""EXT-X-SKIP needs 9 (section 8); one number for full and delta playlists, for AVPlayer compares them."""

_PARTS_FOR = 3  # target durations from the end in which parts are listed (6.2.2)
_MORE_IN_PRINT = TICKS // 1000
"""What is exactly so far from the end in truth seems further in print, where durations are rounded up."""
_SKIP_BOUNDARY = 6  # target durations (4.4.3.8)


@dataclass(frozen=True)
class Playlist:
    """A rendered playlist. Buffers are shared by all who send them. gzip is done when it is asked for,
    once.
    """

    position: Position
    """Of the newest part in it."""
    plain: bytes
    delta: bytes
    """With the old segments skipped (4.4.5.2); `plain` where there are none old enough, or it has ended."""

    @cached_property
    def gzip(self) -> bytes:
        """`plain`, for Content-Encoding: gzip."""
        return _gzip(self.plain)

    @cached_property
    def delta_gzip(self) -> bytes:
        """`delta`, for Content-Encoding: gzip."""
        return self.gzip if self.delta is self.plain else _gzip(self.delta)


@dataclass(frozen=True, slots=True)
class Report:
    """Where another rendition is (4.4.5.4). `uri` is relative to this playlist."""

    uri: str
    last: Position


_LITTLE_MEMORY = 5
"""Of zlib's levels: it packs a playlist as well as 8, whose 256 KiB are fetched from the kernel each time."""


def _gzip(data: bytes) -> bytes:
    packer = zlib.compressobj(6, zlib.DEFLATED, 31, _LITTLE_MEMORY)
    return packer.compress(data) + packer.flush()


def seconds(ticks: int) -> str:
    """A decimal-floating-point (4.2). All durations have five decimals, so that rounding keeps their order:
    no DURATION is above PART-TARGET in print when it is not in truth.
    """
    return f"{ticks / TICKS:.5f}"


def date(moment: datetime) -> str:
    """ISO 8601 with milliseconds, UTC."""
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


class MediaPlaylist:
    """Writes one window, again and again: lines that cannot change any more are made once.

    `prefix` is the folder of the media, relative to the playlist; it is part of every URI, so a new one
    makes all addresses new, and what they name can be cached for ever.
    """

    def __init__(self, window: LiveWindow, prefix: str) -> None:
        self._window = window
        self._prefix = prefix
        self._sealed: dict[int, tuple[str, str]] = {}
        self._bare_key: tuple[int, int, int] | None = None
        self._bare = ("", "")
        self._header_key: tuple[int | None, int, int] | None = None
        self._header_lines = ""
        self._growing: list[str] = []
        self._growing_msn = -1
        self._growing_durations = self._durations()

    def init_uri(self, index: int) -> str:
        """`{prefix}/init{index}.mp4`."""
        return f"{self._prefix}/init{index}.mp4"

    def segment_uri(self, msn: int) -> str:
        """`{prefix}/{msn}.m4s`."""
        return f"{self._prefix}/{msn}.m4s"

    def part_uri(self, number: int) -> str:
        """`{prefix}/part{number}.m4s`, numbered through all segments."""
        return f"{self._prefix}/part{number}.m4s"

    def render(self, reports: Sequence[Report] = ()) -> Playlist:
        """The playlist now. `reports`: every other media playlist of the presentation (B.1).

        The window must have a target duration (it has, when it is playable).
        """
        window = self._window
        segments = window.segments
        full = self._first_with_parts(segments)
        skipped = 0 if window.ended else min(self._skippable(segments), full)
        old, recent = self._without_parts(skipped, full)
        lines = [self._lines(segments[i])[1] for i in range(full, len(segments))]
        tail = "".join([*lines, *self._growing_lines(), *self._end(reports)])
        head = self._header()
        plain = delta = f"{head}{self._map_for_first(0)}{old}{recent}{tail}".encode("ascii")
        if skipped:
            skip = f"#EXT-X-SKIP:SKIPPED-SEGMENTS={skipped}\n"
            delta = f"{head}{skip}{self._map_for_first(skipped)}{recent}{tail}".encode("ascii")
        return Playlist(window.last_part, plain, delta)

    def _header(self) -> str:
        window = self._window
        key = (window.target_duration_s, window.media_sequence, window.discontinuity_sequence)
        if key != self._header_key:
            self._header_key, self._header_lines = key, self._new_header()
        return self._header_lines

    def _new_header(self) -> str:
        window = self._window
        target = window.target_duration_s
        return (
            f"#EXTM3U\n#EXT-X-VERSION:{VERSION}\n#EXT-X-TARGETDURATION:{target}\n"
            f"#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,CAN-SKIP-UNTIL={_SKIP_BOUNDARY * target}.0,"
            f"PART-HOLD-BACK={seconds(window.part_hold_back_ticks)}\n"
            f"#EXT-X-PART-INF:PART-TARGET={seconds(window.part_target_ticks)}\n"
            f"#EXT-X-MEDIA-SEQUENCE:{window.media_sequence}\n"
            f"#EXT-X-DISCONTINUITY-SEQUENCE:{window.discontinuity_sequence}\n"
        )

    def _map(self, index: int) -> str:
        return f'#EXT-X-MAP:URI="{self.init_uri(index)}"\n'

    def _map_for_first(self, first: int) -> str:
        """The EXT-X-MAP before the first segment that is written, unless it brings its own."""
        segments = self._window.segments
        head = segments[first].head if first < len(segments) else self._window.head
        return "" if head is None or head.discontinuity else self._map(head.init_index)

    def _head_lines(self, head: SegmentHead) -> str:
        """4.4.4.9: before the first EXT-X-PART of their segment. Inits change only with a discontinuity."""
        change = f"#EXT-X-DISCONTINUITY\n{self._map(head.init_index)}" if head.discontinuity else ""
        return f"{change}#EXT-X-PROGRAM-DATE-TIME:{date(head.program_date_time)}\n"

    def _durations(self) -> PartDurations:
        return PartDurations(self._window.part_target_ticks)

    def _part_line(self, durations: PartDurations, part: Part) -> str:
        mark = (
            ",GAP=YES" if part.gap else ",INDEPENDENT=YES" if part.independent or part.has_key_frame else ""
        )
        uri = self.part_uri(self._window.number_of(part.position))
        return f'#EXT-X-PART:DURATION={durations.write(part.duration_ticks)},URI="{uri}"{mark}\n'

    def _lines(self, segment: Segment) -> tuple[str, str]:
        """A complete segment without its parts, and with them."""
        lines = self._sealed.get(segment.msn)
        if lines is None:
            head = self._head_lines(segment.head)
            durations = self._durations()
            parts = "".join(self._part_line(durations, part) for part in segment.parts)
            gap = "#EXT-X-GAP\n" if segment.gap else ""
            tail = f"{gap}#EXTINF:{seconds(segment.duration_ticks)},\n{self.segment_uri(segment.msn)}\n"
            lines = self._sealed[segment.msn] = (head + tail, head + parts + tail)
        return lines

    def _without_parts(self, skipped: int, full: int) -> tuple[str, str]:
        """The segments before `full`: those that a delta skips, and the others. Made once a segment."""
        segments = self._window.segments
        key = (self._window.media_sequence, skipped, full)
        if key != self._bare_key:
            self._bare_key = key
            bare = [self._lines(segment)[0] for segment in islice(segments, full)]
            self._bare = ("".join(bare[:skipped]), "".join(bare[skipped:]))
            for msn in [msn for msn in self._sealed if msn < key[0]]:
                del self._sealed[msn]
        return self._bare

    def _growing_lines(self) -> list[str]:
        head, parts = self._window.head, self._window.parts
        if head is None:
            return []
        if self._growing_msn != head.msn:
            self._growing_msn = head.msn
            self._growing = [self._head_lines(head)]
            self._growing_durations = self._durations()
        new = parts[len(self._growing) - 1 :]
        self._growing += [self._part_line(self._growing_durations, part) for part in new]
        return self._growing

    def _end(self, reports: Sequence[Report]) -> list[str]:
        """What is to come (4.4.5.3), and where the others are (4.4.5.4)."""
        window = self._window
        if window.ended:
            return ["#EXT-X-ENDLIST\n"]
        hint = f'#EXT-X-PRELOAD-HINT:TYPE=PART,URI="{self.part_uri(window.next_number)}"\n'
        lines = [hint]
        newest = window.head or (window.segments[-1].head if window.segments else None)
        if newest is not None and newest.init_index != window.init_index:
            lines.append(f'#EXT-X-PRELOAD-HINT:TYPE=MAP,URI="{self.init_uri(window.init_index)}"\n')
        lines += [
            f'#EXT-X-RENDITION-REPORT:URI="{report.uri}",LAST-MSN={report.last.msn},'
            f"LAST-PART={report.last.part}\n"
            for report in reports
        ]
        return lines

    def _first_with_parts(self, segments: Sequence[Segment]) -> int:
        """6.2.2: parts more than three target durations from the end SHOULD be removed. A segment keeps all
        of its own until the last one is: hls.js counts a segment's parts from the first that is listed.
        """
        room = _PARTS_FOR * self._window.target_duration_s * TICKS - _MORE_IN_PRINT
        room -= sum(part.duration_ticks for part in self._window.parts)
        first = len(segments)
        while first and room >= 0:
            first -= 1
            room -= segments[first].duration_ticks
        return first

    def _skippable(self, segments: Sequence[Segment]) -> int:
        """How many segments are further than the Skip Boundary from the end of the last complete one."""
        room = _SKIP_BOUNDARY * self._window.target_duration_s * TICKS
        first = len(segments)
        while first and room > 0:
            first -= 1
            room -= segments[first].duration_ticks
        return first
