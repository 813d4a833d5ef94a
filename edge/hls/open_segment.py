"""The segment that grows: it turns runs of samples into parts, and parts into a segment that keeps its
promises.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from edge.fmp4.fragment import Run, fragment
from edge.fmp4.init_segment import init_segment
from edge.hls.part_durations import FIRST_LONGER_TICKS
from edge.hls.past import Past
from edge.hls.position import Position
from edge.hls.segment import (
    TICKS,
    DatesCorrected,
    Event,
    InitChanged,
    Part,
    PartReady,
    Segment,
    SegmentHead,
    SegmentSealed,
    TargetPromised,
    rounded_seconds,
)
from edge.media.track import Track

FIRST_SEGMENTS = 3
"""Shaka and Chromium's own HLS play nothing below three complete segments: until then segments are short."""

FIRST_OF_SOUND = 45 * TICKS // 100
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_UNPROMISED_LIMIT = 6 * TICKS
_ROUNDING = TICKS // 2 - TICKS // 1000
_WORTH_MOVING = timedelta(milliseconds=100)
"""Dates that are listed already are believed until they are so wrong. Shaka 5.2 places a segment by its date
where that is a millisecond or more off the durations, and may then drop pictures up to the next key frame.
"""

_MOST_BACK = timedelta(milliseconds=400)
"""Dates of neighbours may overlap by less than a second (6.2.4): what is further back is reached in steps.
FFmpeg sends at once what it kept for a second of handshake: only later it shows when the first was captured.
"""


