"""How the event loop is: whether it beats, and how late."""

from edge.errors import Overloaded

_SMOOTHING = 0.2
_DEAD_AFTER_S = 5.0


class Heart:
    """Told of each beat of a clock in the loop; one beat that is late says little, several say overload."""

    def __init__(self, every_s: float, overload_lag_s: float) -> None:
        self._every_s = every_s
        self._overload_lag_s = overload_lag_s
        self._beat_at: float | None = None
        self.lag_s = 0.0
        """How late beats are, smoothed over about a second."""

    def beat(self, now: float) -> None:
        """The work of this turn is done (monotonic seconds)."""
        if self._beat_at is not None:
            late = max(0.0, now - self._beat_at - self._every_s)
            self.lag_s += _SMOOTHING * (late - self.lag_s)
        self._beat_at = now

    def is_well(self, now: float) -> bool:
        """Whether there was a beat of late."""
        return self._beat_at is not None and now - self._beat_at < _DEAD_AFTER_S

    def refuse_new_work(self) -> None:
        """Overloaded while beats are late: old work comes first."""
        if self.lag_s > self._overload_lag_s:
            raise Overloaded(
                "This server has all the work it can do in time (the operator's key: limits.overload_lag)",
                retry_after_s=10,
            )
