"""The media playlist: a window written down (draft-pantos-hls-rfc8216bis 4.4). Written once a part, for
everybody.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from edge.hls.front import Front
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


class Playlist:
    """A rendered playlist. Buffers are shared by all who send them. Each form is made when it is asked for,
    once.
    """

    __slots__ = ("_delta", "_delta_gzip", "_end", "_gzip", "_plain", "_recent", "_whole", "position")

    def __init__(self, position: Position, whole: Front, recent: Front, end: bytes) -> None:
        """`position`: of the newest part in it. `recent`: with the old segments skipped (4.4.5.2); `whole`
        where there are none old enough, or it has ended.
        """
        self.position = position
        self._whole, self._recent, self._end = whole, recent, end
        self._plain = self._gzip = self._delta = self._delta_gzip = b""

    @property
    def plain(self) -> bytes:
        """All of it."""
        if not self._plain:
            self._plain = self._whole.text + self._end
        return self._plain

    @property
    def delta(self) -> bytes:
        """The delta update; `plain` where there is nothing to skip."""
        if self._recent is self._whole:
            return self.plain
        if not self._delta:
            self._delta = self._recent.text + self._end
        return self._delta

    @property
    def gzip(self) -> bytes:
        """`plain`, for Content-Encoding: gzip."""
        if not self._gzip:
            self._gzip = self._whole.gzip(self._end)
        return self._gzip

    @property
    def delta_gzip(self) -> bytes:
        """`delta`, for Content-Encoding: gzip."""
        if self._recent is self._whole:
            return self.gzip
        if not self._delta_gzip:
            self._delta_gzip = self._recent.gzip(self._end)
        return self._delta_gzip


@dataclass(frozen=True, slots=True)
class Report:
    """Where another rendition is (4.4.5.4). `uri` is relative to this playlist."""

    uri: str
    last: Position


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
        self._front_key: tuple[object, ...] = ()
        self._fronts = (Front(b""), Front(b""))
        self._growing: list[str] = []
        """Of the segment that grows: its head's lines, and those of its parts."""
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
        whole, recent = self._before_growing()
        end = "".join([*self._growing_lines(), *self._end(reports)]).encode("ascii")
        return Playlist(self._window.last_part, whole, recent, end)

    def _before_growing(self) -> tuple[Front, Front]:
        """Whole, and as a delta. Made anew when a segment is sealed, or loses its parts."""
        window = self._window
        full = self._first_with_parts(window.segments)
        key = (window.media_sequence, window.last_complete, full, window.head, window.ended)
        if key != self._front_key:
            self._front_key, self._fronts = key, self._new_fronts(full)
        return self._fronts

    def _new_fronts(self, full: int) -> tuple[Front, Front]:
        segments = self._window.segments
        skipped = 0 if self._window.ended else min(self._skippable(segments), full)
        lines = [self._lines(segment)[i >= full] for i, segment in enumerate(segments)]
        for msn in [msn for msn in self._sealed if msn < self._window.media_sequence]:
            del self._sealed[msn]
        head, old, new = self._header(), "".join(lines[:skipped]), "".join(lines[skipped:])
        whole = recent = Front(f"{head}{self._map_for_first(0)}{old}{new}".encode("ascii"))
        if skipped:
            skip = f"#EXT-X-SKIP:SKIPPED-SEGMENTS={skipped}\n"
            recent = Front(f"{head}{skip}{self._map_for_first(skipped)}{new}".encode("ascii"))
        return whole, recent

    def _header(self) -> str:
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
            parts = "".join(self._grown(segment.head, segment.parts)[1:])
            gap = "#EXT-X-GAP\n" if segment.gap else ""
            tail = f"{gap}#EXTINF:{seconds(segment.duration_ticks)},\n{self.segment_uri(segment.msn)}\n"
            lines = self._sealed[segment.msn] = (head + tail, head + parts + tail)
        return lines

    def _growing_lines(self) -> list[str]:
        head = self._window.head
        return [] if head is None else self._grown(head, self._window.parts)

    def _grown(self, head: SegmentHead, parts: Sequence[Part]) -> list[str]:
        """The lines of a segment's head and of its parts so far; a part's is made once."""
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
        room -= self._window.parts_ticks
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
