"""About how many watch. HTTP knows requests, not viewers: an estimate from two habits of players."""


class Audience:
    """A low-latency player waits for each part; any other asks for the playlist about once a target duration.

    Counted in periods of one target duration: `viewers` is that of the last full one.
    """

    __slots__ = ("_blocking", "_plain", "_since", "period_s", "viewers")

    def __init__(self, period_s: float) -> None:
        self.period_s = period_s
        self.viewers = 0
        self._since = 0.0
        self._blocking = 0
        self._plain = 0

    def asked_without_directives(self) -> None:
        """One playlist request that names no position."""
        self._plain += 1

    def seen_together(self, count: int) -> None:
        """So many waited for a playlist at the same moment: no viewer is counted twice."""
        self._blocking = max(self._blocking, count)

    def tick(self, now: float) -> None:
        """Close the period when it is over (monotonic seconds)."""
        if now - self._since < self.period_s:
            return
        self.viewers = self._blocking + self._plain
        self._since = now
        self._blocking = self._plain = 0