class OpenSegment:
    """What will be the next Media Segment. Times are ticks of our timeline (90 kHz)."""

    def __init__(
        self, part_target: int, segment_target: int, first_msn: int, start: int, *, follows: bool = False
    ) -> None:
        self._longest_part = part_target
        self._segment_target = segment_target
        self._first_msn = first_msn
        self._follows = follows
        self._longest = 0
        self._fragments = 0
        self._head: SegmentHead | None = None
        self._unseen: dict[int, tuple[int, datetime]] = {}  # by MSN: where they begin, how they are dated
        self._discontinuity = False
        self._epoch = self._true_epoch = _EPOCH
        self.msn = first_msn
        self.init_index = -1
        self.start = start
        self.part_start = start
        self.part_target = part_target - FIRST_LONGER_TICKS
        """What the next part lasts at most: the first is printed longer than it is."""
        self.parts: list[Part] = []
        self.target_duration_s: int | None = None

    @property
    def starting_up(self) -> bool:
        """Too few segments for every player: the next one should come soon."""
        return self.msn - self._first_msn < FIRST_SEGMENTS

    @property
    def undecodable(self) -> bool:
        """It began without a key frame, so the next key frame should begin a better one."""
        return bool(self.parts) and not self.parts[0].independent

    @property
    def room(self) -> int:
        """It takes no part that begins later than this after its start: it is sealed, key frame or not."""
        return self._limit() - self._longest_part

    @property
    def is_full_of_sound(self) -> bool:
        """Without pictures every part is independent, and a segment ends where the clock says."""
        wanted = FIRST_OF_SOUND if self.starting_up else self._segment_target
        return self.part_start - self.start + self._longest_part // 2 >= wanted

    def resume(self, past: Past) -> None:
        """Be the segment after the last one of another process."""
        self.msn, self.init_index = past.next_msn, past.init_index
        self.start = self.part_start = past.reach
        self.target_duration_s = past.target_duration_s
        self._first_msn = past.first_msn
        self._fragments = past.next_number

    def set_clock(self, wall_clock_zero: float, source_zero: int) -> None:
        """Wall time (Unix seconds) of the source's time 0, which is `source_zero` on our timeline."""
        self.correct_clock(wall_clock_zero, source_zero)
        self._epoch = self._true_epoch
        self._unseen.clear()

    def correct_clock(self, wall_clock_zero: float, source_zero: int) -> None:
        """The same, known better by now. Dates that are listed already are only left for much better ones."""
        self._true_epoch = _EPOCH + timedelta(seconds=wall_clock_zero - source_zero / TICKS)

    def set_tracks(self, tracks: Sequence[Track]) -> Event:
        """The next part has these tracks. Parts of others must have been sealed before."""
        self.init_index += 1
        # 4.4.4.3, 6.2.1: number, type or parameters of tracks change. Who saw nothing, sees no change.
        self._discontinuity = self._follows or self.msn > self._first_msn
        return InitChanged(init_segment(tracks), self.init_index)

    def add_part(
        self, end: int, runs: Sequence[Run], *, independent: bool, frames: int, has_key_frame: bool = False
    ) -> list[Event]:
        """Close the part that began at `part_start`. Without runs it is a gap: no part is listed that holds
        nothing.

        Where another part might not fit under the promised target duration (or six seconds, before the
        promise), the segment is sealed although no key frame has come.
        """
        duration = end - self.part_start
        assert 0 < duration <= self._longest_part
        body = b""
        if runs:
            self._fragments += 1
            body = fragment(self._fragments, runs)
        position = Position(self.msn, len(self.parts))
        part = Part(position, duration, independent, body, frames, not runs, has_key_frame)
        if self._head is None:
            self._head = self._make_head()
        self.parts.append(part)
        self.part_start, self.part_target = end, self._longest_part
        events: list[Event] = [PartReady(part, self._head)]
        if end - self.start > self.room:
            events += self.seal()
        return events

    def seal(self) -> list[Event]:
        """Complete the segment, if anything is in it; the next begins where it ends."""
        if self._head is None:
            return []
        corrected = self._date_anew() if self.msn - self._first_msn == FIRST_SEGMENTS - 1 else []
        sealed = Segment(self._head, tuple(self.parts), self.part_start - self.start)
        self._longest = max(self._longest, sealed.duration_ticks)
        self._head = None
        self._discontinuity = False
        self.parts = []
        self.start, self.part_target = self.part_start, self._longest_part - FIRST_LONGER_TICKS
        self.msn += 1
        promise = [] if self.starting_up else self.promise()
        return [*promise, *corrected, SegmentSealed(sealed)]

    def promise(self) -> list[Event]:
        """Fix EXT-X-TARGETDURATION, once: no EXTINF so far, rounded, is more (4.4.3.1)."""
        if self.target_duration_s is not None:
            return []
        self.target_duration_s = max(1, rounded_seconds(self._segment_target), rounded_seconds(self._longest))
        return [TargetPromised(self.target_duration_s)]

    def _make_head(self) -> SegmentHead:
        if self.starting_up:
            self._epoch = self._true_epoch
            self._unseen[self.msn] = self.start, self._date(self.start)
        elif abs(self._true_epoch - self._epoch) > _WORTH_MOVING:
            self._epoch = max(self._true_epoch, self._epoch - _MOST_BACK)
        return SegmentHead(self.msn, self.init_index, self._discontinuity, self._date(self.start))

    def _date(self, start: int) -> datetime:
        return self._epoch + timedelta(microseconds=start * 1_000_000 // TICKS)

    def _date_anew(self) -> list[Event]:
        """From here on segments are served: until now their dates could follow what is known of the clock."""
        assert self._head is not None
        self._epoch = self._true_epoch
        dates = {
            msn: self._date(start) for msn, (start, date) in self._unseen.items() if date != self._date(start)
        }
        self._unseen.clear()
        if self.msn in dates:
            self._head = replace(self._head, program_date_time=dates[self.msn])
        return [DatesCorrected(dates)] if dates else []

    def _limit(self) -> int:
        promised = self.target_duration_s
        if promised is None:
            return max(_UNPROMISED_LIMIT, rounded_seconds(self._segment_target) * TICKS + _ROUNDING)
        return promised * TICKS + _ROUNDING
