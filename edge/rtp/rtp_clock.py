"""The RTP clock of one source against two others: when its packets come, and what its sender reports say."""

import math
from enum import Enum
from statistics import median

from edge.media.timebase import ntp_to_unix, unwrap

_FULL_S = 2.0
"""What came for less may all be late, as a large key frame after a pause is."""

_BACK_S = 1.0
"""Units come in order, though pictures are shown in another."""

_REPORTS = 11
_STEP_S = 0.5
_AGREE_S = 0.1
_LATENESS_DECAY = 1 / 256
_LATEST_S = 1.0
_SMOOTHING = 1 / 32
_AHEAD_S = -5.0
_BEHIND_S = 10.0


class Step(Enum):
    """Which clock was set, when a sender report contradicts those before."""

    NONE = "none"
    RTP = "rtp"
    WALL = "wall"


class RtpClock:
    """What is known of one SSRC.

    `arrival_zero` and `unix_zero` are the moments of RTP time 0: by the earliest arrivals of the last two
    windows (monotonic seconds), and by the sender's wall clock (Unix seconds, None without a report).

    A sender report pairs the wall clock with the time of a packet that has waited in the sender for some
    milliseconds (OBS), so the median of the last eleven counts. Two in a row that are half a second away from
    it mean that a clock was set.
    """

    __slots__ = (
        "_early",
        "_fitted_at",
        "_low",
        "_low_before",
        "_odd",
        "_reports",
        "_since",
        "_skew",
        "arrival",
        "arrival_zero",
        "last_zero",
        "lateness",
        "peak_lateness",
        "rate",
        "rtp_time",
        "ssrc",
        "unix_zero",
    )

    def __init__(self, rate: int, ssrc: int) -> None:
        self.rate = rate
        self.ssrc = ssrc
        self.arrival_zero = 0.0
        self.unix_zero: float | None = None
        self.rtp_time: int | None = None
        """Of the last unit, unwrapped; None before the first."""
        self.lateness = 0.0
        """Seconds that units come after the earliest ones, smoothed."""
        self.peak_lateness = 0.0
        """As late as the latest of some seconds."""
        self.arrival = 0.0
        """Of the last unit."""
        self.last_zero = 0.0
        """The moment of RTP time 0 as it alone would have it."""
        self._low = self._low_before = 0.0
        self._since = 0.0
        self._reports: list[float] = []
        self._skew = 0.0
        self._fitted_at = 0.0  # the last unit before the last report that was not odd
        self._odd: float | None = None
        self._early: tuple[int, int] | None = None

    def fits(self, rtp_time: int, arrival: float) -> bool:
        """Can this unit be of the same clock, or has the sender set it to something else?"""
        if self.rtp_time is None:
            return True
        if rtp_time < self.rtp_time - _BACK_S * self.rate:
            return False
        return _AHEAD_S < arrival - rtp_time / self.rate - self.arrival_zero < _BEHIND_S

    def on_unit(self, rtp_time: int, arrival: float) -> None:
        """A unit with this unwrapped RTP time came."""
        zero = self.last_zero = arrival - rtp_time / self.rate
        self.arrival = arrival
        if self.rtp_time is None:
            self._low = self._low_before = zero
            self._since = arrival
        elif zero < self._low:
            if self._low == math.inf:
                self._since = arrival
            self._low = zero
        low, before = self._low, self._low_before
        self.arrival_zero = low if low < before else before  # noqa: FURB136 (a third of the time)
        self.rtp_time = rtp_time
        if self._early is not None:
            (ntp, wrapped), self._early = self._early, None
            self.on_report(ntp, wrapped)
        self._measure(zero - self.arrival_zero)

    def begin_window(self, arrival: float) -> float | None:
        """What came before the window that ends counts no more; by how much `arrival_zero` goes on. None: too
        little came in it, and what is known stays.
        """
        low, self._low = self._low, math.inf
        before = self._low_before = self.arrival_zero
        if low == math.inf or arrival - self._since < _FULL_S:
            return None
        self.move(low - before)
        return low - before

    def move(self, by_s: float) -> None:
        """What comes is so much later than what came before, or what another source sends."""
        self.arrival_zero = self._low_before = self._low_before + by_s
        self.peak_lateness = max(0.0, self.peak_lateness - max(0.0, by_s))

    def _measure(self, late: float) -> None:
        self.lateness += (late - self.lateness) * _SMOOTHING
        peak = self.peak_lateness
        if late <= peak:
            self.peak_lateness = peak + (late - peak) * _LATENESS_DECAY
        else:
            self.peak_lateness = min(late, _LATEST_S)

    def on_report(self, ntp: int, rtp_time_wrapped: int) -> tuple[Step, float]:
        """A sender report of this SSRC; which clock it shows to have been set, and by how many seconds."""
        if ntp == 0:
            return Step.NONE, 0.0  # a sender without a wall clock (RFC 3550, 6.4.1)
        if self.rtp_time is None:
            self._early = ntp, rtp_time_wrapped  # there is nothing to unwrap it by
            return Step.NONE, 0.0
        zero = ntp_to_unix(ntp) - unwrap(self.rtp_time, rtp_time_wrapped, 32) / self.rate
        before = self.unix_zero
        if before is None or abs(zero - before) <= _STEP_S:
            self._odd = None
            self._reports = [*self._reports[1 - _REPORTS :], zero]
            self.unix_zero = median(self._reports)
            self._skew = self.unix_zero - self.last_zero
            self._fitted_at = self.arrival
            return Step.NONE, 0.0
        odd, self._odd = self._odd, zero
        if odd is None or abs(zero - odd) > _AGREE_S or self.arrival == self._fitted_at:
            return Step.NONE, 0.0  # or until a unit tells which clock
        return self._step(zero, zero - before)

    def _step(self, zero: float, step: float) -> tuple[Step, float]:
        """When the RTP clock was set, arrivals have moved with it; when the wall clock was, they have not."""
        wall_step = zero - self.last_zero - self._skew
        self._odd = None
        self._reports = [zero]
        self.unix_zero = zero
        self._skew = zero - self.last_zero
        if abs(wall_step) > abs(step) / 2:
            return Step.WALL, step
        if step > 0:  # earlier arrivals would count on for a while
            self._low = self._low_before = self.arrival_zero = self.last_zero
        return Step.RTP, step

    def set_wall_clock(self, step: float) -> None:
        """The sender's wall clock was set by so many seconds, as reports of another source of it showed."""
        if self.unix_zero is not None:
            self._reports = [report + step for report in self._reports]
            self.unix_zero += step
            self._skew += step
            self._odd = None
