"""One track's way through the segmenter: where its samples fall on our timeline, and how long they last.

A source guesses durations, and its timestamps jitter, pause and jump. A file knows no guesses: a sample
starts where the one before ended. While a sample waits for its part to close, its duration is still ours to
correct, so it is made to end where the next begins. Once its part is out, the next one must begin at its
`end`, whatever its own time says, because players punish a hole: past twice the last duration, Media Source
Extensions (Coded Frame Processing) drops *all tracks* until the next random access point.
"""

from collections import deque

from edge.hls.segment import TICKS
from edge.media.sample import Sample
from edge.media.track import Track

FREEZE_S = 3
"""After a longer pause something is taken for lost, unless the sample before waits and is lengthened."""

FORWARD_S = 10
"""A timestamp further ahead than this of where it should be is a jump of the source's clock, which stays. A
pause is none. One that is behind is late, and finds pictures of ours in its place, or silence: that is walked
off. The source's times are of one clock, and none of its tracks moves against the others for good."""


class Placed:
    """A sample with its dts and duration on our timeline, ticks of its track: final once it is taken."""

    __slots__ = ("composition_offset", "data", "dts", "duration", "is_sync")

    def __init__(self, dts: int, duration: int, sample: Sample) -> None:
        self.dts = dts
        self.duration = duration
        _, _, _, self.is_sync, self.data, self.composition_offset = sample


class Lane:
    """A track's samples that are not in a part yet. All times are ticks of the track's timescale."""

    def __init__(self, track: Track, track_id: int) -> None:
        self.track = track
        self.track_id = track_id
        self.end: int | None = None
        """Where the last placed sample ends, as far as is known."""
        self.broken = False
        """Something is missing, and no key frame came since: what follows cannot be decoded by all."""
        self.offset = 0
        """Our time less the source's."""
        self.guess = 0
        """Ticks (90 kHz) that the next sample will last, as far as one can tell."""
        self.pending: deque[Placed] = deque()

    @property
    def end_ticks(self) -> int:
        """Where the last placed sample ends, in ticks of 90 kHz."""
        assert self.end is not None
        return self.ticks(self.end)

    def ticks(self, units: int) -> int:
        """The track's units in 90 kHz, rounded down."""
        return units * TICKS // self.track.timescale

    def units(self, ticks: int) -> int:
        """90 kHz in the track's units, rounded up: what starts before it, starts before those ticks."""
        return -(-ticks * self.track.timescale // TICKS)

    @property
    def pending_until(self) -> int:
        """Where what waits ends, ticks of 90 kHz; 0 if nothing does."""
        return self.end_ticks if self.pending else 0

    @property
    def trim(self) -> int:
        """Ticks by which the last sample may be shorter: a picture's duration is a guess."""
        return self.guess // 8 if self.track.kind == "video" else 0

    def soonest(self, due: int) -> int:
        """Where a sample that is due then can begin, in ticks of 90 kHz: its part is chosen by that."""
        return self.ticks(due)

    def behind(self, begin: int) -> int:
        """Ticks (90 kHz) by which what waits begins before `begin`, if anything does."""
        return max(0, begin - self.ticks(self.pending[0].dts)) if self.pending else 0

    def lasts(self, end: int) -> None:
        """The last pending sample ends at `end` (at least a tick after it began)."""
        last = self.pending[-1]
        last.duration = max(1, end - last.dts)
        self.end = last.dts + last.duration

    def new_source(self) -> None:
        """The next sample comes from another source: do not measure from the last one to it."""
        self.offset = 0
        self.broken = False

    def change_track(self, track: Track, begin: int, at: int) -> None:
        """What comes is of another track, would begin at `at`, and is in a segment that begins at `begin`
        (ticks): it begins there too, for over a discontinuity nothing has to go on without a hole. What is
        out may end long before that, at a pause. (What is very late stays: its clock would seem to jump.)
        """
        self.track = track
        if self.end is not None and begin - at <= FREEZE_S * TICKS:
            self.end = max(self.end, self.units(begin))

    def due(self, source_dts: int, open_since_ticks: int) -> int:
        """Our time for the source's, given when the open part began (90 kHz).

        A source that jumps further ahead than any network explains goes on here where we are.
        """
        due = source_dts + self.offset
        end = self.end
        scale = self.track.timescale
        if end is not None and due <= end + FORWARD_S * scale:
            return due
        since = max(self.units(open_since_ticks), end or 0)
        if due > since + FORWARD_S * scale:
            self.offset -= due - since
            return since
        return due if end is not None or due >= since - FORWARD_S * scale else since

    def take(self, before: int | None = None) -> list[Placed]:
        """Final samples that start earlier than `before`, or all; they are pending no more."""
        pending = self.pending
        if before is None:
            taken = list(pending)
            pending.clear()
            return taken
        taken = []
        while pending and pending[0].dts < before:
            taken.append(pending.popleft())
        return taken

    def forget(self, since: int = 0) -> None:
        """Drop what begins at `since` or later: what comes next begins where that began."""
        while self.pending and self.pending[-1].dts >= since:
            self.end = self.pending.pop().dts

    def place(self, due: int, sample: Sample) -> Placed:
        """Put a sample of the source's time `due` where it can go, and make it pending."""
        raise NotImplementedError

    def close_on_clock(self, begin: int, end: int, next_at: int | None) -> int:
        """Make what waits ready for its part, from `begin` on, which should last until `end`: where it does.

        `next_at`: when the next sample begins, if that is known; not before `end`. All in ticks.
        """
        raise NotImplementedError

    def close_before(self, due: int, most: int) -> int:
        """Make the last pending sample end where the next one is due, though not in a flash, if no later than
        `most`: where it does. All in ticks.
        """
        soonest = self.ticks(self.pending[-1].dts) + self.guess // 2
        self.lasts(self.units(max(due, min(soonest, most))))
        return self.end_ticks

    def bring_back(self, begin: int) -> None:
        """What was kept back from the part that closed begins here (ticks), or where its predecessor ends."""

    def _after_emitted(self, due: int, sample: Sample) -> int:
        """The dts of a sample before which none is pending."""
        end = self.end
        if end is None:
            return due
        if due - end > FREEZE_S * self.track.timescale:
            self.broken = not sample.is_sync
        return end

    def _add(self, dts: int, duration: int, sample: Sample) -> Placed:
        if sample.is_sync:
            self.broken = False
        placed = Placed(dts, duration, sample)
        self.pending.append(placed)
        self.end = dts + duration
        return placed
