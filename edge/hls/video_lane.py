"""Pictures on their way to a part: how long the last one lasts is a guess until the next one comes."""

from collections import deque

from edge.hls.lane import Lane, Placed
from edge.hls.segment import TICKS
from edge.media.sample import Sample
from edge.media.track import Track

_HISTORY = 4
_MOST_EARLY = 75 * TICKS // 1000
"""10 fps needs so much, for parts of 250 ms that all begin with a picture."""


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

    def soonest(self, due: int) -> int:
        """See Lane. A late one comes after what it finds in its place, and leaves that half of its time."""
        end = self.end
        if end is not None and due < end:
            due = max(due, self.pending[-1].dts + self.units(self.guess) // 2 if self.pending else end)
        return due * TICKS // self.track.timescale

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
        begun = self.pending[-1].dts
        if self.guess > most_of_a_pause // 2:
            begun = max(
                begun, self._last_due or 0
            )  # where one lasts longer than a part, it began early itself
        is_pause = (due - begun) * 2 > self.guess * 3
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
