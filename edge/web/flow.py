"""An answer that takes time or comes in pieces, written as its reader takes them."""

import asyncio
import logging
import socket
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from typing import NamedTuple, Protocol

from edge.errors import EdgeError
from edge.http.cors import OPEN
from edge.http.message import Pieces, RequestHead, Response, Streaming
from edge.http.problem import problem_of
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


class Flow:
    """One answer on its way. Who made it says when the transport is full, and cancels it when it is gone."""

    __slots__ = ("_reader", "_resumed", "_task", "_way")

    def __init__(self, later: Later, way: Way, reader: Reader) -> None:
        self._way = way
        self._reader = reader
        self._resumed: asyncio.Future[None] | None = None
        self._task = asyncio.ensure_future(self._run(later))
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
        self._task.cancel()

    async def _run(self, later: Later) -> None:
        answer = await later.begin()
        if isinstance(answer, Response):
            self._reader.complete(answer)
        elif answer.content_length == 0 or self._way.head.method == "HEAD":
            self._begin(answer, b"")
            self._reader.streamed(answer.status, 0, is_closed=self._way.closes)
        else:
            await self._stream(answer)

    async def _stream(self, answer: Streaming) -> None:
        """The first piece is waited for: an origin that fails is an error with a sentence, later a cut."""
        async with aclosing(answer.pieces()) as pieces:
            try:
                first = await anext(pieces)
            except EdgeError as error:
                self._reader.complete(problem_of(error, headers=OPEN))
                return
            count = self._begin(answer, first)
            try:
                await self._pass_on(pieces, count)
            except EdgeError as error:
                self._cut(error)
                return
        self._reader.streamed(answer.status, answer.content_length, is_closed=self._way.closes)

    async def _pass_on(self, pieces: Pieces, count: Count) -> None:
        write = self._way.transport.write
        if self._resumed is not None:
            await self._resumed
        async for piece in pieces:
            write(piece)
            count.octets += len(piece)
            if self._resumed is not None:
                await self._resumed

    def _begin(self, answer: Streaming, first: bytes | bytearray) -> Count:
        way = self._way
        limit_unsent(way.transport)
        lines = head_lines(answer.status, answer.content_length, (), answer.headers)
        closing = _CLOSING if way.closes else b""
        way.transport.writelines([b"".join((lines, way.date, closing, b"\r\n")), first])
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
        self._way.transport.abort()


def limit_unsent(transport: asyncio.Transport) -> None:
    """See AHEAD_BYTES. What is no TCP connection stays as it is."""
    one = transport.get_extra_info("socket")
    if one is not None and one.family in {socket.AF_INET, socket.AF_INET6}:
        one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, AHEAD_BYTES)
