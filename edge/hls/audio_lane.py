"""Sound on its way to a part: how long a frame lasts is known, when it was heard only roughly."""

from edge.hls.lane import Lane, Placed
from edge.hls.segment import TICKS
from edge.media.sample import Sample


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
