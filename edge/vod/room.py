"""How much of `vod.capacity` the disk has room for: others write on it too. Pure; sizes are octets."""

_SLACK_BLOCKS = 2
_SLACK_SHARE = 0.01
"""Beside blocks: their labels, the logs, what was evicted and is still being read."""
_SETTLES_S = 1.0
"""What was evicted is mapped for as long, at most, where nobody reads it: see OpenBlock.let_go."""
_AGAIN_AFTER_S = 60.0


class Room:
    """What a full disk taught, of `wanted` octets in blocks of at most `unit`. `now`: a monotonic clock, s.

    It never shrinks twice for one cause, nor below a block; it grows only while more is free than it left.
    """

    def __init__(self, wanted: int, unit: int) -> None:
        self.capacity = wanted
        self._wanted = wanted
        self._unit = unit
        self._full_at: float | None = None

    @property
    def is_short(self) -> bool:
        """The disk has less than was wanted."""
        return self.capacity < self._wanted

    def full(self, used: int, asked_at: float, now: float) -> bool:
        """A write, asked for at `asked_at`, found no room beside `used` octets of blocks. Whether there is
        less room now: what was asked for before that came into force proves nothing.
        """
        if self._full_at is not None and asked_at < self._full_at + _SETTLES_S:
            return False
        least = self._unit if self._full_at is None else max(self._unit, self.capacity // 2)
        self._full_at = now
        smaller = min(self.capacity, max(used - self._slack(used), least))
        is_less, self.capacity = smaller < self.capacity, smaller
        return is_less

    def written(self, free: int, now: float) -> bool:
        """A block went to disk and left `free` octets. Whether there is more room now: a block each time."""
        if self._full_at is None or not self.is_short or now < self._full_at + _AGAIN_AFTER_S:
            return False
        if free <= 2 * self._slack(self.capacity):
            return False
        self.capacity = min(self._wanted, self.capacity + self._unit)
        return True

    def _slack(self, used: int) -> int:
        return _SLACK_BLOCKS * self._unit + int(used * _SLACK_SHARE)
