"""One track's way through the segmenter: where its samples fall on our timeline, and how long they last.

A source guesses durations, and its timestamps jitter, pause and jump. A file knows no guesses: a sample
starts where the one before ended. While a sample waits for its part to close, its duration is still ours to
correct, so it is made to end where the next begins. Once its part is out, the next one must begin at its
`end`, whatever its own time says, because players punish a hole: past twice the last duration, Media Source
Extensions (Coded Frame Processing) drops *all tracks* until the next random access point.
"""

from collections import deque
from collections.abc import Sequence
from typing import TypedDict

from edge.fmp4.fragment import Run
from edge.hls.segment import TICKS
from edge.media.sample import Sample
from edge.media.track import Track

FREEZE_S = 3
"""After a longer pause something is taken for lost, unless the sample before waits and is lengthened."""

FORWARD_S = 10
BACKWARD_S = 1
"""A timestamp further away than this from where it should be is a jump of the source's clock, not a pause."""

_HISTORY = 4
_MOST_EARLY = 75 * TICKS // 1000
"""10 fps needs so much, for parts of 250 ms that all begin with a picture."""


class Contents(TypedDict):
    """What a playlist tells of a part besides its length."""

    independent: bool
    frames: int
    has_key_frame: bool


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

    def due(self, source_dts: int, open_since_ticks: int) -> int:
        """Our time for the source's, given when the open part began (90 kHz).

        A source that jumps further than any network explains goes on here where we are.
        """
        due = source_dts + self.offset
        end = self.end
        scale = self.track.timescale
        if end is not None and end - BACKWARD_S * scale <= due <= end + FORWARD_S * scale:
            return due
        open_since = self.units(open_since_ticks)
        if end is None:
            end = open_since
        if due < end - BACKWARD_S * scale:
            self.offset += end - due
        elif due > max(end, open_since) + FORWARD_S * scale:
            self.offset -= due - max(end, open_since)
        return source_dts + self.offset

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


