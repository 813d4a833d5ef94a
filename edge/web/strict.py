"""A connection of the strict lane: aiohttp's own, with refusals in our words; it says what it is at."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web
from aiohttp.abc import AbstractStreamWriter
from aiohttp.hdrs import HOST, X_FORWARDED_FOR
from aiohttp.http import HttpVersion10, HttpVersion11, RawRequestMessage
from aiohttp.http_exceptions import BadHttpMethod, BadStatusLine, HttpProcessingError, LineTooLong
from aiohttp.streams import StreamReader

from edge.http.host import is_host
from edge.http.message import Response
from edge.http.problem import problem
from edge.metrics import WEB_FAILURES, WEB_REQUESTS
from edge.web.middleware import foreign, kind_of
from edge.web.reply import written

KIND = "malformed"
"""Of requests that are no HTTP, in the metrics: counted and not logged, for any stranger can send many."""

LONGEST_LINE_BYTES, LONGEST_FIELD_BYTES = 8_000, 8_190
"""Of a head. They differ, for aiohttp tells no more of what was too long than the limit."""

_BAD_HOST = problem(
    400, "Bad request", "The request needs exactly one Host field that names a host (RFC 9112, 3.2)"
)

_GIVEN = frozenset({200, 206, 304})
"""Neither a preflight nor a way to somewhere else: those are for everybody, whatever they name."""

Handle = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


class Strict(web.RequestHandler):
    """What it says of itself is for whoever watches its time (see handover.Handed)."""

    def __init__(self, manager: web.Server, loop: asyncio.AbstractEventLoop, **settings: Any) -> None:
        """`settings`: those of aiohttp. `manager` is one that `strict_lane` has seen."""
        super().__init__(manager, loop=loop, **settings)
        self.heads = 0
        """Of requests that came whole."""
        self.given: tuple[str, list[str]] | None = None
        """Of the last request that got what it asked for: its path as it came, and its X-Forwarded-For."""
        self.is_answering = False
        self.streaming: asyncio.Task[Any] | None = None
        """Writes an answer that is fetched for this reader: it ends when he leaves. Other tasks end what they
        began.
        """
        self._body: StreamReader | None = None

    @property
    def is_reading_body(self) -> bool:
        """Whether the body of the last request is not there yet."""
        return self._body is not None and not self._body.is_eof()

    def head_received(self, body: StreamReader) -> None:
        """A request is about to be answered; its body may still come."""
        self.heads += 1
        self.is_answering = True
        self._body = body

    def connection_lost(self, exc: BaseException | None) -> None:
        """See asyncio.BaseProtocol."""
        super().connection_lost(exc)
        if self.streaming is not None:
            self.streaming.cancel()

    def log_access(self, request: web.BaseRequest, response: web.StreamResponse | None, *_: object) -> None:
        """See web.RequestHandler: the answer is out. Our own access log is a middleware."""
        self.is_answering = False
        if response is not None and response.status in _GIVEN:
            self.given = request.rel_url.raw_path, request.headers.getall(X_FORWARDED_FOR, [])

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,  # noqa: ARG002  has a picture of the request in it
    ) -> web.StreamResponse:
        """See web.RequestHandler: a problem document in the place of a text with the request in it."""
        if request.writer.output_size > 0:
            raise ConnectionError("Half an answer is out: no other can follow")
        if status == 500:
            WEB_FAILURES.inc()
            self.log_exception("Error handling request", exc_info=exc)
            answer = problem(500, "Internal error", "This is a fault of the server; its log says more")
        else:
            answer = _refusal(status, exc)
            WEB_REQUESTS.labels(KIND, answer.status).inc()
        response = written(answer)
        response.force_close()
        return response


def _refusal(status: int, exc: BaseException | None) -> Response:
    """Without a word of what was sent: that may be a secret, or a script."""
    if isinstance(exc, HttpProcessingError) and exc.message.startswith(
        ("Missing 'Host'", "Duplicate 'Host'")
    ):
        return _BAD_HOST
    if not isinstance(exc, LineTooLong):
        return problem(status, "Bad request", _fault(exc))
    if exc.args[1] == LONGEST_LINE_BYTES:  # RFC 9112, 3
        return problem(414, "URI too long", "The address in the request is too long: shorten it")
    return problem(431, "Request header fields too large", "A field of the request is too long: shorten it")


def _fault(exc: BaseException | None) -> str:
    if isinstance(exc, BadHttpMethod):
        return "This is no HTTP request: it must begin with a method, as GET. Is it TLS, to a port without?"
    if isinstance(exc, BadStatusLine):
        return (
            "The first line of the request is malformed: send METHOD, address and HTTP/1.1, one space between"
        )
    return "The head of the request, or the framing of its body, is malformed: see RFC 9112, 2 to 7"


def strict_lane(server: web.Server, **settings: Any) -> Callable[[], Strict]:
    """Makes the protocol of a connection to `server`. `settings`: see web.RequestHandler."""
    loop = asyncio.get_running_loop()
    make = server.request_factory

    def made(
        message: RawRequestMessage,
        body: StreamReader,
        protocol: web.RequestHandler,
        writer: AbstractStreamWriter,
        task: "asyncio.Task[None]",
    ) -> web.BaseRequest:
        if isinstance(protocol, Strict):
            protocol.head_received(body)
        if message.version not in {HttpVersion10, HttpVersion11}:  # else the answer would claim to be of that
            message = message._replace(version=HttpVersion11)
        return make(message, body, protocol, writer, task)

    server.request_factory = made
    server.request_handler = _in_our_words(server.request_handler)
    limits = {"max_line_size": LONGEST_LINE_BYTES, "max_field_size": LONGEST_FIELD_BYTES}
    return lambda: Strict(server, loop, **limits, **settings)


def _in_our_words(handle: Handle) -> Handle:
    """Some requests are refused before any middleware: by aiohttp an Expect that nobody knows, by us a Host
    that is none.
    """

    async def handled(request: web.BaseRequest) -> web.StreamResponse:
        if not is_host(request.headers.get(HOST, "")):
            WEB_REQUESTS.labels(KIND, _BAD_HOST.status).inc()
            refusal = written(_BAD_HOST)
            refusal.force_close()
            return refusal
        try:
            return await handle(request)
        except web.HTTPException as error:
            if error.status < 400:
                raise
            WEB_REQUESTS.labels(kind_of(request.path), error.status).inc()
            answer = foreign(error)
            answer.force_close()
            return answer

    return handled
