"""What origins said about assets, remembered for seconds: one question at a time, stale where allowed."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from cachetools import LRUCache

from edge.errors import NotFound, OriginError
from edge.metrics import VOD_STALE
from edge.vod.asset import Asset
from edge.vod.name_pattern import matcher
from edge.vod.turns import Turns


@dataclass(frozen=True, slots=True)
class Freshness:
    """Seconds after an answer of the origin (RFC 5861 for the two stale ones)."""

    fresh_s: float = 10.0
    """Of what the origin says nothing about."""
    missing_s: float = 2.0
    stale_while_revalidate_s: float = 0.0
    stale_if_error_s: float = 0.0


@dataclass(frozen=True, slots=True)
class _Said:
    asset: Asset | None
    at: float
    """When it was asked for: an answer is as old as the question, at most (RFC 9111, 4.2.3)."""


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
        if said is None:
            return await asyncio.shield(self._question(key))
        if said.asset is None:
            if now - said.at < self._freshness.missing_s:
                raise NotFound(f"There is no {key!r}")
            return await asyncio.shield(self._question(key))
        stale_s = now - said.at - self._fresh_s(said.asset)
        if stale_s < 0:
            return said.asset
        if stale_s < self._allowed(said.asset, "stale_while_revalidate_s"):
            self._question(key)
            VOD_STALE.labels("revalidating").inc()
            return said.asset
        return await self._again(key, said.asset, stale_s)

    async def _again(self, key: str, asset: Asset, stale_s: float) -> Asset:
        try:
            return await asyncio.shield(self._question(key))
        except OriginError:
            if stale_s >= self._allowed(asset, "stale_if_error_s"):
                raise
            VOD_STALE.labels("error").inc()
            return asset

    def _fresh_s(self, asset: Asset) -> float:
        """What the origin says goes before what the operator says (RFC 9111, 4.2.1)."""
        said = asset.storing
        if not said.may_store:
            return 0.0
        return self._freshness.fresh_s if said.fresh_s is None else said.fresh_s

    def _allowed(self, asset: Asset, name: str) -> float:
        """How long it may be given when it is stale (RFC 9111, 4.2.4; RFC 5861)."""
        said: float | None = getattr(asset.storing, name)
        if not (asset.storing.may_store and asset.storing.may_be_stale):
            return 0.0
        return float(getattr(self._freshness, name)) if said is None else said

    def peek(self, key: str, now: float) -> Asset | None:
        """What is known and fresh, without asking; of the time -inf: what is known, fresh or not."""
        said = self._said.get(key)
        if said is None or said.asset is None or now - said.at >= self._fresh_s(said.asset):
            return None
        return said.asset

    def age_s(self, asset: Asset, now: float) -> float | None:
        """Seconds since the origin said so; None: it is not what is known."""
        said = self._said.get(asset.key)
        return (
            None if said is None or said.asset is not asset else max(0.0, now - said.at) + asset.storing.age_s
        )

    def left_s(self, asset: Asset, now: float) -> float:
        """Seconds of freshness that are left; 0 of what is not known."""
        said = self._said.get(asset.key)
        return 0.0 if said is None else said.at + self._fresh_s(asset) - now

    def forget(self, key: str) -> None:
        """The next one asks."""
        self._said.pop(key, None)

    async def forget_matching(self, pattern: str) -> None:
        """As `forget`, of all that match and are known now; in turns."""
        matches, turns = matcher(pattern), Turns()
        for key in list(self._said):
            if matches(key):
                self.forget(key)
            await turns.did()

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
        asked_at = loop.time()
        try:
            asset = await self._ask(key)
        except NotFound:
            self._said[key] = _Said(None, loop.time())
            raise
        before = self._said.get(key)
        self._said[key] = _Said(asset, asked_at)
        if before is None or before.asset is None or not _is_same(before.asset, asset):
            self._changed(asset)
        return asset

    async def close(self) -> None:
        """Ends every question."""
        tasks = list(self._asking.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _is_same(one: Asset, other: Asset) -> bool:
    return (one.etag, one.origin) == (other.etag, other.origin)
