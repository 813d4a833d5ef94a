"""An asset is brought to the disk before anybody asks for it, no faster than is wanted."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Iterator
from typing import NamedTuple, Protocol

from edge.errors import OriginError
from edge.http.byte_range import ByteRange
from edge.http.message import Octets
from edge.vod.asset import Asset
from edge.vod.block_cache import Presence
from edge.vod.pace import Pace

STEP = 4 * 1_048_576
"""Octets that are looked for, and read if they are not there: some blocks, so that the cache reads ahead, and
no more than `how` looks at.
"""
_WANTED = 2
"""Who warms says that it will be asked for: it comes in as what is watched does (see Order.add)."""
_SETTLE_S = 0.02
_PATIENCE_S = 30.0
_WEAK = "Its origin gives no strong ETag, and pieces of it cannot be joined safely"
_WHY = "Its origin is not cached (the operator's key: vod.origins, cached), or forbids it (Cache-Control)"


class WarmCache(Protocol):
    """Of BlockCache."""

    async def open(self, key: str) -> Asset: ...

    def keeps(self, asset: Asset) -> bool: ...

    def how(self, asset: Asset, span: ByteRange) -> Presence: ...

    def stream(self, asset: Asset, span: ByteRange, *, readers: int = 1) -> AsyncGenerator[Octets]: ...


class NotKept(OriginError):
    """The cache does not take it."""

    title = "The asset is not kept"


class Progress(NamedTuple):
    """Octets: `done` of `size` are fetched or were there; `held`, told at the end, are on disk."""

    size: int
    done: int
    held: int | None = None


async def warming(cache: WarmCache, key: str, rate: float | None) -> AsyncGenerator[Progress]:
    """First with nothing done, last with `held`. `rate`: octets a second. Closed, it stops the fetch.

    NotFound, OriginError; NotKept: not even the first blocks, so the rest is not asked for.
    """
    asset = await cache.open(key)
    yield Progress(asset.size, 0)
    if not cache.keeps(asset):
        raise NotKept(_WHY if asset.is_strong else _WEAK)
    pace = Pace(rate, asyncio.get_running_loop().time()) if rate else None
    for span in _steps(asset):
        if cache.how(asset, span).there < span.size:
            async with contextlib.aclosing(_fetched(cache, asset, span, pace)) as steps:
                async for done in steps:
                    yield Progress(asset.size, done)
        if span.start == 0 and not await _held(cache, asset, span):
            raise NotKept("The cache does not take it: look at its disk in the server's log")
        yield Progress(asset.size, span.stop)
    held = [await _held(cache, asset, span) for span in _steps(asset)]
    yield Progress(asset.size, asset.size, sum(held))


def _steps(asset: Asset) -> Iterator[ByteRange]:
    for start in range(0, asset.size, STEP):
        yield ByteRange(start, min(start + STEP, asset.size))


async def _fetched(cache: WarmCache, asset: Asset, span: ByteRange, pace: Pace | None) -> AsyncGenerator[int]:
    at = span.start
    async with contextlib.aclosing(cache.stream(asset, span, readers=_WANTED)) as pieces:
        async for piece in pieces:
            at += len(piece)
            if pace is not None:
                await asyncio.sleep(pace.after(len(piece), asyncio.get_running_loop().time()))
            yield at


async def _held(cache: WarmCache, asset: Asset, span: ByteRange) -> int:
    """Octets on disk, when what is on its way has come there."""
    for _ in range(round(_PATIENCE_S / _SETTLE_S)):
        if not cache.how(asset, span).is_coming:
            break
        await asyncio.sleep(_SETTLE_S)
    return cache.how(asset, span).there
