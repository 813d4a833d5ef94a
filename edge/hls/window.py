"""What is listed, what is only kept, and what is gone (draft-pantos-hls-rfc8216bis 6.2.2)."""

from collections import deque
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from edge.fmp4.init_segment import InitSegment
from edge.hls.bandwidth import Bandwidth
from edge.hls.open_segment import FIRST_SEGMENTS
from edge.hls.past import Past
from edge.hls.position import Position
from edge.hls.segment import (
    TICKS,
    DatesCorrected,
    Ended,
    Event,
    InitChanged,
    Part,
    PartReady,
    Segment,
    SegmentHead,
    SegmentSealed,
    TargetPromised,
)

WHOLE_SEGMENT = 1 << 32
"""A part index that no part reaches. Position(msn, WHOLE_SEGMENT) is there when the segment is complete."""

_LEAST_SEGMENTS = 6  # HLS authoring specification 8.11
_LEAST_TARGET_DURATIONS = 3  # 6.2.2
_JUMP_S = 0.25
"""More than a corrected clock moves most dates, and more of a hole than players step over."""


class LiveWindow:
    """The listing of one rendition. `apply` is all that changes it, and each event leaves it fit to be
    rendered.

    Time here is media time: nothing is forgotten while a publisher is away.
    """

    def __init__(
        self,
        window_s: float,
        part_target_ticks: int,
        *,
        part_hold_back_s: float = 0.0,
        first_msn: int = 0,
        discontinuity_sequence: int = 0,
    ) -> None:
        """`part_hold_back_s` is raised to three part targets where it is less (B.1; AUTH 14.3)."""
        self.part_target_ticks = part_target_ticks
        self.part_hold_back_ticks = max(3 * part_target_ticks, round(part_hold_back_s * TICKS))
        self.segments: deque[Segment] = deque()
        """Complete and listed."""
        self.head: SegmentHead | None = None
        """Of the segment that grows; None: there is none, `next_position` begins one."""
        self.parts: list[Part] = []
        """Of the segment that grows."""
        self.parts_ticks = 0
        """How long they are."""
        self.init_index = -1
        """The newest init segment, which applies to the next part."""
        self.discontinuity_sequence = discontinuity_sequence
        self.ended = False
        self.bandwidth = Bandwidth()
        self._window_ticks = round(window_s * TICKS)
        self._first_msn = first_msn
        self.next_position = Position(first_msn, 0)
        """Of the part that is to come, which the playlist hints at."""
        self.next_number = 0
        """Of the part that is to come. Parts are numbered through all segments, and named by their numbers: a
        hint is right also where a key frame makes the hinted part the first of the next segment.
        """
        self.last_part = Position(first_msn, -1)
        """Of the newest part that is listed; its index is -1 before the first."""
        self.first_playable = Position(first_msn + FIRST_SEGMENTS - 1, WHOLE_SEGMENT)
        """What to wait for before the first answer."""
        self._target_duration_s: int | None = None
        self._listed_ticks = 0
        self._longest_ticks = 0
        self._clock_ticks = 0
        self._by_msn: dict[int, Segment] = {}
        self._positions: dict[int, Position] = {}
        self._first_numbers: dict[int, int] = {}
        self._jumps: deque[int] = deque()
        self._kept: deque[tuple[int, Segment]] = deque()
        self._inits: dict[int, InitSegment] = {}

    @property
    def media_sequence(self) -> int:
        """The MSN of the first listed segment (4.4.3.2)."""
        return self.segments[0].msn if self.segments else self.next_position.msn

    @property
    def discontinuities(self) -> int:
        """How many there were so far, gone or listed."""
        listed = sum(segment.discontinuity for segment in self.segments)
        return self.discontinuity_sequence + listed + (self.head is not None and self.head.discontinuity)

    @property
    def last_complete(self) -> int:
        """The MSN of the newest complete segment; one less than the first one's before that."""
        return self.next_position.msn - 1

    @property
    def target_duration_s(self) -> int:
        """EXT-X-TARGETDURATION. Promised before the window is playable, and never changed (6.2.1)."""
        assert self._target_duration_s is not None, "nothing was promised yet"
        return self._target_duration_s

    @property
    def is_playable(self) -> bool:
        """Every player plays what is listed: three complete segments, or all there ever will be."""
        if self._target_duration_s is None:
            return False
        return self.next_position.msn - self._first_msn >= FIRST_SEGMENTS or (
            self.ended and bool(self.segments)
        )

    @property
    def init(self) -> InitSegment | None:
        """The newest one."""
        return self._inits.get(self.init_index)

    def has(self, position: Position) -> bool:
        """Whether this or a later position is listed: what a blocked request waits for (6.2.5.2).

        A part index that its complete segment did not reach waits for the next segment's first part.
        """
        if self.ended:
            return True
        if position.part == WHOLE_SEGMENT:
            return self.next_position.msn > position.msn
        return self.last_part >= position

    def part(self, position: Position) -> Part | None:
        """A listed or kept part. A gap has no body: 404."""
        if position.msn == self.next_position.msn:
            parts: list[Part] | tuple[Part, ...] = self.parts
        else:
            segment = self._by_msn.get(position.msn)
            parts = segment.parts if segment else ()
        return parts[position.part] if 0 <= position.part < len(parts) else None

    def segment(self, msn: int) -> Segment | None:
        """A complete segment, listed or kept."""
        return self._by_msn.get(msn)

    def init_segment(self, index: int) -> InitSegment | None:
        """An init segment that a listed, kept or coming part needs."""
        return self._inits.get(index)

    def position_of(self, number: int) -> Position | None:
        """Where the part of this number is; None for one that is to come, or gone."""
        return self._positions.get(number)

    def number_of(self, position: Position) -> int:
        """The number of a part that is listed or kept."""
        return self._first_numbers[position.msn] + position.part

    def hints(self, number: int) -> bool:
        """Whether the part is promised by the preload hint: its request is held, not refused (6.2.6)."""
        return number == self.next_number and not self.ended

    def resume(self, past: Past) -> None:
        """Be as another window was, instead of empty."""
        # How long its list was once is not told: as long as it can have been.
        longest = max(segment.duration_ticks for segment in past.segments)
        self._longest_ticks = max(self._window_ticks, self._least_ticks(past.target_duration_s)) + longest
        self._first_msn = past.first_msn
        self.first_playable = Position(past.first_msn + FIRST_SEGMENTS - 1, WHOLE_SEGMENT)
        self.next_position = Position(past.first_msn, 0)
        self.next_number = past.first_number
        self.discontinuity_sequence = past.discontinuity_sequence
        for event in past.events():
            self.apply(event)

    def past(self, prefix: str, segment_target_ticks: int, reach: tuple[int, tuple[int, ...]]) -> Past | None:
        """All of it, for `resume`; None while a segment is open or before the target duration is promised.

        `reach`: Segmenter.reach.
        """
        if self.head is not None or self._target_duration_s is None or not self.segments:
            return None
        segments = (*(segment for _, segment in self._kept), *self.segments)
        return Past(
            prefix=prefix,
            part_target=self.part_target_ticks,
            segment_target=segment_target_ticks,
            target_duration_s=self._target_duration_s,
            inits=dict(self._inits),
            segments=segments,
            first_number=self._first_numbers[segments[0].msn],
            discontinuity_sequence=self.discontinuity_sequence
            - sum(segment.discontinuity for _, segment in self._kept),
            reach=reach[0],
            ends=reach[1],
        )

    def apply(self, event: Event) -> None:
        """Take what the segmenter told, in its order."""
        match event:
            case PartReady(part, head):
                self._add(part, head)
            case SegmentSealed(segment):
                self._seal(segment)
            case InitChanged(init, index):
                self._inits[index] = init
                self.init_index = index
            case TargetPromised(seconds):
                self._target_duration_s = seconds
            case DatesCorrected(dates):
                self._date_anew(dates)
            case Ended():
                self.ended = True

    def _add(self, part: Part, head: SegmentHead) -> None:
        assert part.position == self.next_position
        self.head = head
        self.parts.append(part)
        self.parts_ticks += part.duration_ticks
        self._first_numbers.setdefault(head.msn, self.next_number)
        self._positions[self.next_number] = part.position
        self.next_number += 1
        self.last_part = part.position
        self.next_position = Position(part.position.msn, part.position.part + 1)
        self._clock_ticks += part.duration_ticks

    def _seal(self, segment: Segment) -> None:
        assert segment.msn == self.next_position.msn
        if self.segments and _jumps(self.segments[-1], segment):
            self._jumps.append(segment.msn)
        self.segments.append(segment)
        self._by_msn[segment.msn] = segment
        self.bandwidth.add(segment.duration_ticks, segment.size, self._target_duration_s)
        self._listed_ticks += segment.duration_ticks
        self._longest_ticks = max(self._longest_ticks, self._listed_ticks)
        self.head = None
        self.parts = []
        self.parts_ticks = 0
        self.next_position = Position(segment.msn + 1, 0)
        self._remove()

    def _date_anew(self, dates: Mapping[int, datetime]) -> None:
        for segment in [one for one in self.segments if one.msn in dates]:
            head = replace(segment.head, program_date_time=dates[segment.msn])
            dated = self._by_msn[segment.msn] = replace(segment, head=head)
            self.segments[self.segments.index(segment)] = dated

    def _remove(self) -> None:
        """6.2.2: in order, never below three target durations; a removed segment stays available for its
        own and the longest playlist's duration, its parts with it.
        """
        if self._target_duration_s is None:
            return
        least = self._least_ticks(self._target_duration_s)
        self._shorten(self.next_position.msn - _LEAST_SEGMENTS, max(self._window_ticks, least))
        self._shorten(self._after_jumps(), least)
        while self._kept and self._kept[0][0] <= self._clock_ticks:
            self._forget(self._kept.popleft()[1])
        self._forget_inits()

    @staticmethod
    def _least_ticks(target_duration_s: int) -> int:
        return _LEAST_TARGET_DURATIONS * target_duration_s * TICKS

    def _after_jumps(self) -> int:
        """The first segment to list, so that dates do not jump in the first half of the list.

        hls.js 1.7 compares the date of the first segment with that of the middle one until it has seen the
        list move on, and takes a jump between them for a hole in the media: its picture stands. A source that
        is back within a stream's first ten seconds has fewer than six segments listed, as at its beginning.
        """
        first = self.media_sequence
        while self._jumps and self._jumps[0] <= first:
            self._jumps.popleft()
        for jump in self._jumps:
            if jump - first <= self.next_position.msn - jump + 1:  # the one that grows counts for it
                first = jump
        return first

    def _shorten(self, first: int, least_ticks: int) -> None:
        while self.media_sequence < first:
            oldest = self.segments[0]
            if self._listed_ticks - oldest.duration_ticks < least_ticks:
                break
            self.segments.popleft()
            self._listed_ticks -= oldest.duration_ticks
            self.discontinuity_sequence += oldest.discontinuity
            stays = oldest.duration_ticks + self._longest_ticks
            self._kept.append((self._clock_ticks + stays, oldest))

    def _forget(self, segment: Segment) -> None:
        del self._by_msn[segment.msn]
        first = self._first_numbers.pop(segment.msn)
        for number in range(first, first + len(segment.parts)):
            del self._positions[number]

    def _forget_inits(self) -> None:
        oldest = self._kept[0][1] if self._kept else self.segments[0]
        for index in [index for index in self._inits if index < oldest.init_index]:
            del self._inits[index]


def _jumps(before: Segment, after: Segment) -> bool:
    """Whether the date does not follow from the one before, and no discontinuity says so."""
    ends = before.program_date_time + timedelta(seconds=before.duration_ticks / TICKS)
    return not after.discontinuity and abs((after.program_date_time - ends).total_seconds()) > _JUMP_S
