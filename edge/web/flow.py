"""An answer that takes time or comes in pieces, written as its reader takes them."""

import asyncio
import logging
import socket
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import aclosing
from typing import NamedTuple, Protocol

from edge.errors import EdgeError
from edge.http.cors import OPEN
from edge.http.message import AtHand, Headers, Octets, Pieces, RequestHead, Response, Streaming
from edge.http.problem import internal_error, problem_of
from edge.http.token_path import for_log
from edge.metrics import WEB_FAILURES
from edge.web.tally import Count, Tally
from edge.web.wire import head_lines

logger = logging.getLogger(__name__)

AHEAD_BYTES = 64 * 1024
"""What the kernel holds of an answer that it cannot send yet (TCP_NOTSENT_LOWAT): in flight is as much
as the connection can carry, but a thousand slow readers do not keep gigabytes."""

_CLOSING = b"Connection: close\r\n"


class Later(NamedTuple):
    """An answer for which somebody has to be asked, or whose body is large. `begin` never raises."""

    begin: Callable[[], Awaitable[Response | Streaming]]


class Reader(Protocol):
    """The connection that the answer goes to."""

    def complete(self, response: Response) -> None:
        """Nothing else comes."""

    def streamed(self, status: int, octets: int, *, is_closed: bool) -> None:
        """All of it was written."""


class Way(NamedTuple):
    """How the answer is to be written."""

    transport: asyncio.Transport
    head: RequestHead
    tally: Tally
    kind: str
    date: bytes
    closes: bool

    def begin(self, status: int, headers: Headers, length: int, *first: Octets) -> None:
        """Write the head, and what is there of the body."""
        limit_unsent(self.transport)
        closing = _CLOSING if self.closes else b""
        lines = head_lines(status, length, (), headers)
        self.transport.writelines([b"".join((lines, self.date, closing, b"\r\n")), *first])


class Flow:
    """One answer on its way. Who made it says when the transport is full, and cancels it when it is gone."""

    __slots__ = ("_has_begun", "_reader", "_resumed", "_task", "_way")

    def __init__(self, way: Way, reader: Reader) -> None:
        self._way = way
        self._reader = reader
        self._resumed: asyncio.Future[None] | None = None
        self._task: asyncio.Task[None] | None = None
        self._has_begun = False
        """Something was written, or may have been."""

    def ask(self, later: Later) -> None:
        """Give what it says."""
        self._start(self._run(later))

    def follow(self, answer: AtHand, at: int) -> None:
        """Give the rest of what has begun."""
        self._has_begun = True
        self._start(self._rest(answer, at))

    def _start(self, work: Coroutine[None, None, None]) -> None:
        self._task = asyncio.ensure_future(work)
        self._task.add_done_callback(self._ended)

    def pause(self) -> None:
        """The transport is full."""
        if self._resumed is None:
            self._resumed = asyncio.get_running_loop().create_future()

    def resume(self) -> None:
        """All of it was taken."""
        resumed, self._resumed = self._resumed, None
        if resumed is not None and not resumed.done():
            resumed.set_result(None)

    def cancel(self) -> None:
        """The reader left, or has it all."""
        if self._task is not None:
            self._task.cancel()

    async def _run(self, later: Later) -> None:
        answer = await later.begin()
        if isinstance(answer, Response):
            self._complete(answer)
        elif answer.content_length == 0 or self._way.head.method == "HEAD":
            self._begin(answer, b"")
            self._reader.streamed(answer.status, 0, is_closed=self._way.closes)
        else:
            await self._stream(answer)

    def _complete(self, response: Response) -> None:
        self._has_begun = True
        self._reader.complete(response)

    async def _stream(self, answer: Streaming) -> None:
        """The first piece is waited for: an origin that fails is an error with a sentence, later a cut."""
        async with aclosing(answer.pieces()) as pieces:
            try:
                first = await anext(pieces)
            except EdgeError as error:
                self._complete(problem_of(error, headers=OPEN))
                return
            count = self._begin(answer, first)
            if not await self._pass_on(pieces, count):
                return
        self._reader.streamed(answer.status, answer.content_length, is_closed=self._way.closes)

    async def _rest(self, answer: AtHand, at: int) -> None:
        count = self._way.tally.of(self._way.kind, answer.status)
        async with aclosing(answer.rest(at)) as pieces:
            if await self._pass_on(pieces, count):
                self._reader.streamed(answer.status, answer.stop - answer.start, is_closed=self._way.closes)

    async def _pass_on(self, pieces: Pieces, count: Count) -> bool:
        """Whether all came; else the connection is cut."""
        write = self._way.transport.write
        try:
            if self._resumed is not None:
                await self._resumed
            async for piece in pieces:
                write(piece)
                count.octets += len(piece)
                if self._resumed is not None:
                    await self._resumed
        except EdgeError as error:
            self._cut(error)
            return False
        return True

    def _begin(self, answer: Streaming, first: Octets) -> Count:
        way = self._way
        way.begin(answer.status, answer.headers, answer.content_length, first)
        self._has_begun = True
        count = way.tally.of(way.kind, answer.status)
        count.requests += 1
        count.octets += len(first)
        return count

    def _cut(self, error: EdgeError) -> None:
        """Never padded: a short body on a closed connection is an incomplete one (RFC 9112, 8)."""
        path = for_log(self._way.head.path)
        logger.warning("vod.cut_off", extra={"asset": path, "fault": error.detail})
        self._way.transport.abort()

    def _ended(self, task: asyncio.Task[None]) -> None:
        if task.cancelled() or (fault := task.exception()) is None:
            return
        WEB_FAILURES.inc()
        facts = {"method": self._way.head.method, "path": for_log(self._way.head.path)}
        logger.error("web.request_failed", extra=facts, exc_info=fault)
        if self._has_begun:
            self._way.transport.abort()
        else:
            self._complete(internal_error(OPEN))


def limit_unsent(transport: asyncio.Transport) -> None:
    """See AHEAD_BYTES. What is no TCP connection stays as it is."""
    one = transport.get_extra_info("socket")
    if one is not None and one.family in {socket.AF_INET, socket.AF_INET6}:
        one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, AHEAD_BYTES)