class VideoLane(Lane):
    """Pictures: any rate, any jitter; how long one lasts is known when the next one comes."""

    def __init__(self, track: Track, track_id: int) -> None:
        super().__init__(track, track_id)
        self._last_due: int | None = None
        self._deltas: deque[int] = deque(maxlen=_HISTORY)
        self._kept: Placed | None = None

    def new_source(self) -> None:
        """See Lane."""
        super().new_source()
        self._last_due = None

    def place(self, due: int, sample: Sample) -> Placed:
        """Keep the source's time where a pending picture can be made longer or shorter to meet it."""
        guess = self._guess(due, sample)
        if not self.pending:
            dts = self._after_emitted(due, sample)
        else:
            # Time that stands still or runs back is walked off at twice the speed, not shown in a flash.
            dts = max(due, self.pending[-1].dts + max(1, guess // 2))
            self.lasts(dts)
        # A picture that begins early (its predecessor is out and was short) still ends when it should.
        until = max(due, dts) + guess
        self.guess = self.ticks(guess)
        return self._add(dts, until - dts, sample)

    def believed_end(self, boundary: int) -> int:
        """Where the last pending picture ends, ticks, when none came before `boundary` and the part cannot
        wait.

        It lasts to the boundary at least. What a steady rate promises beyond is believed; a pause is not:
        if the next picture comes sooner (a still screen begins to move), it would have to wait for the end.
        """
        least = self.ticks(min(self._deltas)) if self._deltas else self.guess
        end = self.end_ticks - self.guess + least
        if least > TICKS // 2:
            end = min(end, boundary + TICKS // 10)
        return max(boundary, end)

    def close_on_clock(self, begin: int, end: int, next_at: int | None) -> int:
        """See Lane. The last picture lasts until the next one, at least to the end of its part; the last of
        several is kept back where that one is overdue, for the next part would have none.
        """
        most = end - begin
        if (next_at is None or next_at - end > most) and len(self.pending) > 1:
            self._kept = self.pending.pop() if self.believed_end(end) <= end else None
        until = self.believed_end(end) if next_at is None else next_at
        early = self._kept is not None or self._may_be_early(until, end, 2 * most)
        self.lasts(end if early else until)
        return end

    def bring_back(self, begin: int) -> None:
        """See Lane."""
        kept, self._kept = self._kept, None
        if kept is not None:
            kept.dts = begin if self.end is None else max(begin, self.end)
            self.pending.append(kept)
            self.end = kept.dts + kept.duration

    def _may_be_early(self, due: int, begin: int, most_of_a_pause: int) -> bool:
        """Whether the next picture, due then, may begin here already: the eye minds neither some milliseconds
        where pictures are few, nor that a pause is shorter than it was.
        """
        is_pause = (due - self.pending[-1].dts) * 2 > self.guess * 3
        return due - begin <= (most_of_a_pause if is_pause else _MOST_EARLY)

    def _guess(self, due: int, sample: Sample) -> int:
        """Ticks until the next picture, rather too few than too many: a late picture hurts, an early one
        does not.
        """
        deltas = self._deltas
        if self._last_due is not None and due > self._last_due:
            deltas.append(min(due - self._last_due, self.track.timescale))
        self._last_due = due
        if not deltas:
            rate_of_30 = self.track.timescale // 30
            return sample.duration if 0 < sample.duration <= self.track.timescale else rate_of_30
        mean = sum(deltas) // len(deltas)
        upper_median = sorted(deltas)[len(deltas) // 2]
        return max(1, min(mean, deltas[-1] * 3 // 2, upper_median * 3 // 2))


class AudioLane(Lane):
    """Frames of known length that follow one another exactly, though their timestamps wander a little."""

    def place(self, due: int, sample: Sample) -> Placed:
        """Chain the frames; lead them back to the source's time by at most a millisecond a frame."""
        rate = self.track.timescale
        duration = min(max(1, sample.duration), rate)
        if not self.pending or self.end is None:
            dts = self._after_emitted(due, sample)
        else:
            astray = due - self.end
            dts = self.end
            if astray > rate // 10:
                self.lasts(due)  # a real pause, but one that the frame before can bridge
                dts = self.end
            elif abs(astray) > rate // 100:
                self.lasts(dts + max(-rate // 1000, min(astray, rate // 1000)))
                dts = self.end
        self.guess = self.ticks(duration)
        return self._add(dts, duration, sample)

    def close_on_clock(self, begin: int, end: int, next_at: int | None) -> int:
        """See Lane. A part of sound alone may be short: it ends with its sound. A pause is bridged."""
        if next_at is not None:
            self.lasts(self.units(min(next_at, end)))
        return min(end, max(self.end_ticks + self.behind(begin), begin + TICKS // 1000))


def filled(lanes: Sequence[Lane], end: int) -> bool:
    """Whether sound waits, the last of the lanes, that lasts until `end` (ticks) but for a frame of it; or
    waits beside a picture that does.
    """
    lead, sound = lanes[0], lanes[-1]
    return bool(sound.pending) and max(sound.end_ticks + sound.guess, lead.end_ticks) >= end


def stalled(lanes: Sequence[Lane], end: int) -> bool:
    """Whether sound is promised, which a muted source sends too (or it is made), and does not reach `end`."""
    return lanes[-1].track.kind == "audio" and not filled(lanes, end)


def take_runs(lanes: Sequence[Lane], end: int) -> tuple[list[Run], Contents]:
    """What goes into a part that ends at `end` (ticks): all pictures that wait, sound that starts before."""
    runs: list[Run] = []
    contents = Contents(independent=False, frames=0, has_key_frame=False)
    for lane in lanes:
        is_video = lane.track.kind == "video"
        samples = lane.take(None if is_video else lane.units(end))
        if not samples:
            continue
        runs.append(Run(lane.track_id, samples[0].dts, samples))
        if lane is lanes[0]:
            contents = Contents(
                independent=not is_video or samples[0].is_sync,
                frames=len(samples) if is_video else 0,
                has_key_frame=is_video and any(sample.is_sync for sample in samples),
            )
    return runs, contents


def leave_together(lanes: Sequence[Lane], part_start: int, part_target: int) -> int:
    """Where the lead, the first, ends, or the parts that are out; what still waits ends there, so that all
    begin together with the next source. Ticks; 0: nothing came.

    The last picture stays for the sound that is left in its part; sound after that is dropped. Sound
    that is in a part already may reach further, and sound that has not come may be missing.
    """
    lead, others = lanes[0], lanes[1:]
    if lead.end is None:
        return 0
    if lead.pending and lead.track.kind == "video":
        latest = max((lane.pending_until for lane in others), default=0)
        lead.lasts(lead.units(min(part_start + part_target, max(latest, lead.end_ticks))))
    reach = max(lead.end_ticks, part_start)
    for lane in others:
        lane.forget(lane.units(reach))
        if lane.pending and 0 < reach - lane.end_ticks <= TICKS // 10:
            lane.lasts(lane.units(reach))
    return reach
