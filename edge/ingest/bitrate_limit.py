"""A publisher that sends more than it may: asked to send less (REMB), then told to go."""

from edge.errors import PublishError

TOLERANCE = 1.5
"""Key frames and retransmissions come in bursts; REMB speaks of what the encoder aims at."""

PERIOD_S = 2.0
PERIODS = 5
"""So many in a row: a browser follows REMB within two or three seconds."""


class BitrateLimit:
    """Counts octets in periods. `limit` in bit/s."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self.bitrate = float(limit)
        """In bit/s, of the last period. Until one is over: what may come."""
        self._bytes = 0
        self._since: float | None = None
        self._over = 0

    def add(self, size: int) -> None:
        """One packet of that many octets."""
        self._bytes += size

    def tick(self, now: float) -> None:
        """PublishError after ten seconds over half as much again as the limit (monotonic seconds)."""
        if self._since is None:
            self._since, self._bytes = now, 0
            return
        seconds = now - self._since
        if seconds < PERIOD_S:
            return
        self.bitrate = rate = 8 * self._bytes / seconds
        self._over = self._over + 1 if rate > TOLERANCE * self._limit else 0
        self._since, self._bytes = now, 0
        if self._over >= PERIODS:
            raise PublishError(
                f"{rate / 1e6:.1f} Mbit/s came for {PERIODS * PERIOD_S:.0f} s, where "
                f"{self._limit / 1e6:.1f} are allowed: send less (the operator's key: webrtc.max_bitrate)"
            )
