"""The cache of assets in an operator's hands: figures, what it holds, purge, warm."""

import json
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from typing import Any, NamedTuple, Protocol
from urllib.parse import quote

from aiohttp import hdrs, web

from edge.auth.admission import Admission
from edge.errors import BadQuery
from edge.http.asset_path import asset_key
from edge.http.cache_control import NO_STORE
from edge.metrics import VOD_BLOCKS, VOD_EVICTED, VOD_WRITTEN
from edge.web.api import admit, limit_of
from edge.web.cache_lines import Listed, all_warmed, named, warmed
from edge.web.cache_stock import Stock, listing, matched

logger = logging.getLogger(__name__)

_LONGEST_PATTERN = 1024
_ORDER = 'Send {"asset": its path below /vod/, "rate_bytes": octets a second}, or "pattern" for "asset"'
_LINES = "application/jsonl"
_HEADERS = {"Cache-Control": NO_STORE, "X-Content-Type-Options": "nosniff"}


class Cache(Listed, Stock, Protocol):
    """Of BlockCache."""

    async def purge(self, pattern: str) -> int: ...

    def stats(self) -> dict[str, int]: ...


Route = Callable[[web.Request], Awaitable[web.StreamResponse]]


def cache_routes(cache: Cache, block_size: int, admission: Admission) -> list[web.AbstractRouteDef]:
    """Everything below `/api/v1/cache`; who is let in: see `admit`. `block_size`: octets."""

    def guarded(route: Route) -> Route:
        async def admitted(request: web.Request) -> web.StreamResponse:
            await admit(request, admission)
            return await route(request)

        return admitted

    async def stats(request: web.Request) -> web.StreamResponse:
        is_narrow = "pattern" in request.query
        of_these = await matched(cache, _pattern(request, None), block_size) if is_narrow else None
        return _json({**cache.stats(), **_since_start(), "matched": of_these})

    async def assets(request: web.Request) -> web.StreamResponse:
        pieces = listing(cache, _pattern(request, "*"), limit_of(request), block_size)
        return await _streamed(request, "application/json", pieces)

    async def purge(request: web.Request) -> web.StreamResponse:
        pattern = _pattern(request, None)
        count = await cache.purge(pattern)
        logger.info("vod.purged", extra={"pattern": pattern, "blocks": count})
        return _json({"purged_blocks": count})

    async def warm(request: web.Request) -> web.StreamResponse:
        order = await _order(request)
        if order.pattern is not None:
            lines = all_warmed(cache, order.pattern, order.rate)
        else:
            lines = warmed(cache, asset_key(quote(order.asset, errors="replace")), order.rate)
        return await _streamed(request, _LINES, lines)

    async def names(request: web.Request) -> web.StreamResponse:
        return await _streamed(request, _LINES, named(cache.listed(_pattern(request, None))))

    root = "/api/v1/cache"
    return [
        web.get(root, guarded(stats)),
        web.get(f"{root}/assets", guarded(assets)),
        web.delete(f"{root}/assets", guarded(purge)),
        web.get(f"{root}/warm", guarded(names)),
        web.post(f"{root}/warm", guarded(warm)),
    ]


def _since_start() -> dict[str, Any]:
    (blocks,) = VOD_BLOCKS.collect()
    counts = dict.fromkeys(("ahead", "hit", "joined", "miss", "passed"), 0)
    for sample in blocks.samples:
        if sample.name.endswith("_total"):
            counts[sample.labels["result"]] = int(sample.value)
    asked = counts["hit"] + counts["joined"] + counts["ahead"] + counts["miss"]
    return {
        "hits": counts["hit"],
        "joined": counts["joined"],
        "read_ahead": counts["ahead"],
        "misses": counts["miss"],
        "passed": counts["passed"],
        "hit_ratio": counts["hit"] / asked if asked else None,
        "evicted_blocks": _total(VOD_EVICTED),
        "written_bytes": _total(VOD_WRITTEN),
    }


def _total(counter: Any) -> int:
    (family,) = counter.collect()
    return int(sum(sample.value for sample in family.samples if sample.name.endswith("_total")))


def _pattern(request: web.Request, default: str | None) -> str:
    pattern = request.query.get("pattern", default)
    if pattern is None:
        raise BadQuery("Say what: ?pattern=clips/*, or ?pattern=* for all (*, ? and [a-z] as in a shell)")
    return _checked(pattern)


def _checked(pattern: str) -> str:
    if not 0 < len(pattern) <= _LONGEST_PATTERN:
        raise BadQuery(f"A pattern has 1 to {_LONGEST_PATTERN} characters")
    return pattern


class _Order(NamedTuple):
    """An asset, or all that match; `rate` in octets a second."""

    asset: str
    pattern: str | None
    rate: float | None


async def _order(request: web.Request) -> _Order:
    try:
        body = json.loads(await request.read())
        asset, pattern, rate = body.get("asset", ""), body.get("pattern"), body.get("rate_bytes")
    except (ValueError, TypeError, AttributeError, RecursionError) as error:
        raise BadQuery(_ORDER) from error
    if not isinstance(asset, str) or not isinstance(pattern, str | None) or bool(asset) == bool(pattern):
        raise BadQuery(_ORDER)
    if rate is not None and not (type(rate) in {int, float} and 1 <= rate < 1e15):
        raise BadQuery("rate_bytes is a number of octets a second, 1 or more")
    return _Order(asset, _checked(pattern) if pattern else None, rate)


async def _streamed(request: web.Request, kind: str, pieces: AsyncGenerator[bytes]) -> web.StreamResponse:
    """What fails before the first piece is a problem document."""
    async with aclosing(pieces):
        piece: bytes | None = await anext(pieces)
        response = web.StreamResponse(headers={**_HEADERS, hdrs.CONTENT_TYPE: kind})
        await response.prepare(request)
        while piece is not None and request.method != hdrs.METH_HEAD:
            await response.write(piece)
            piece = await anext(pieces, None)
        await response.write_eof()
    return response


def _json(value: object) -> web.Response:
    return web.Response(body=json.dumps(value).encode(), content_type="application/json", headers=_HEADERS)
