"""The fast lane: a head in, a prepared answer out. Whatever needs thought goes to aiohttp, for good."""

import asyncio
from functools import partial
from typing import cast

from edge.http.message import AtHand, Response
from edge.http.plain_request import END, Fields, is_odd
from edge.http.problem import problem
from edge.http.token_path import split_token
from edge.live.waiters import Leave
from edge.web.access_log import Line
from edge.web.client_address import client_address
from edge.web.doors import FULL, no_seat
from edge.web.flow import Flow, Way
from edge.web.handover import hand_over
from edge.web.lane import HEARD_EVERY, Lane, Seen, Shortcut
from edge.web.memo import NO_MEMO, Asked
from edge.web.memory_file import plain_socket
from edge.web.patience import Patience
from edge.web.permitted import Permitted
from edge.web.reel import Reel
from edge.web.seek import Seek
from edge.web.wire import Wire

MOST_HEAD_BYTES = 16 * 1024
"""Of a head that is not complete; longer ones are refused (RFC 6585, 5)."""

MOST_AHEAD_BYTES = 64 * 1024
"""What a client may send before its turn; then it is not read from."""

MOST_AT_ONCE = 64
"""Requests of one connection in one turn of the loop."""

_TOO_LONG = problem(431, "Request header fields too large", "The head of the request is too long: shorten it")
_NO_FIELDS = Fields(b"\0", {}, (), closes=False)


