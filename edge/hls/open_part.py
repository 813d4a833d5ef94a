"""The part that grows: when it is full, and where it ends.

**On frames.** It ends with the last picture that fits, at once and without waiting for the next one, as
long as whole pictures fill 85 to 100 % of the part target (4.4.4.9 wants that of all but a segment's last).

**On the clock.** Where they do not (10 or 1 fps, a frozen camera), it declares exactly the part target and
holds what starts in it, be it audio alone. It closes when a picture at or after its end comes, or when the
clock says that none will: regular and legal at any frame rate. What a part declares it holds; where there
is no video, it may be short. Shaka 5.2 loses all up to the next key frame where a part does not begin with a
picture of its own. So the next one may begin a little early, with the next part; where it is overdue, the
last one of several is kept back for that; and the one that comes at last begins where they ended.

Audio comes later than its pictures (it is transcoded). A part takes the audio that is there and does not
wait; the rest is in the next part.
"""

from edge.hls.lane import Lane
from edge.hls.lanes import Lanes
from edge.hls.open_segment import OpenSegment
from edge.hls.segment import TICKS, Event

MOST_PENDING = 2_000
"""Samples of a track that wait; whoever sends more in the time of a part has parts out of their time."""

_MILLISECOND = TICKS // 1000


class OpenPart:
    """What will be the next part of the open segment. Times are ticks of our timeline (90 kHz).

    The segmenter owns it, and with it the lanes that fill it and the segment that it is added to.
    """

    def __init__(self, segment: OpenSegment, lanes: Lanes, longest: int, clock_allowance: int) -> None:
        """`longest`: the part target. `clock_allowance`: how late media may be before the clock closes it."""
        self.longest = longest
        # Two ticks above the 85 %, for the rounding of both numbers in the playlist.
        self.least = -(-longest * 85 // 100) + 2
        self._segment = segment
        self._lanes = lanes
        self._clock_allowance = clock_allowance
        self._declared = segment.part_start
        """Where the last one that the clock closed should have ended: one of little sound ends earlier."""

    @property
    def due(self) -> int:
        """When the clock closes it; one of little sound does not hurry the next one."""
        segment = self._segment
        return max(segment.part_start, self._declared) + segment.part_target + self._clock_allowance

    @property
    def is_silent(self) -> bool:
        """Whether the source stalls: too little came."""
        segment, lanes = self._segment, self._lanes
        return not lanes.lead.pending and lanes.stalled(segment.part_start + segment.part_target)

    def is_over(self, lane: Lane, at: int, patience: int = 0) -> bool:
        """Whether it has to close first: a sample of this lane begins at `at`, more than `patience` after its
        declared end, or too many wait already.
        """
        segment = self._segment
        is_late = at - segment.part_start > segment.part_target + patience
        return is_late or len(lane.pending) > MOST_PENDING

    def cadence(self) -> tuple[int, int]:
        """How long a part lasts at present, and a picture."""
        lead, target = self._lanes.lead, self._segment.part_target
        picture = max(1, lead.guess)
        whole = (target + lead.trim) // picture * picture
        return min(whole, self.longest) if self.least <= whole else target, picture

    def close_on_frames(self) -> list[Event]:
        """Close it with the sample of the lead that was just placed, if no other fits."""
        lead, start, target = self._lanes.lead, self._segment.part_start, self._segment.part_target
        span = lead.end_ticks - start
        if span < self.least:
            return []
        if lead.guess > target // 3 and self._lanes.are_two:
            return []  # a picture that lasts so long is far ahead of its audio: see what comes
        if not span <= target + lead.trim < span + lead.guess:
            return []
        if span > target:
            lead.lasts(lead.units(start + target))
        return self._close(start + min(span, target))

    def close_on_clock(self, next_at: int | None = None) -> list[Event]:
        """Close it at its declared end. `next_at`: when the lead's next sample begins, if known."""
        lanes, lead, start = self._lanes, self._lanes.lead, self._segment.part_start
        end = self._declared = start + self._segment.part_target
        if lead.pending:
            end = lead.close_on_clock(start, end, next_at)
        elif next_at is None and not lanes.filled(end - lanes.sound.behind(start)):
            return self._close(end, gap=True)
        events = self._close(end)
        lead.bring_back(end)
        return events

    def close_if_full(self, at: int) -> list[Event]:
        """Close it before a sample of the lead that begins at `at`, where that does not fit as well."""
        lead, segment = self._lanes.lead, self._segment
        span = at - segment.part_start
        if span < self.least or not lead.pending or span + lead.guess <= segment.part_target + lead.trim:
            return []
        return self.close_before(at)

    def close_before(self, at: int) -> list[Event]:
        """Close it right before a sample of the lead that is due at `at`."""
        lead, start = self._lanes.lead, self._segment.part_start
        most = start + self._segment.part_target
        if lead.pending:
            at = lead.close_before(at, most)
        return self._close(min(max(at, start + _MILLISECOND), most))

    def close_all(self) -> list[Event]:
        """Nothing more comes of this source: parts of all that waits."""
        lanes, segment = self._lanes.all, self._segment
        events: list[Event] = []
        reach = self._lanes.leave_together(segment.part_start, segment.part_target)
        while any(lane.pending for lane in lanes):
            span = reach - segment.part_start
            if span > segment.part_target:
                events += self.close_on_clock()
            elif segment.parts or span >= _MILLISECOND:
                events += self._close(segment.part_start + max(span, _MILLISECOND))
            else:
                for lane in lanes:  # too late for every part, and not worth a segment
                    lane.forget()
        return events

    def _close(self, end: int, *, gap: bool = False) -> list[Event]:
        """At `end`, with pictures that are here and audio that starts before; or with nothing."""
        runs, contents = self._lanes.take_runs(0 if gap else end)
        events = self._segment.add_part(end, runs, **contents)
        if self._lanes.lead.track.kind == "audio" and self._segment.is_full_of_sound:
            events += self._segment.seal()
        return events
