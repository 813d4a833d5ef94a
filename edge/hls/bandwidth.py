"""How many bits a second a playlist asks of the network (draft-pantos-hls-rfc8216bis 4.1)."""

from collections import deque

from edge.hls.segment import TICKS


class Bandwidth:
    """Peak and average bit rate of the segments so far, container included, HTTP not. 0 before the first
    segment.
    """

    def __init__(self) -> None:
        self._recent: deque[tuple[int, int]] = deque()
        self._peak = 0.0
        self._bytes = 0
        self._ticks = 0

    @property
    def average(self) -> int:
        """Bits a second over all segments so far, rounded up."""
        return -(-self._bytes * 8 * TICKS // self._ticks) if self._ticks else 0

    @property
    def peak(self) -> int:
        """The peak segment bit rate; the average until there is a run long enough to have a peak."""
        return max(self.average, -int(-self._peak // 1))

    def add(self, duration_ticks: int, size_bytes: int, target_duration_s: int | None) -> None:
        """Take the next segment.

        4.1: the largest bit rate of any contiguous set of segments that lasts between 0.5 and 1.5 target
        durations. Before one is promised, nothing is measured: the first short segments say little.
        """
        self._bytes += size_bytes
        self._ticks += duration_ticks
        self._recent.append((duration_ticks, size_bytes))
        # The longest run that may count is one and a half target durations (half a second more for rounding).
        longest = ((target_duration_s or 1) * 3 + 1) * TICKS // 2
        while len(self._recent) > 1 and sum(ticks for ticks, _ in self._recent) > longest:
            self._recent.popleft()
        if target_duration_s is None:
            return
        ticks = size = 0
        for run_ticks, run_size in reversed(self._recent):
            ticks += run_ticks
            size += run_size
            if 2 * ticks >= target_duration_s * TICKS:
                self._peak = max(self._peak, size * 8 * TICKS / ticks)
