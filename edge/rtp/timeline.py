"""Audio and video of one publisher on one timeline, which begins at zero with whatever comes first.

Every kind of media has an offset: source time = RTP time + offset. The offset of the *reference* (audio once
there is audio) stands still, so that sound is never stretched; pictures follow it. Where they belong is told
by sender reports of both; until then, by arrival: the earliest arrivals of both are taken for simultaneous.
The sound card's clock is therefore the clock of the timeline, and a frame rate that is not quite what the
RTP time stamps claim (OBS at 59.94) is followed all the time.

Output never goes back. Where two kinds are more than half a second from where they belong, one jumps ahead.
"""

import math

from edge.media.track import AUDIO_TIMESCALE, VIDEO_TIMESCALE, Kind
from edge.rtp.rtp_clock import RtpClock, Step

SLEW_S = 0.001
"""The most that a picture is moved against the one before it."""

JUMP_S = 0.5
TRUSTED_SKEW_S = 2.0
"""A publisher's wall clock that is further behind ours is taken for wrong. One that is ahead of ours is:
nothing comes before it was captured, though GStreamer's reports say so by most of a second."""

PLAUSIBLE_S = 2.0
"""Reports that put sound and pictures further apart than arrival does, plus this, are taken for wrong."""

_WINDOW_S = 5.0
"""The earliest arrivals are those of the last one or two windows: so they follow drift and new routes. All
kinds have the same windows: where all clocks stood still, or all came later, none moves against another."""

_AHEAD_S = 5.0
"""In a window source time goes on by no more than the window and this: RTP times that jump with every unit
would make us a day of parts."""

_BEHIND_S = 10.0
"""Where it fell behind (clocks stood still, or all came later) it may catch up, by as much at once: reports
tell so when a window may have ended."""

_PAUSE_S = 2.0
"""Who sent nothing for so long may have had its clocks stand still: what comes then is not compared with what
came before."""

_APPROACH = 0.05
_RATES: dict[Kind, int] = {"video": VIDEO_TIMESCALE, "audio": AUDIO_TIMESCALE}


class _Lane:
    """One kind: its clock, its offset in seconds, and the last source time that was given out, in ticks."""

    __slots__ = ("clock", "last", "offset")

    def __init__(self, clock: RtpClock) -> None:
        self.clock = clock
        self.offset: float | None = None
        self.last: int | None = None


