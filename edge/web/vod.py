"""Assets over aiohttp: the whole, ranges, and an honest cut where the origin fails amid them."""

import asyncio
import logging
from collections.abc import Awaitable, Iterator
from contextlib import aclosing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from functools import lru_cache
from urllib.parse import unquote

from aiohttp import hdrs, web
from multidict import CIMultiDict

from edge.auth.admission import Admission
from edge.errors import EdgeError
from edge.http.asset_path import asset_key
from edge.http.cache_control import is_only_if_cached
from edge.http.cors import OPEN, READ_METHODS, preflight
from edge.http.message import AtHand, Octets, Pieces, RequestHead, Response, Streaming
from edge.http.problem import method_not_allowed, problem_of
from edge.http.token_path import for_log, from_query, split_token
from edge.ingest.bearer import parse_bearer
from edge.metrics import WEB_SENT
from edge.vod.library import Library
from edge.web.flow import Later
from edge.web.reply import SERVER, head_of, send
from edge.web.strict import Strict

logger = logging.getLogger(__name__)

PATIENCE_S = 60.0
"""For a reader to take one piece."""

_MOST_KNOWN = 4096


class AssetGate:
    """Answers for assets to those who may have them. Both lanes ask here."""

    takes_encoded = True

    def __init__(self, library: Library, admission: Admission) -> None:
        self._library = library
        self._admission = admission
        self._named = lru_cache(_MOST_KNOWN)(_named)

    def answer(self, head: RequestHead, now: float) -> Response | Later | AtHand:  # noqa: ARG002  see lane.Answerer
        """To a GET, HEAD or OPTIONS whose path is as it came, percent-encoded. What may take time is a Later.
        Octets are to be sent and not to be looked at: see OpenBlock.mapped.
        """
        if head.method == hdrs.METH_OPTIONS:
            return preflight()
        asked = self._asked(head)
        if isinstance(asked, Response):
            return asked
        key, pending = asked
        if pending is None and (found := self._library.answer_now(key, head, datetime.now(UTC))) is not None:
            # A slice is given without asking again: whoever needs a token is judged each time.
            if isinstance(found, AtHand) or self._admission.config.play == "open":
                return found
            return replace(found, slices=None)
        return Later(lambda: self._later(key, head, pending))

    async def copied(self, head: RequestHead) -> Response | Streaming:
        """As `answer`, for a lane that looks at octets on their way."""
        asked = self._asked(head)
        return asked if isinstance(asked, Response) else await self._later(asked[0], head, asked[1])

    def _asked(self, head: RequestHead) -> Response | tuple[str, Awaitable[None] | None]:
        """For which asset, and what has to be waited for before it may be had."""
        try:
            token, key = self._named(head.path)
            token = token if token is not None else _elsewhere(head)
            return key, self._admission.decide("play", f"/{key}", token, head.client)
        except EdgeError as error:
            return problem_of(error, headers=OPEN)

    def may_repeat(self, head: RequestHead) -> bool:  # noqa: ARG002
        """See lane.Answerer: its age changes."""
        return False

    def hears(self, head: RequestHead) -> None:  # noqa: ARG002
        """See lane.Answerer: metrics are by stream."""
        return

    async def _later(
        self, key: str, head: RequestHead, pending: Awaitable[None] | None
    ) -> Response | Streaming:
        if pending is not None:
            try:
                await pending
            except EdgeError as error:
                return problem_of(error, headers=OPEN)
        return await self._library.answer(key, head, datetime.now(UTC))


def vod_routes(gate: AssetGate) -> list[web.AbstractRouteDef]:
    """Every method below `/vod/`."""

    async def asset(request: web.Request) -> web.StreamResponse:
        head = head_of(request)
        if head.method == hdrs.METH_OPTIONS:
            return await send(request, preflight())
        if head.method not in {"GET", "HEAD"}:
            return await send(request, method_not_allowed(head.method, READ_METHODS, headers=OPEN))
        answer = await gate.copied(_as_it_came(head, request))
        if isinstance(answer, Streaming):
            with _ending_with_its_reader(request):
                return await _streamed(request, answer)
        WEB_SENT.labels("vod").inc(answer.content_length if answer.status in {200, 206} else 0)
        return await send(request, answer)

    return [web.route(hdrs.METH_ANY, "/vod/{address:(?s:.*)}", asset)]


def _as_it_came(head: RequestHead, request: web.Request) -> RequestHead:
    """Its path percent-encoded, and the one directive that is heard here: the fast lane hands that over."""
    fields, asked = head.headers, ", ".join(request.headers.getall(hdrs.CACHE_CONTROL, ()))
    if is_only_if_cached(asked):
        fields = {**fields, "cache-control": asked}
    return head._replace(path=request.rel_url.raw_path, headers=fields)


def _named(path: str) -> tuple[str | None, str]:
    """The token in the path, and the key of the asset. BadAddress."""
    token, rest = split_token(path)
    return None if token is None else unquote(token), asset_key(rest.removeprefix("/vod/"))


def _elsewhere(head: RequestHead) -> str | None:
    if (field := head.headers.get("authorization")) is not None:
        return parse_bearer(field)
    return from_query(head.query)[0]


@contextmanager
def _ending_with_its_reader(request: web.Request) -> Iterator[None]:
    """Else what is fetched for a reader who left would be waited for until there is something to write."""
    connection = request.protocol
    if not isinstance(connection, Strict):  # aiohttp's own, in tests
        yield
        return
    connection.streaming = asyncio.current_task()
    try:
        yield
    finally:
        connection.streaming = None


async def _streamed(request: web.Request, answer: Streaming) -> web.StreamResponse:
    """The first piece is waited for: an origin that fails is an error with a sentence; later it is a cut,
    never padded: a short body on a closed connection is an incomplete one (RFC 9112, 8).
    """
    response = web.StreamResponse(status=answer.status, headers=CIMultiDict((*answer.headers, SERVER)))
    response.content_length = answer.content_length
    if request.method == hdrs.METH_HEAD or answer.content_length == 0:
        await response.prepare(request)
        await response.write_eof()
        return response
    async with aclosing(answer.pieces()) as pieces:
        try:
            first = await anext(pieces)
        except EdgeError as error:
            return await send(request, problem_of(error, headers=OPEN))
        is_whole = False
        try:
            await response.prepare(request)
            await _pass_on(response, first, pieces)
            is_whole = True
        except (EdgeError, ConnectionError, TimeoutError) as error:
            _log_cut(request, error)
        finally:
            if not is_whole and request.transport is not None:
                request.transport.abort()
    return response


async def _pass_on(response: web.StreamResponse, first: Octets, pieces: Pieces) -> None:
    piece: Octets | None = first
    while piece is not None:
        async with asyncio.timeout(PATIENCE_S):
            await response.write(piece)
        WEB_SENT.labels("vod").inc(len(piece))
        piece = await anext(pieces, None)
    await response.write_eof()


def _log_cut(request: web.Request, error: Exception) -> None:
    if isinstance(error, EdgeError):
        path = for_log(request.rel_url.raw_path)
        logger.warning("vod.cut_off", extra={"asset": path, "fault": error.detail})
