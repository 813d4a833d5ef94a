"""What origins said about assets, remembered for seconds: one question at a time, stale where allowed."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from cachetools import LRUCache

from edge.errors import NotFound, OriginError
from edge.metrics import VOD_STALE
from edge.vod.asset import Asset


@dataclass(frozen=True, slots=True)
class Freshness:
    """Seconds after an answer of the origin (RFC 5861 for the two stale ones)."""

    fresh_s: float = 10.0
    missing_s: float = 2.0
    stale_while_revalidate_s: float = 0.0
    stale_if_error_s: float = 0.0


@dataclass(frozen=True, slots=True)
class _Said:
    asset: Asset | None
    at: float


class KnownAssets:
    """`ask` is asked once for all who want to know. Failures of origins are never remembered."""

    def __init__(
        self,
        ask: Callable[[str], Awaitable[Asset]],
        freshness: Freshness,
        *,
        changed: Callable[[Asset], None],
        most: int = 50_000,
    ) -> None:
        self._ask = ask
        self._freshness = freshness
        self._changed = changed
        self._said: LRUCache[str, _Said] = LRUCache(most)
        self._asking: dict[str, asyncio.Task[Asset]] = {}

    async def get(self, key: str, now: float) -> Asset:
        """The asset, `now` being the loop's time. NotFound, OriginError."""
        said = self._said.get(key)
        age = now - said.at if said else float("inf")
        if said is not None and said.asset is None and age < self._freshness.missing_s:
            raise NotFound(f"There is no {key!r}")
        if said is None or said.asset is None:
            return await asyncio.shield(self._question(key))
        if age < self._freshness.fresh_s:
            return said.asset
        if age < self._freshness.fresh_s + self._freshness.stale_while_revalidate_s:
            self._question(key)
            VOD_STALE.labels("revalidating").inc()
            return said.asset
        return await self._again(key, said.asset, age)

    async def _again(self, key: str, asset: Asset, age: float) -> Asset:
        try:
            return await asyncio.shield(self._question(key))
        except OriginError:
            if age >= self._freshness.fresh_s + self._freshness.stale_if_error_s:
                raise
            VOD_STALE.labels("error").inc()
            return asset

    def peek(self, key: str, now: float) -> Asset | None:
        """What is known and fresh, without asking."""
        said = self._said.get(key)
        return said.asset if said and now - said.at < self._freshness.fresh_s else None

    def forget(self, key: str) -> None:
        """The next one asks."""
        self._said.pop(key, None)

    def _question(self, key: str) -> asyncio.Task[Asset]:
        task = self._asking.get(key)
        if task is None:
            task = self._asking[key] = asyncio.create_task(self._answer(key))
            task.add_done_callback(lambda done: self._answered(key, done))
        return task

    def _answered(self, key: str, task: asyncio.Task[Asset]) -> None:
        self._asking.pop(key, None)
        if not task.cancelled():
            task.exception()  # it may be that nobody waits any more

    async def _answer(self, key: str) -> Asset:
        loop = asyncio.get_running_loop()
        try:
            asset = await self._ask(key)
        except NotFound:
            self._said[key] = _Said(None, loop.time())
            raise
        self._said[key] = _Said(asset, loop.time())
        self._changed(asset)
        return asset

    async def close(self) -> None:
        """Ends every question."""
        tasks = list(self._asking.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