class Timeline:
    """The timeline of one source.

    `unix_minus_monotonic_s` turns `arrival` and `now` into wall time; without it wall times are those of the
    sender's reports or meaningless.
    """

    __slots__ = (
        "_arrival_zero",
        "_lanes",
        "_newest_zero",
        "_soonest",
        "_unix_minus_monotonic_s",
        "_unix_zero",
        "_window_end",
    )

    def __init__(self, unix_minus_monotonic_s: float = 0.0) -> None:
        self._unix_minus_monotonic_s = unix_minus_monotonic_s
        self._lanes: dict[Kind, _Lane] = {}
        self._arrival_zero: float | None = None  # of source time zero, by the reference
        self._unix_zero: float | None = None
        self._newest_zero = -math.inf  # of source time zero, by what came last
        self._soonest = -math.inf  # source time zero is not before
        self._window_end = -math.inf

    def on_sender_report(self, kind: Kind, ntp64: int, rtp_time: int, now: float, ssrc: int = 0) -> None:
        """A sender report: 64-bit NTP time and the wrapped RTP time of the same moment.

        Reports of an SSRC that has been replaced are ignored.
        """
        del now  # the sender's clocks only
        lane = self._lanes.get(kind)
        if lane is None:
            lane = self._lanes[kind] = _Lane(RtpClock(_RATES[kind], ssrc))
        if lane.clock.ssrc != ssrc:
            return
        cause, step = lane.clock.on_report(ntp64, rtp_time)
        if cause is Step.WALL:
            for other in self._lanes.values():
                if other is not lane:
                    other.clock.set_wall_clock(step)
        elif step > 0 and lane.offset is not None:
            # Its RTP time fell behind its wall clock: there is a hole in its media. What arrivals told of it
            # before was mended then.
            behind = lane.clock.arrival_zero - lane.offset - (self._soonest + _AHEAD_S)
            lane.offset += min(step, max(0.0, behind))
        self._follow_reference()

    def place(self, kind: Kind, rtp_time: int, arrival: float, ssrc: int = 0) -> int:
        """The source time of a unit in ticks of its kind's timescale: 90 kHz or 48 kHz.

        `rtp_time`, `arrival` and `ssrc` are those of the AccessUnit. Grows from call to call of one kind.
        Negative for what was captured before the first unit of the other kind: drop it. Starts by arrival,
        then slews by a millisecond a unit at most; more than half a second is jumped.
        """
        if arrival >= self._window_end:
            self._begin_windows(arrival)
        lane = self._lane(kind, rtp_time, arrival, ssrc)
        lane.clock.on_unit(rtp_time, arrival)
        if lane.offset is None:
            lane.offset = self._target(lane)
            self._follow_reference()
            if self._soonest == -math.inf:
                self._soonest = lane.clock.arrival_zero - lane.offset - _AHEAD_S
        else:
            most = lane.clock.last_zero - self._soonest
            if lane.offset > most:  # noqa: PLR1730 (min is slower)
                lane.offset = most
            if lane is self._reference():
                self._follow_reference()
            else:
                self._approach(lane, self._target(lane))
        ticks = rtp_time + round(lane.offset * lane.clock.rate)
        if lane.last is not None and ticks <= lane.last:
            ticks = lane.last + 1
        lane.last = ticks
        return ticks

    def _begin_windows(self, arrival: float) -> None:
        """Of all kinds at once. One that sent nothing has jumped with one that did."""
        self._window_end = arrival + _WINDOW_S
        moves = {kind: lane.clock.begin_window(arrival) for kind, lane in self._lanes.items()}
        moved = next((move for move in moves.values() if move is not None and abs(move) > JUMP_S), None)
        for kind, move in moves.items():
            if move is None and moved is not None:
                self._lanes[kind].clock.move(moved)
        self._follow_reference()
        zeros = [
            lane.clock.arrival_zero - lane.offset for lane in self._lanes.values() if lane.offset is not None
        ]
        latest = max(min(zeros, default=-math.inf), self._soonest) - _AHEAD_S
        self._soonest = min(max(self._soonest, latest - _BEHIND_S), latest)

    def _lane(self, kind: Kind, rtp_time: int, arrival: float, ssrc: int) -> _Lane:
        """The lane of this kind; with a clock of its own for an SSRC or a time stamp that begins anew."""
        lane = self._lanes.get(kind)
        if lane is None:
            lane = self._lanes[kind] = _Lane(RtpClock(_RATES[kind], ssrc))
        elif lane.clock.ssrc != ssrc or not lane.clock.fits(rtp_time, arrival):
            lane.clock = RtpClock(_RATES[kind], ssrc)
            lane.offset = None
        return lane

    def _reference(self) -> _Lane | None:
        lane = self._lanes.get("audio")
        if lane is None or lane.offset is None:
            lane = self._lanes.get("video")
        return lane if lane is not None and lane.offset is not None else None

    def _follow_reference(self) -> None:
        """Source time zero is where the reference has it."""
        lane = self._reference()
        if lane is None or lane.offset is None:
            return
        clock = lane.clock
        zero = clock.arrival_zero - lane.offset
        self._arrival_zero = zero if zero > self._soonest else self._soonest  # noqa: FURB136 (max is slower)
        if clock.unix_zero is not None:
            self._unix_zero = clock.unix_zero - lane.offset
        elif not self._has_reports():
            self._unix_zero = None

    def _has_reports(self) -> bool:
        for lane in self._lanes.values():  # noqa: SIM110 (any() takes thrice as long)
            if lane.clock.unix_zero is not None:
                return True
        return False

    def _target(self, lane: _Lane) -> float:
        """The offset that puts this lane where it belongs."""
        clock = lane.clock
        if self._arrival_zero is None:  # the first unit of all is at zero
            assert clock.rtp_time is not None
            return -clock.rtp_time / clock.rate
        by_arrival = clock.arrival_zero - self._arrival_zero
        if clock.unix_zero is None or self._unix_zero is None:
            return by_arrival
        by_reports = clock.unix_zero - self._unix_zero
        return by_reports if abs(by_reports - by_arrival) <= PLAUSIBLE_S else by_arrival

    def _approach(self, lane: _Lane, target: float) -> None:
        assert lane.offset is not None
        error = target - lane.offset
        if -JUMP_S <= error <= JUMP_S:
            step = error * _APPROACH
            lane.offset += step if -SLEW_S < step < SLEW_S else math.copysign(SLEW_S, step)
        elif error > 0:
            lane.offset = target
        else:  # it is too far ahead, and cannot go back: the reference jumps instead
            reference = self._reference()
            assert reference is not None
            assert reference.offset is not None
            reference.offset -= error
            self._follow_reference()

    def now(self, arrival_now: float) -> float:
        """The source time in seconds before which everything has surely come, by the wall clock's progress.

        It goes on when nothing comes at all, and allows for as much lateness as there was of late. Where all
        that comes is later than that (clocks stood still), it goes back to the newest of it. What has stopped
        coming (a camera that is off) holds nobody up.
        """
        silent = latest = newest = -math.inf
        for lane in self._lanes.values():
            if lane.offset is None:
                continue
            clock = lane.clock
            zero = clock.arrival_zero - lane.offset + clock.peak_lateness
            if arrival_now - clock.arrival < _PAUSE_S:
                latest = max(latest, zero)
                newest = max(newest, lane.offset - clock.last_zero)
            else:
                silent = max(silent, zero)
        if latest != -math.inf:
            self._newest_zero = -newest
        elif silent != -math.inf:
            self._window_end = arrival_now
            latest = silent
        else:
            return 0.0
        return arrival_now - max(latest, self._newest_zero)

    @property
    def wall_clock_zero(self) -> float | None:
        """Unix seconds of source time 0; None before the first unit.

        When it was captured, by the publisher's clock if that can be, else when it came.
        """
        if self._arrival_zero is None:
            return None
        return _believed(self._unix_zero, self._arrival_zero + self._unix_minus_monotonic_s)

    @property
    def skew(self) -> float | None:
        """Seconds by which the publisher's wall clock is ahead of ours, less the time on the way.

        None without a sender report.
        """
        if self._unix_zero is None or self._arrival_zero is None:
            return None
        return self._unix_zero - (self._arrival_zero + self._unix_minus_monotonic_s)

    def latency(self, kind: Kind, rtp_time: int, wall_now: float) -> float | None:
        """Seconds from the capture of this unit to `wall_now` (Unix seconds).

        By the publisher's clock if that is to be trusted, else from the earliest arrival it could have had.
        None for a kind that never came.
        """
        lane = self._lanes.get(kind)
        if lane is None or lane.clock.rtp_time is None:
            return None
        return wall_now - self._wall_zero(lane.clock) - rtp_time / lane.clock.rate

    def _wall_zero(self, clock: RtpClock) -> float:
        """Unix time of this clock's RTP time zero."""
        return _believed(clock.unix_zero, clock.arrival_zero + self._unix_minus_monotonic_s)

    def arrival_latency(self, kind: Kind) -> float | None:
        """Smoothed seconds from capture to arrival, as in `latency`; None for a kind that never came.

        Without a trusted clock of the publisher's, the lateness behind the earliest arrivals.
        """
        lane = self._lanes.get(kind)
        if lane is None or lane.clock.rtp_time is None:
            return None
        clock = lane.clock
        way = clock.arrival_zero + self._unix_minus_monotonic_s - self._wall_zero(clock)
        return way + clock.lateness


def _believed(by_sender: float | None, by_arrival: float) -> float:
    if by_sender is None or not by_arrival - TRUSTED_SKEW_S <= by_sender <= by_arrival:
        return by_arrival
    return by_sender
