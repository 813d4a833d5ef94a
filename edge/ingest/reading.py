"""When to read a socket: as soon as something is there, or by the clock where that is so all the time."""

import asyncio
from collections.abc import Callable

from edge.ingest.inbox import AT_ONCE

BEAT_S = 0.005
"""Publishers send in bursts, of which a loop that is awake takes one or two datagrams at a time, and to wake
costs as much as several. What comes between two beats is read together. Sessions tick with each fifth. Whole
milliseconds, as the loop's timers are."""

TOGETHER = 48
"""Where more than so many come in a beat, beats are shorter: the kernel may have room for some hundred."""

A_MOMENT_S = 0.001
"""Timers of the loop are exact to this, and may be as early."""

BUSY_PER_S = 200
CALM_PER_S = 100
"""Reads that found something: from so many on by the clock; below so few as it comes."""

PERIOD_S = 0.25
"""Is judged so often."""


def until_next(every_s: float, now: float) -> float:
    """Seconds until the loop's time `now` will be a whole multiple, but not a moment: what is done every
    25 ms and what is done every 5 ms is done in one awakening of the loop.
    """
    wait = every_s - now % every_s
    return wait if wait > min(every_s / 2, A_MOMENT_S) else wait + every_s


class Reading:
    """Calls `read` in the running loop; it tells how many datagrams it found (AT_ONCE: there may be more)."""

    def __init__(self, fileno: int, read: Callable[[], int]) -> None:
        self._loop = asyncio.get_running_loop()
        self._fileno = fileno
        self._read = read
        self._beat: asyncio.TimerHandle | None = None
        self._beat_s = BEAT_S
        self._is_behind = False
        self._finds = 0
        self._datagrams = 0
        self._since = self._loop.time()
        self._loop.add_reader(fileno, self._on_something)

    @property
    def is_by_the_clock(self) -> bool:
        """Else as it comes."""
        return self._beat is not None

    @property
    def is_pressed(self) -> bool:
        """By the clock, and its beats are shorter than they would be, or the last one left something."""
        return self.is_by_the_clock and (self._is_behind or self._beat_s < BEAT_S)

    def stop(self) -> None:
        """Before the socket is closed."""
        if self._beat is None:
            self._loop.remove_reader(self._fileno)
        else:
            self._beat.cancel()

    def _on_something(self) -> None:
        rate = self._rate(self._read())
        if rate is not None and rate > BUSY_PER_S:
            self._loop.remove_reader(self._fileno)
            self._beat = self._loop.call_later(self._until_beat(), self._on_beat)

    def _on_beat(self) -> None:
        found = self._read()
        rate = self._rate(found)
        if rate is None or rate > CALM_PER_S:
            self._beat = self._loop.call_later(0 if self._is_behind else self._until_beat(), self._on_beat)
        else:
            self._beat = None
            self._loop.add_reader(self._fileno, self._on_something)

    def _until_beat(self) -> float:
        return until_next(self._beat_s, self._loop.time())

    def _rate(self, found: int) -> float | None:
        """How many reads a second found something, when a period is over."""
        self._is_behind = found >= AT_ONCE
        self._finds += found > 0
        self._datagrams += found
        now = self._loop.time()
        lasted = now - self._since
        if lasted < PERIOD_S:
            return None
        rate = self._finds / lasted
        self._beat_s = min(BEAT_S, TOGETHER * lasted / max(1, self._datagrams))
        self._finds, self._datagrams, self._since = 0, 0, now
        return rate
