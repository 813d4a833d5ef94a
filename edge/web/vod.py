"""Assets over aiohttp: the whole, ranges, and an honest cut where the origin fails amid them."""

import asyncio
import logging
from contextlib import aclosing
from datetime import UTC, datetime
from urllib.parse import unquote

from aiohttp import hdrs, web
from multidict import CIMultiDict

from edge.auth.admission import Admission
from edge.errors import EdgeError
from edge.http.asset_path import asset_key
from edge.http.cors import OPEN, READ_METHODS, preflight
from edge.http.message import RequestHead, Response
from edge.http.problem import method_not_allowed, problem_of
from edge.http.token_path import from_query, split_token
from edge.ingest.bearer import parse_bearer
from edge.metrics import WEB_SENT
from edge.vod.library import Library, Pieces, Streaming
from edge.web.reply import SERVER, head_of, send

logger = logging.getLogger(__name__)

PATIENCE_S = 60.0
"""For a reader to take one piece: who takes less than 4 KiB a second is cut."""


def vod_routes(library: Library, admission: Admission) -> list[web.AbstractRouteDef]:
    """Every method below `/vod/`."""

    async def asset(request: web.Request) -> web.StreamResponse:
        head = head_of(request)
        if head.method == hdrs.METH_OPTIONS:
            return await send(request, preflight())
        if head.method not in {"GET", "HEAD"}:
            return await send(request, method_not_allowed(head.method, READ_METHODS, headers=OPEN))
        answer = await _answer(library, admission, request.rel_url.raw_path, head)
        if isinstance(answer, Response):
            return await send(request, answer)
        return await _streamed(request, answer)

    return [web.route(hdrs.METH_ANY, "/vod/{address:.*}", asset)]


async def _answer(
    library: Library, admission: Admission, raw_path: str, head: RequestHead
) -> Response | Streaming:
    token, path = split_token(raw_path)
    try:
        key = asset_key(path.removeprefix("/vod/"))
        await admission.admit("play", key, _token(token, head), head.client)
    except EdgeError as error:
        return problem_of(error, headers=OPEN)
    return await library.answer(key, head, datetime.now(UTC))


def _token(in_path: str | None, head: RequestHead) -> str | None:
    if in_path is not None:
        return unquote(in_path)
    if (field := head.headers.get("authorization")) is not None:
        return parse_bearer(field)
    return from_query(head.query)[0]


async def _streamed(request: web.Request, answer: Streaming) -> web.StreamResponse:
    """The first piece is waited for: an origin that fails is an error with a sentence; later it is a cut."""
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
        try:
            await response.prepare(request)
            await _pass_on(response, first, pieces)
        except (EdgeError, ConnectionError, TimeoutError) as error:
            _cut(request, error)
    return response


async def _pass_on(response: web.StreamResponse, first: bytes | bytearray, pieces: Pieces) -> None:
    piece: bytes | bytearray | None = first
    while piece is not None:
        async with asyncio.timeout(PATIENCE_S):
            await response.write(piece)
        WEB_SENT.labels("vod").inc(len(piece))
        piece = await anext(pieces, None)
    await response.write_eof()


def _cut(request: web.Request, error: Exception) -> None:
    """Never padded: a short body on a closed connection is an incomplete one (RFC 9112, 8)."""
    if isinstance(error, EdgeError):
        logger.warning(
            "an asset was cut off", extra={"asset": split_token(request.path)[1], "fault": error.detail}
        )
    if request.transport is not None:
        request.transport.abort()
