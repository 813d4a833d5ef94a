"""What origins said about assets, remembered for seconds: one question at a time, stale where allowed.

Over a restart too: it is written down as it is said, see AssetMemory.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from cachetools import LRUCache

from edge.errors import NotFound, OriginError
from edge.metrics import VOD_STALE
from edge.vod.asset import Asset
from edge.vod.asset_memory import AssetMemory
from edge.vod.name_pattern import matcher
from edge.vod.turns import Turns

_WRITE_AGAIN_S = 60.0
"""The same answer is written down so often, and when the server ends: a crash costs a question at most."""


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
    written_at: float


class KnownAssets:
    """`ask` is asked once for all who want to know. Failures of origins are never remembered.

    `is_ours`: whether the origin of what was remembered over a restart is still the one that has it.
    """

    def __init__(
        self,
        ask: Callable[[str], Awaitable[Asset]],
        freshness: Freshness,
        *,
        changed: Callable[[Asset], None],
        memory: AssetMemory | None = None,
        is_ours: Callable[[Asset], bool] = lambda asset: True,  # noqa: ARG005
        most: int = 50_000,
    ) -> None:
        self._ask = ask
        self._freshness = freshness
        self._changed = changed
        self._memory = memory
        self._is_ours = is_ours
        self._said: LRUCache[str, _Said] = LRUCache(most)
        self._asking: dict[str, asyncio.Task[Asset]] = {}
        self._outdated: set[asyncio.Task[Asset]] = set()
        """Questions that were asked before what is known was forgotten: what they bring is not remembered."""

    async def loaded(self) -> None:
        """What was remembered over a restart can be recalled."""
        if self._memory is not None:
            await self._memory.loaded()

    async def get(self, key: str, now: float) -> Asset:
        """The asset, `now` being the loop's time. NotFound, OriginError."""
        said = self._last(key)
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

    def _last(self, key: str) -> _Said | None:
        said = self._said.get(key)
        return said if said is not None or self._memory is None else self._recalled(key, self._memory)

    def _recalled(self, key: str, memory: AssetMemory) -> _Said | None:
        found = memory.recall(key)
        if found is None or not self._is_ours(found[0]):
            return None
        asset, ago_s = found
        at = asyncio.get_running_loop().time() - ago_s
        said = self._said[key] = _Said(asset, at, at)
        return said

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
        said = self._last(key)
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
        before = self._last(key)
        self._said.pop(key, None)
        self._outdate(key)
        self._write(key, before, None)

    async def forget_matching(self, pattern: str) -> None:
        """As `forget`, of all that match and are known now; in turns."""
        matches, turns = matcher(pattern), Turns()
        for key in [key for key in self._asking if matches(key)]:
            self._outdate(key)
        for key in list(self._said):
            if matches(key):
                self._said.pop(key, None)
            await turns.did()
        if self._memory is not None:
            await self._memory.forget_matching(pattern)

    def _outdate(self, key: str) -> None:
        if (task := self._asking.pop(key, None)) is not None:
            self._outdated.add(task)

    async def settled(self) -> None:
        """What is forgotten is so after a crash too."""
        if self._memory is not None:
            await self._memory.settled()

    def _question(self, key: str) -> asyncio.Task[Asset]:
        task = self._asking.get(key)
        if task is None:
            task = self._asking[key] = asyncio.create_task(self._answer(key))
            task.add_done_callback(lambda done: self._answered(key, done))
        return task

    def _answered(self, key: str, task: asyncio.Task[Asset]) -> None:
        if self._asking.get(key) is task:
            del self._asking[key]
        self._outdated.discard(task)
        if not task.cancelled():
            task.exception()  # it may be that nobody waits any more

    async def _answer(self, key: str) -> Asset:
        asked_at = asyncio.get_running_loop().time()
        try:
            asset = await self._ask(key)
        except NotFound:
            self._hear(key, None, asyncio.get_running_loop().time())
            raise
        self._hear(key, asset, asked_at)
        return asset

    def _hear(self, key: str, asset: Asset | None, at: float) -> None:
        if asyncio.current_task() in self._outdated:
            return
        before = self._last(key)
        is_news = before is None or before.asset != asset or at - before.written_at >= _WRITE_AGAIN_S
        written_at = at if before is None or is_news else before.written_at
        said = self._said[key] = _Said(asset, at, written_at)
        if is_news:
            self._write(key, before, said)
        if asset is not None and not _is_same(None if before is None else before.asset, asset):
            self._changed(asset)

    def _write(self, key: str, before: _Said | None, said: _Said | None) -> None:
        """Only of assets whose octets may be kept: those of others come from their origin each time."""
        if self._memory is None:
            return
        if said is not None and said.asset is not None and _may_be_kept(said.asset):
            self._memory.remember(said.asset, asyncio.get_running_loop().time() - said.at)
        elif before is not None and before.asset is not None and _may_be_kept(before.asset):
            self._memory.forget(key)

    async def close(self) -> None:
        """Ends every question, writes down what is not."""
        tasks = [*self._asking.values(), *self._outdated]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._memory is not None:
            await self._memory.loaded()
            for key, said in self._said.items():
                if said.at > said.written_at:
                    self._write(key, None, said)
            await self._memory.close()


def _may_be_kept(asset: Asset) -> bool:
    return asset.is_strong and asset.storing.may_store


def _is_same(one: Asset | None, other: Asset) -> bool:
    return one is not None and (one.etag, one.origin) == (other.etag, other.origin)
