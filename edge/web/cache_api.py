"""The cache of assets in an operator's hands: figures, what it holds, purge, warm."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from typing import Any, Protocol
from urllib.parse import quote

from aiohttp import hdrs, web

from edge.auth.admission import Admission
from edge.errors import BadDirective, EdgeError
from edge.http.asset_path import asset_key
from edge.http.cache_control import NO_STORE
from edge.metrics import VOD_BLOCKS, VOD_EVICTED, VOD_WRITTEN
from edge.vod.asset import Asset
from edge.vod.block_file import StoredBlock
from edge.vod.inventory import HeldAsset, Version, inventory
from edge.vod.warming import Progress, WarmCache, warming
from edge.web.api import admit

logger = logging.getLogger(__name__)

_LONGEST_PATTERN = 1024
_MOST_LISTED = 100_000
_LISTED = 1_000
_TELL_EVERY_S = 0.2
_HEADERS = {"Cache-Control": NO_STORE, "X-Content-Type-Options": "nosniff"}


class Cache(WarmCache, Protocol):
    """Of BlockCache."""

    def known(self, key: str) -> Asset | None: ...

    def list(self, pattern: str = "*") -> list[StoredBlock]: ...

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

    async def stats(_: web.Request) -> web.StreamResponse:
        return _json({**cache.stats(), **_since_start()})

    async def assets(request: web.Request) -> web.StreamResponse:
        blocks = cache.list(_pattern(request, "*"))
        known = _known(cache, blocks)
        return await asyncio.to_thread(_listing, blocks, block_size, known, _limit(request))

    async def purge(request: web.Request) -> web.StreamResponse:
        pattern = _pattern(request, None)
        count = await cache.purge(pattern)
        logger.info("vod.purged", extra={"pattern": pattern, "blocks": count})
        return _json({"purged_blocks": count})

    async def warm(request: web.Request) -> web.StreamResponse:
        key, rate = await _order(request)
        return await _told(request, key, warming(cache, key, rate))

    root = "/api/v1/cache"
    return [
        web.get(root, guarded(stats)),
        web.get(f"{root}/assets", guarded(assets)),
        web.delete(f"{root}/assets", guarded(purge)),
        web.post(f"{root}/warm", guarded(warm)),
    ]


def _since_start() -> dict[str, Any]:
    (blocks,) = VOD_BLOCKS.collect()
    counts = dict.fromkeys(("hit", "joined", "miss", "passed"), 0)
    for sample in blocks.samples:
        if sample.name.endswith("_total"):
            counts[sample.labels["result"]] = int(sample.value)
    asked = counts["hit"] + counts["joined"] + counts["miss"]
    return {
        "hits": counts["hit"],
        "joined": counts["joined"],
        "misses": counts["miss"],
        "passed": counts["passed"],
        "hit_ratio": counts["hit"] / asked if asked else None,
        "evicted_blocks": _total(VOD_EVICTED),
        "written_bytes": _total(VOD_WRITTEN),
    }


def _total(counter: Any) -> int:
    (family,) = counter.collect()
    return int(sum(sample.value for sample in family.samples if sample.name.endswith("_total")))


def _known(cache: Cache, blocks: list[StoredBlock]) -> dict[Version, int]:
    """Sizes of assets, where their origins told them since the server started."""
    names = {block.key.asset for block in blocks}
    return {
        (now.key, now.etag, now.origin): now.size for name in names if (now := cache.known(name)) is not None
    }


def _listing(
    blocks: list[StoredBlock], block_size: int, known: dict[Version, int], limit: int
) -> web.Response:
    """For a thread: a large cache has hundreds of thousands of blocks."""
    held = inventory(blocks, block_size, known)
    return _json({"assets": [_described(one) for one in held[:limit]], "matched": len(held)})


def _described(one: HeldAsset) -> dict[str, Any]:
    return {
        "asset": one.asset,
        "etag": one.etag,
        "origin": one.origin,
        "size_bytes": one.size,
        "held_bytes": one.held,
        "blocks": one.blocks,
        "head_blocks": one.head_blocks,
        "is_whole": one.is_whole,
    }


def _pattern(request: web.Request, default: str | None) -> str:
    pattern = request.query.get("pattern", default)
    if pattern is None:
        raise BadDirective("Say what: ?pattern=clips/*, or ?pattern=* for all (*, ? and [a-z] as in a shell)")
    if not 0 < len(pattern) <= _LONGEST_PATTERN:
        raise BadDirective(f"A pattern has 1 to {_LONGEST_PATTERN} characters")
    return pattern


def _limit(request: web.Request) -> int:
    text = request.query.get("limit", str(_LISTED))
    if not (text.isascii() and text.isdecimal() and len(text) < 10 and 1 <= int(text) <= _MOST_LISTED):
        raise BadDirective(f"limit is a number from 1 to {_MOST_LISTED}")
    return int(text)


async def _order(request: web.Request) -> tuple[str, float | None]:
    try:
        body = json.loads(await request.read())
        key, rate = body["asset"], body.get("rate_bytes")
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise BadDirective('Send {"asset": its path below /vod/, "rate_bytes": octets a second}') from error
    if not isinstance(key, str):
        raise BadDirective("The name of an asset is text")
    if rate is not None and not (type(rate) in {int, float} and 1 <= rate < 1e15):
        raise BadDirective("rate_bytes is a number of octets a second, 1 or more")
    return asset_key(quote(key, errors="replace")), rate


async def _told(request: web.Request, key: str, steps: AsyncIterator[Progress]) -> web.StreamResponse:
    """JSON, a line at a time. What fails before the first line is a problem document, later it is a line."""
    loop = asyncio.get_running_loop()
    async with aclosing(steps):  # type: ignore[type-var]
        last = await anext(steps)
        response = web.StreamResponse(headers={**_HEADERS, hdrs.CONTENT_TYPE: "application/jsonl"})
        await response.prepare(request)
        try:
            told_at = 0.0
            async for last in steps:
                if loop.time() - told_at >= _TELL_EVERY_S and last.held is None:
                    told_at = loop.time()
                    await response.write(_line(key, last))
            await response.write(_line(key, last))
        except EdgeError as error:
            await response.write(_line(key, last, error))
        await response.write_eof()
    return response


def _line(key: str, now: Progress, fault: EdgeError | None = None) -> bytes:
    line: dict[str, Any] = {"asset": key, "size_bytes": now.size, "done_bytes": now.done}
    if now.held is not None:
        line["held_bytes"] = now.held
    if fault is not None:
        line["fault"] = f"{fault.title}: {fault.detail}"
    return json.dumps(line).encode() + b"\n"


def _json(value: object) -> web.Response:
    return web.Response(body=json.dumps(value).encode(), content_type="application/json", headers=_HEADERS)
