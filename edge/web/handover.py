"""A connection that the fast lane gave to the strict one, for good."""

import asyncio
from collections.abc import Callable

from edge.http.problem import problem
from edge.http.token_path import for_log
from edge.web.client_address import client_address
from edge.web.lane import Lane, Seen
from edge.web.strict import Strict
from edge.web.wire import Wire

Awaited = tuple[str, int]
"""The end of a head or of a body, and how many heads had come before."""

LEAST_READ_BYTES = 64 * 1024
"""What a reader has to take within `limits.slow_reader`, while there is more for him."""

TOO_SLOW = problem(408, "Request timeout", "The head of the request took too long: ask again, and faster")


class Handed(asyncio.Protocol):
    """Passes everything on, and tells when the connection is gone: who counts connections must know.

    It keeps the time, too, which aiohttp keeps of idle connections only: a head must come within
    `limits.slow_head`, a body in twice that (who reads it may be less patient, and has words). A reader who
    takes next to nothing for `limits.idle` is cut off (not for `limits.slow_reader`: a browser whose picture
    is paused does not read).
    """

    __slots__ = (
        "_awaited",
        "_gone",
        "_handler",
        "_is_paused",
        "_lane",
        "_since",
        "_slot",
        "_transport",
        "_unsent",
    )

    def __init__(
        self, transport: asyncio.Transport, handler: Strict, lane: Lane, gone: Callable[[], None]
    ) -> None:
        self._transport = transport
        self._handler = handler
        self._lane = lane
        self._gone = gone
        self._awaited: Awaited | None = None
        self._since = lane.now
        self._is_paused = False
        self._unsent = 0
        self._slot = lane.wheel.put(self, lane.now + round(lane.limits.slow_head))

    def data_received(self, data: bytes) -> None:
        """See asyncio.Protocol."""
        one = self._handler
        if not (one.is_answering or one.is_reading_body or data.isspace()):
            self._await(("head", one.heads))
        self._lane.naps.stay_awake()  # aiohttp answers in later turns
        one.data_received(data)

    def eof_received(self) -> bool | None:
        """See asyncio.Protocol."""
        self._handler.eof_received()
        return None

    def pause_writing(self) -> None:
        """See asyncio.BaseProtocol."""
        self._is_paused = True
        self._unsent = self._transport.get_write_buffer_size()
        self._look_in(self._lane.limits.idle)
        self._handler.pause_writing()

    def resume_writing(self) -> None:
        """See asyncio.BaseProtocol."""
        self._is_paused = False
        self._look_in(self._lane.limits.slow_head)
        self._handler.resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        """See asyncio.BaseProtocol."""
        self._lane.wheel.take_out(self, self._slot)
        self._handler.connection_lost(exc)
        self._gone()

    # Time

    def look(self) -> None:
        """See lane.Timed."""
        one = self._handler
        if self._is_paused:
            self._look_at_reader()
            return
        if one.is_reading_body:
            self._await(("body", one.heads))
        is_over = self._awaited is None or self._awaited[1] != one.heads
        if is_over or (self._awaited == ("body", one.heads) and not one.is_reading_body):
            self._look_in(self._lane.limits.slow_head)
        else:
            self._look_at_sender()

    def seen(self) -> Seen | None:
        """See lane.Timed."""
        given = self._handler.given
        if given is None or self._transport.is_closing():
            return None
        peer = self._transport.get_extra_info("peername")
        address = peer[0] if isinstance(peer, tuple) else ""
        path, forwarded_for = given
        client = client_address(address, forwarded_for, self._lane.trusted)
        return Seen(client, for_log(path), self._handler.is_answering, self._since)

    @property
    def has_just_come(self) -> bool:
        """See lane.Timed."""
        return False

    @property
    def is_idle(self) -> bool:
        """See lane.Timed: aiohttp knows."""
        return False

    def close(self) -> None:
        """See lane.Timed. aiohttp ends its connections itself when the server ends."""

    def abort(self) -> None:
        """See lane.Timed."""
        self._transport.abort()

    def _await(self, awaited: Awaited) -> None:
        if awaited != self._awaited:
            self._awaited = awaited
            self._since = self._lane.now
            self._look_in(self._lane.limits.slow_head)

    def _look_at_sender(self) -> None:
        lane, one = self._lane, self._handler
        times = 1 if self._awaited == ("head", one.heads) else 2
        left = self._since + times * round(lane.limits.slow_head) - lane.now
        if left > 0:
            self._look_in(left)
        elif one.is_answering or one.is_reading_body:
            self.abort()  # half an answer may be out
        else:
            lane.tally.of("other", TOO_SLOW.status).requests += 1
            self._transport.writelines(Wire(TOO_SLOW).closing(lane.date))
            self._look_in(lane.limits.slow_reader)
            self._transport.close()

    def _look_at_reader(self) -> None:
        unsent = self._transport.get_write_buffer_size()
        if unsent > self._unsent - LEAST_READ_BYTES:
            self.abort()
            return
        self._unsent = unsent
        self._look_in(self._lane.limits.idle)

    def _look_in(self, seconds: float) -> None:
        wheel = self._lane.wheel
        wheel.take_out(self, self._slot)
        self._slot = wheel.put(self, self._lane.now + max(1, round(seconds)))


def hand_over(transport: asyncio.Transport, lane: Lane, buffered: bytes, gone: Callable[[], None]) -> None:
    """Aiohttp goes on from here as if it had been there from the first octet of `buffered`."""
    handler = lane.strict()
    handed = Handed(transport, handler, lane, gone)
    transport.set_protocol(handed)
    if not transport.is_reading():  # he asked ahead while he was held; aiohttp knows nothing of it
        transport.resume_reading()
    handler.connection_made(transport)
    handed.data_received(buffered)
