"""How the event loop is: whether it beats, and how late."""

from edge.errors import Overloaded

_SMOOTHING = 0.2
_DEAD_AFTER_S = 5.0

STEADY_S = 3.0
"""So long beats are too late before newcomers are turned away, and well below that before they are let in:
who is turned away makes the beats better, which must not flap.
"""


class Heart:
    """Told of each beat of a clock in the loop; one beat that is late says little, several say overload."""

    def __init__(self, every_s: float, overload_lag_s: float, turn_away_lag_s: float = 0.0) -> None:
        """`turn_away_lag_s`: 0 is never."""
        self._every_s = every_s
        self._overload_lag_s = overload_lag_s
        self._turn_away_lag_s = turn_away_lag_s
        self._turning_since: float | None = None
        self._beat_at: float | None = None
        self._was_stopped = False
        self.lag_s = 0.0
        """How late beats are, smoothed over about a second."""
        self.is_hurt = False
        """It has been very late for seconds: those who are served need all there is."""

    def beat(self, now: float) -> None:
        """The work of this turn is done (monotonic seconds)."""
        if self._beat_at is not None:
            late = max(0.0, now - self._beat_at - self._every_s)
            # Once so late is one that was stopped, or its machine: that says nothing of the load.
            self._was_stopped = late > _DEAD_AFTER_S and not self._was_stopped
            if not self._was_stopped:
                self.lag_s += _SMOOTHING * (late - self.lag_s)
                self._judge(now)
            elif self._turning_since is not None:
                self._turning_since += late
        self._beat_at = now

    def is_well(self, now: float) -> bool:
        """Whether there was a beat of late."""
        return self._beat_at is not None and now - self._beat_at < _DEAD_AFTER_S

    def refuse_new_work(self) -> None:
        """Overloaded while beats are late, or it is hurt: old work comes first."""
        if self.is_hurt or self.lag_s > self._overload_lag_s:
            raise Overloaded(
                "This server has all the work it can do in time (the operator's key: limits.overload_lag)",
                retry_after_s=10,
            )

    def _judge(self, now: float) -> None:
        most = self._turn_away_lag_s
        turns = self.lag_s < most / 2 if self.is_hurt else 0 < most < self.lag_s
        if not turns:
            self._turning_since = None
        elif self._turning_since is None:
            self._turning_since = now
        elif now - self._turning_since >= STEADY_S:
            self.is_hurt, self._turning_since = not self.is_hurt, None
