"""A connection and its peer's pace: who is too slow to ask, to read or to leave is let go."""

import asyncio
from abc import ABC, abstractmethod

from edge.http.message import Response
from edge.web.handover import LEAST_READ_BYTES, TOO_SLOW
from edge.web.lane import Lane, Seen


class Patience(ABC, asyncio.Protocol):
    """What a connection of the fast lane has to do with time. See lane.Timed.

    `_reader_s`: how long its reader may take next to nothing; a browser whose film is paused does not read.

    `_since`: whole monotonic seconds of what it did last. `_is_quick`: nothing is buffered, held or unsent,
    and nobody takes notes of each request.
    """

    __slots__ = (
        "_is_ending",
        "_is_paused",
        "_is_quick",
        "_lane",
        "_reader_s",
        "_since",
        "_slot",
        "_transport",
        "_unsent",
    )

    def __init__(self, lane: Lane) -> None:
        self._lane = lane
        self._transport: asyncio.Transport | None = None
        self._is_quick = self._is_paused = self._is_ending = False
        self._since = lane.now
        self._slot = self._unsent = 0
        self._reader_s = lane.limits.slow_reader

    @abstractmethod
    def seen(self) -> Seen | None:
        """See Timed."""

    @property
    @abstractmethod
    def _is_held(self) -> bool:
        """It waits for us, not we for it."""

    @property
    @abstractmethod
    def _has_begun(self) -> bool:
        """A request, and not ended it."""

    @property
    @abstractmethod
    def _has_asked(self) -> bool:
        """Ever."""

    @abstractmethod
    def _refuse(self, response: Response) -> None:
        """An answer to what is no request."""

    @property
    def has_just_come(self) -> bool:
        """See Timed."""
        return not (self._has_asked or self._is_ending) and self._lane.now - self._since <= 1

    @property
    def is_idle(self) -> bool:
        """See Timed."""
        return self._has_asked and not (
            self._is_held or self._has_begun or self._is_paused or self._is_ending
        )

    def look(self) -> None:
        """See Timed."""
        limits = self._lane.limits
        if self._is_paused or self._is_ending:
            self._look_at_reader()
            return
        is_asking = self._has_begun or not self._has_asked
        left = self._since + round(limits.slow_head if is_asking else limits.idle) - self._lane.now
        if self._is_held:
            self._look_in(limits.idle)
        elif left > 0:
            self._look_in(left)
        elif self._has_begun:
            self._refuse(TOO_SLOW)
        else:
            self.close()

    def close(self) -> None:
        """See Timed."""
        self._is_ending = True
        self._is_quick = False
        if self._transport is not None:
            self._look_in(self._lane.limits.slow_reader)
            self._transport.close()

    def abort(self) -> None:
        """See Timed."""
        if self._transport is not None:
            self._transport.abort()

    def _look_at_reader(self) -> None:
        """Slow is allowed, but what a reader leaves lying is held for him."""
        assert self._transport is not None
        unsent = self._transport.get_write_buffer_size()
        if self._is_ending or unsent > self._unsent - LEAST_READ_BYTES:
            self.abort()
            return
        self._unsent = unsent
        self._look_in(self._reader_s)

    def _look_in(self, seconds: float) -> None:
        wheel = self._lane.wheel
        wheel.take_out(self, self._slot)
        self._slot = wheel.put(self, self._lane.now + max(1, round(seconds)))