class Express(Patience):
    """One connection, one request after the other."""

    __slots__ = (
        "_address",
        "_asked",
        "_buffer",
        "_client",
        "_fields",
        "_flow",
        "_held_at",
        "_known",
        "_memo",
        "_path",
        "_permitted",
        "_queue",
        "_seek",
        "_socket_fd",
    )

    def __init__(self, lane: Lane) -> None:
        super().__init__(lane)
        self._address = self._client = self._path = ""
        self._fields = _NO_FIELDS
        self._memo, self._known = NO_MEMO, NO_MEMO.known
        self._permitted: Permitted | None = None
        self._buffer = b""
        self._asked: Asked | None = None
        self._queue: Leave | None = None
        self._flow: Flow | Reel | None = None
        self._seek: Shortcut | None = None
        self._held_at = 0.0

    # What the transport tells

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See asyncio.BaseProtocol."""
        lane, one = self._lane, cast(asyncio.Transport, transport)
        peer = one.get_extra_info("peername")
        address = peer[0] if isinstance(peer, tuple) else ""
        if not lane.enter(address):
            one.write(FULL)
            one.close()
            return
        self._transport, self._socket_fd = one, plain_socket(one)
        self._address = self._client = address
        one.set_write_buffer_limits(high=1, low=0)  # one answer is read before the next is made
        self._slot = lane.wheel.put(self, lane.now + round(lane.limits.slow_head))

    def connection_lost(self, _: Exception | None) -> None:
        """See asyncio.BaseProtocol."""
        if self._transport is not None:
            self._transport = None
            self._is_quick = False
            self._lane.wheel.take_out(self, self._slot)
            self._lane.doors.leave(self._address)
            self._let_go()

    def data_received(self, data: bytes) -> None:
        """See asyncio.Protocol. Here is the shortcut to what somebody asked a moment ago."""
        if self._is_quick:
            if data.endswith(raw := self._fields.raw):
                line = data[: -len(raw)]
                asked = self._known.get(line) or self._memo.found(line, self._permitted)
                if asked is not None and asked.lease.holds:
                    self._since = self._lane.now
                    self._give_again(asked)
                    return
            seek, one = self._seek, self._transport
            if seek is not None and one is not None and seek.give(data, one, self._lane):
                self._since = self._lane.now
                return
        self._take(data)

    def pause_writing(self) -> None:
        """See asyncio.BaseProtocol: the client does not read as fast as we write."""
        self._is_paused = True
        self._is_quick = False
        if self._flow is not None:
            self._flow.pause()
        if self._transport is not None:
            limits = self._lane.limits
            self._reader_s = limits.slow_reader if self._flow is None else limits.idle
            self._unsent = self._transport.get_write_buffer_size()
            self._look_in(self._reader_s)

    def resume_writing(self) -> None:
        """See asyncio.BaseProtocol."""
        self._is_paused = False
        self._since = self._lane.now
        if self._flow is not None:
            self._lane.naps.stay_awake()  # a fast reader comes back at once
            self._flow.resume()
        else:
            self._go_on()

    def seen(self) -> Seen | None:
        """See Timed. Not what it asked for last: that would have to be written down each time."""
        if self._transport is None or not self._path:
            return None
        return Seen(self._client, split_token(self._path)[1], self._is_held, self._since)

    # What its patience asks

    @property
    def _is_held(self) -> bool:
        return self._asked is not None

    @property
    def _has_begun(self) -> bool:
        return bool(self._buffer)

    @property
    def _has_asked(self) -> bool:
        return self._fields is not _NO_FIELDS

    # Requests

    def _take(self, data: bytes) -> None:
        if self._transport is None or self._is_ending:
            return
        self._is_quick = False
        if not (self._buffer or data.isspace()):
            self._since = self._lane.now
        self._buffer += data
        if self._asked is None and not self._is_paused:
            self._go_on()
        elif len(self._buffer) > MOST_AHEAD_BYTES:
            self._transport.pause_reading()

    def _go_on(self) -> None:
        """Answer what is buffered, in order, until an answer takes time or others have their turn."""
        whole, at, left = self._buffer, 0, MOST_AT_ONCE
        self._buffer = b""
        while self._is_free:
            while whole.startswith(b"\r\n", at):  # RFC 9112, 2.2
                at += 2
            end = whole.find(END, at) + len(END)
            if end < len(END) or not left:
                break
            if not self._serve(whole[at:end]):
                self._hand_over(whole[at:])
                return
            at, left = end, left - 1
        self._buffer = whole[at:]
        if not self._is_free:
            return
        if left:
            self._await_rest()
        else:
            self._lane.loop.call_soon(self._go_on)

    @property
    def _is_free(self) -> bool:
        """For the next request."""
        return not (self._transport is None or self._asked is not None or self._is_paused or self._is_ending)

    def _await_rest(self) -> None:
        assert self._transport is not None
        if not self._transport.is_reading():
            self._transport.resume_reading()
        data, limits = self._buffer, self._lane.limits
        if not data:
            self._is_quick = self._lane.is_quick
        elif len(data) > MOST_HEAD_BYTES:
            self._refuse(_TOO_LONG)
        elif is_odd(data):
            self._hand_over(data)
        else:
            self._look_in(self._since + limits.slow_head - self._lane.now)

    def _serve(self, head: bytes) -> bool:
        """False: this is not for us, and nothing was done."""
        lane = self._lane
        if lane.is_quick and (shortcut := Seek.known(head, lane)) is not None:
            assert self._transport is not None
            if shortcut.give(head, self._transport, lane):
                self._read_fields(shortcut.fields)
                self._since, self._seek = lane.now, shortcut
                return True
        line, end, rest = head.partition(b"\r\n")
        raw = end + rest
        fields = self._fields if raw == self._fields.raw else lane.fields(raw)
        if fields is None:
            return False
        if fields is not self._fields:
            self._read_fields(fields)
        asked = self._known.get(line) or self._memo.found(line, self._permitted)
        is_known = asked is not None and asked.lease.holds
        if asked is None or not is_known:
            told = lane.ask(line, fields, self._memo, self._client)
            if told is None:
                return False
            asked, permitted = told
            self._permitted = permitted or self._permitted
        self._since = lane.now
        if asked.hears is not None:  # let in
            self._path = asked.head.path
        self._seek = None
        if not (lane.ready.is_draining or asked.closes):
            self._look_for_more(Seek.of(head, asked, fields, lane.loop.time()))
        self._answer(asked, again=is_known)
        return True

    def _look_for_more(self, seek: Seek | None) -> None:
        self._seek = seek
        if seek is not None and self._lane.is_quick:
            seek.share(self._lane)

    def _read_fields(self, fields: Fields) -> None:
        """A permit is for the client to whom it was given, and so is what he was given: a proxy asks for one
        after the other.
        """
        client = client_address(self._address, fields.forwarded_for, self._lane.trusted)
        if client != self._client:
            self._permitted = None
            self._path = ""
        self._client = client
        self._fields = fields
        self._memo = self._lane.memo(fields)
        self._known = self._memo.known

    def _answer(self, asked: Asked, *, again: bool) -> None:
        refused = self._lane.too_many_of(self._client)
        if refused is not None:
            self._held_at = self._lane.loop.time()
            self._send(asked, self._lane.wire(asked, refused))
        elif again:
            self._give_again(asked)
        elif asked.later is not None:
            self._stream(asked)
        elif asked.wire is None:
            self._hold(asked)
        else:
            self._send(asked, asked.wire)

    def _stream(self, asked: Asked) -> None:
        lane, transport = self._lane, self._transport
        assert asked.later is not None
        assert transport is not None
        self._is_quick = False
        self._asked = asked
        self._held_at = lane.loop.time()
        lane.ready.requests += 1
        closes = asked.closes or lane.ready.is_draining
        way = Way(transport, asked.head, lane.tally, asked.kind, lane.date, closes)
        if isinstance(asked.later, AtHand):
            self._flow = reel = Reel(asked.later, way, self)
            if reel.begin():
                self._streamed(asked.later.status, asked.later.stop - asked.later.start, is_closed=closes)
        else:
            self._flow = flow = Flow(way, self)
            flow.ask(asked.later)

    def streamed(self, status: int, octets: int, *, is_closed: bool) -> None:
        """See flow.Reader."""
        self._streamed(status, octets, is_closed=is_closed)
        if not is_closed:
            self._go_on()

    def _streamed(self, status: int, octets: int, *, is_closed: bool) -> None:
        if self._asked is not None and self._lane.access_log.is_on:
            self._note(self._asked, status, octets)
        self._let_go()
        self._since = self._lane.now
        if is_closed:
            self.close()

    def _give_again(self, asked: Asked) -> None:
        if not self._path and asked.hears is not None:  # what this client asked before was refused
            self._path = asked.head.path
        if asked.wire is None:
            self._hold(asked)
            return
        if asked.lease.again is not None:
            asked.lease.again()
        self._send(asked, asked.wire)

    def _hold(self, asked: Asked) -> None:
        lane = self._lane
        self._held_at = lane.loop.time()
        if not lane.seats.take(self._client):
            self._send(asked, lane.wire(asked, no_seat()))
            return
        assert asked.wait is not None
        self._is_quick = False
        self._asked = asked
        lane.ready.requests += 1
        self._queue = asked.wait.subscribe(self, self._held_at)

    def answered(self, response: Response) -> None:
        """See edge.live.waiters.Viewer."""
        self._queue = None
        asked = self._asked
        if asked is not None:  # else he left before the queue was found that he was to leave
            self._lane.outbox.put(self, response, asked, is_media=asked.kind == "part")

    def complete(self, response: Response) -> None:
        """See outbox.Woken."""
        asked = self._asked
        if asked is not None and self._transport is not None:
            self._let_go()
            self._since = self._lane.now
            self._send(asked, self._lane.answer(asked, response))
            if asked.crowd is not None and not asked.lease.holds:
                self._lane.make_ready(asked)
            if self._buffer or self._is_paused or self._is_ending:
                self._go_on()
            else:
                self._is_quick = self._lane.is_quick

    def _let_go(self) -> None:
        """It waits no more."""
        if self._asked is None:
            return
        queue, self._queue = self._queue, None
        if queue is not None:
            queue.leave(self)
        if self._flow is None:
            self._lane.seats.leave(self._client)
        elif self._transport is None:
            self._flow.cancel()
        self._flow = self._asked = None
        self._lane.ready.requests -= 1

    def _send(self, asked: Asked, wire: Wire) -> None:
        lane, transport = self._lane, self._transport
        assert transport is not None
        count = asked.count if wire is asked.wire or wire is asked.answer else None
        count = count or lane.tally.of(asked.kind, wire.status)
        count.requests += 1
        count.octets += wire.counted
        if asked.closes or lane.ready.is_draining:
            transport.writelines(wire.closing(lane.date))
            self.close()
        else:
            wire.write(transport, lane.date, is_shared=asked.is_simple, socket_fd=self._socket_fd)
        if lane.access_log.is_on:
            self._note(asked, wire.status, wire.length)
        if not count.requests % HEARD_EVERY:
            lane.hear()

    def _note(self, asked: Asked, status: int, octets: int) -> None:
        held_s = self._lane.loop.time() - self._held_at if asked.wait or asked.later else 0.0
        line = Line(self._client, asked.head.method, asked.head.path, status, octets, round(held_s, 4))
        self._lane.access_log.note(line)

    def _refuse(self, response: Response) -> None:
        """An answer to what is no request."""
        assert self._transport is not None
        self._lane.tally.of("other", response.status).requests += 1
        self._transport.writelines(Wire(response).closing(self._lane.date))
        self.close()

    def _hand_over(self, buffered: bytes) -> None:
        lane, transport = self._lane, self._transport
        assert transport is not None
        lane.wheel.take_out(self, self._slot)
        self._transport = None
        self._buffer = b""
        transport.set_write_buffer_limits()
        hand_over(transport, lane, buffered, partial(lane.doors.leave, self._address))
