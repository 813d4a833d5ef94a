"""The disk cache in front of the origins: answers are made of blocks, on disk, on their way, or fetched."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from cachetools import LRUCache

from edge.errors import NotFound, OriginChanged
from edge.http.byte_range import ByteRange
from edge.http.message import Octets
from edge.metrics import VOD_BLOCKS, VOD_UNKEPT
from edge.vod.asset import Asset, BlockKey
from edge.vod.asset_log import AssetLog
from edge.vod.asset_memory import AssetMemory
from edge.vod.block_fetch import BlockFetches
from edge.vod.block_file import StoredBlock
from edge.vod.block_index import BlockIndex
from edge.vod.block_shelf import BlockShelf
from edge.vod.block_store import BlockStore
from edge.vod.growing_block import GrowingBlock
from edge.vod.known_assets import Freshness, KnownAssets
from edge.vod.moov import moov_span
from edge.vod.mounts import Mount, Mounts
from edge.vod.open_block import PIECE, copied_stop

_HEAD = 524_288
_HITS, _PASSED = VOD_BLOCKS.labels("hit"), VOD_BLOCKS.labels("passed")
_MOST_LOOKED_AT = 64
_HERD, _SOME = 16, 4_096
_MOST_REMEMBERED_BYTES = 16 * 1024**2
"""For what origins said, on disk beside the blocks: of some 50 000 assets."""


@dataclass(frozen=True, slots=True)
class CacheRules:
    """Sizes are octets."""

    capacity: int = 10 * 1024**3
    block_size: int = 1_048_576
    head_quota: int = 1024**3
    policy: str = "lru"
    read_ahead: int = 2
    fills: int = 64
    wait_s: float = 10.0
    freshness: Freshness = field(default_factory=Freshness)
    maps: bool = True
    """Whether what is sent may be pages of files, see OpenBlock.mapped."""


class Presence(NamedTuple):
    """How much of a range is on disk: `there` of `size` octets; `is_coming`: others fetch some of it."""

    there: int
    size: int
    is_coming: bool


class _Ahead(NamedTuple):
    """A block that is read ahead; `is_first`: nobody had asked for it before."""

    leaving: contextlib.ExitStack
    is_first: bool


class BlockCache:
    """Its folder is its own; where no mount is cached it is not touched. One event loop."""

    def __init__(self, root: Path, mounts: Sequence[Mount], rules: CacheRules | None = None) -> None:
        self._rules = rules or CacheRules()
        self._mounts = Mounts(mounts)
        index = BlockIndex(self._rules.capacity, head_quota=self._rules.head_quota, policy=self._rules.policy)
        self._shelf = BlockShelf(BlockStore(root, self._rules.block_size, maps=self._rules.maps), index)
        self._fetches = BlockFetches(self._keep, most=self._rules.fills, wait_s=self._rules.wait_s)
        self._memory = AssetMemory(AssetLog(root / "assets.log", _MOST_REMEMBERED_BYTES))
        self._assets = KnownAssets(
            self._mounts.stat,
            self._rules.freshness,
            changed=self._drop_older,
            memory=self._memory,
            is_ours=self._mounts.has,
        )
        self._moovs: LRUCache[tuple[str, str], ByteRange] = LRUCache(10_000)

    async def begin(self) -> None:
        """Takes up what is on disk, beside everything else: who asks for an asset meanwhile waits for it.
        ConfigError: the folder cannot be had.
        """
        if self._mounts.are_cached:
            await self._shelf.begin()
            self._memory.begin()

    async def loaded(self, key: str) -> None:
        """What is on disk of `key` is known. NotFound: it is nobody's."""
        if self._mounts.is_cached(key):
            await self._loaded()

    async def start(self) -> None:
        """As `begin`, and waits."""
        await self.begin()
        await self._loaded()

    async def _loaded(self) -> None:
        await self._shelf.loaded()
        await self._assets.loaded()

    # Assets

    async def open(self, key: str) -> Asset:
        """What `key` is now, or was seconds ago. NotFound, OriginError."""
        if not self._mounts.is_cached(key):
            return await self._mounts.stat(key)
        await self._loaded()
        return await self._assets.get(key, asyncio.get_running_loop().time())

    def opened(self, key: str) -> Asset | None:
        """As `open`, when that needs nobody to be asked."""
        found = self._assets.peek(key, self.now_s())
        return self._mounts.opened(key, self.now_s()) if found is None else found

    def is_cached(self, key: str) -> bool:
        """Whether the disk cache stands in front of its origin. NotFound."""
        return self._mounts.is_cached(key)

    def now_s(self) -> float:
        """The loop's time."""
        return asyncio.get_running_loop().time()

    def known(self, key: str) -> Asset | None:
        """What was last said of `key`, fresh or not."""
        return self._assets.peek(key, float("-inf"))

    def age_s(self, asset: Asset) -> float | None:
        """How long ago the origin said what `asset` is (RFC 9111, 4.2.3); None: it is not remembered."""
        return self._assets.age_s(asset, asyncio.get_running_loop().time())

    def left_s(self, asset: Asset) -> float:
        """How long it may still be given without asking; negative: it is stale."""
        return self._assets.left_s(asset, asyncio.get_running_loop().time())

    def keeps(self, asset: Asset) -> bool:
        """Whether its blocks are kept; else each range is passed through from one answer of the origin."""
        return asset.is_strong and asset.storing.may_store and self._mounts.is_cached(asset.key)

    # Octets

    def reader(self, asset: Asset) -> Callable[[int, int], Octets | None]:
        """What gives octets of `asset`, to be sent, from here on, to before there, when they are in the page
        cache; fewer where a block ends, and where more than 64 KiB would be copied.
        """
        return partial(self._kept_now if self.keeps(asset) else self._passed_now, asset)

    def _kept_now(self, asset: Asset, start: int, stop: int) -> Octets | None:
        unit = self._rules.block_size
        number, at = divmod(start, unit)
        size = min(unit, asset.size - number * unit)
        key = BlockKey(asset.key, asset.etag, number, asset.origin)
        octets = self._shelf.read_now(key, at, min(at + stop - start, size), size)
        if octets is not None:
            _HITS.inc()
        return octets

    def _passed_now(self, asset: Asset, start: int, stop: int) -> Octets | None:
        octets = self._mounts.read_now(asset, ByteRange(start, copied_stop(start, stop)))
        if octets is not None:
            _PASSED.inc()
        return octets

    def how(self, asset: Asset, span: ByteRange) -> Presence:
        """For Cache-Status: look before `stream` changes it. Of what is long the first blocks only."""
        there, size, coming = 0, 0, False
        for key, part in islice(self._parts(asset, span), _MOST_LOOKED_AT):
            coming = coming or key in self._fetches
            there += part.size * (key in self._shelf)
            size += part.size
        return Presence(there, size, coming)

    def holds(self, asset: Asset, span: ByteRange) -> bool:
        """Whether all of it is on disk."""
        return self.keeps(asset) and all(key in self._shelf for key, _ in self._parts(asset, span))

    async def stream(self, asset: Asset, span: ByteRange, *, readers: int = 1) -> AsyncGenerator[Octets]:
        """`span` of this version, in pieces of at most 64 KiB; EdgeError: what came is not the whole.

        `readers`: as many as it stands for, see Order.add. Close it (`contextlib.aclosing`) when the reader
        leaves: fetches that nobody else follows stop then.
        """
        if not self.keeps(asset):
            _PASSED.inc()
            async with contextlib.aclosing(self._mounts.read(asset, span)) as body:
                async for octets in body:
                    yield octets
            return
        with contextlib.ExitStack() as ahead:
            following: dict[BlockKey, _Ahead] = {}
            for key, part in self._parts(asset, span):
                is_early = key in following and following[key].is_first
                async with contextlib.aclosing(self._block(asset, key, part, readers, is_early)) as pieces:
                    is_first = True
                    async for piece in pieces:
                        if is_first:  # what is wanted first goes first
                            self._read_ahead(asset, key, span, following, ahead)
                            is_first = False
                        yield piece
                if key in following:
                    following.pop(key).leaving.close()

    def _read_ahead(
        self,
        asset: Asset,
        key: BlockKey,
        span: ByteRange,
        following: dict[BlockKey, _Ahead],
        ahead: contextlib.ExitStack,
    ) -> None:
        """Only within the range: a reader who wants more says so, and one octet costs one block."""
        last = (span.stop - 1) // self._rules.block_size
        for number in range(key.number + 1, min(key.number + self._rules.read_ahead, last) + 1):
            coming = key._replace(number=number)
            if coming not in self._shelf and coming not in following:
                leaving = ahead.enter_context(contextlib.ExitStack())
                following[coming] = _Ahead(leaving, coming not in self._fetches)
                leaving.enter_context(self._following(asset, coming, readers=0))

    async def _block(
        self, asset: Asset, key: BlockKey, part: ByteRange, readers: int, is_early: bool
    ) -> AsyncGenerator[Octets]:
        """`is_early`: its reader had it read ahead."""
        at, size = part.start, self._whole(asset, key).size
        is_counted = False
        while at < part.stop:
            is_coming = key in self._fetches
            is_there = not is_coming and self._shelf.wanted(key, size, at=at)
            came = "hit" if is_there else "joined" if is_coming else "miss"
            if not is_counted or came == "miss":
                VOD_BLOCKS.labels("ahead" if is_early and came != "miss" else came).inc()
                is_counted = True
            if is_there:
                source = self._on_disk(key, ByteRange(at, part.stop))
            else:
                source = self._arriving(asset, key, ByteRange(at, part.stop), readers)
            async with contextlib.aclosing(source):
                async for piece in source:
                    at += len(piece)
                    yield piece

    async def _on_disk(self, key: BlockKey, part: ByteRange) -> AsyncGenerator[Octets]:
        """Ends early where the block is bad."""
        with self._shelf.pinned(key):
            for start in range(part.start, part.stop, PIECE):
                piece = await self._shelf.read(key, start, min(start + PIECE, part.stop))
                if piece is None:
                    return
                yield piece

    async def _arriving(
        self, asset: Asset, key: BlockKey, part: ByteRange, readers: int
    ) -> AsyncGenerator[Octets]:
        """Ends early where the block went to disk."""
        at = part.start
        with self._following(asset, key, readers=readers) as block:
            while at < part.stop and (piece := await block.next(at, part.stop)):
                if at == part.start and block.followers > _HERD:  # each gets some before one gets much
                    piece = piece[:_SOME]
                    yield piece
                    at += len(piece)
                    await asyncio.sleep(0)
                    continue
                for start in range(0, len(piece), PIECE):
                    yield piece[start : start + PIECE]
                at += len(piece)
            is_let_go = block.is_let_go
        if at < part.stop and is_let_go:
            start = self._whole(asset, key).start
            rest = ByteRange(start + at, start + part.stop)
            async with contextlib.aclosing(self._fetched(asset, rest)) as body:
                async for octets in body:
                    yield octets

    @contextlib.contextmanager
    def _following(self, asset: Asset, key: BlockKey, *, readers: int = 1) -> Iterator[GrowingBlock]:
        span = self._whole(asset, key)

        def read() -> AsyncGenerator[Octets]:
            return self._fetched(asset, span)

        with self._fetches.following(key, span.size, read, readers=readers) as block:
            yield block

    async def _fetched(self, asset: Asset, span: ByteRange) -> AsyncGenerator[Octets]:
        try:
            async with contextlib.aclosing(self._mounts.read(asset, span)) as body:
                async for piece in body:
                    yield piece
        except (OriginChanged, NotFound):
            self._assets.forget(asset.key)
            raise

    async def _keep(self, key: BlockKey, block: GrowingBlock) -> bool:
        known = self.known(key.asset)
        if known is not None and (known.etag, known.origin) != (key.etag, key.origin):
            VOD_UNKEPT.labels("changed").inc()
            return False
        self._look_for_moov(key, block.pieces, known.size if known else block.size)
        start = key.number * self._rules.block_size
        moov = self._moovs.get((key.asset, key.etag))
        is_head = start < _HEAD or (
            moov is not None and start < moov.stop and moov.start < start + block.size
        )
        stored = StoredBlock(key, block.size, is_head)
        return await self._shelf.keep(stored, block.pieces, readers=block.readers)

    def _look_for_moov(self, key: BlockKey, pieces: Sequence[bytes], size: int) -> None:
        if key.number or not (moov := moov_span(b"".join(pieces), size)):
            return
        self._moovs[key.asset, key.etag] = moov
        unit = self._rules.block_size
        numbers = range(moov.start // unit, -(-moov.stop // unit))
        self._shelf.mark_heads([key._replace(number=number) for number in numbers])

    def _parts(self, asset: Asset, span: ByteRange) -> Iterator[tuple[BlockKey, ByteRange]]:
        size = self._rules.block_size
        first, last = span.start // size, (span.stop - 1) // size
        if first == last:
            start = first * size
            yield (
                BlockKey(asset.key, asset.etag, first, asset.origin),
                ByteRange(span.start - start, span.stop - start),
            )
            return
        for number in range(first, last + 1):
            start = number * size
            part = ByteRange(max(span.start - start, 0), min(span.stop - start, size))
            yield BlockKey(asset.key, asset.etag, number, asset.origin), part

    def _whole(self, asset: Asset, key: BlockKey) -> ByteRange:
        size = self._rules.block_size
        return ByteRange(key.number * size, min((key.number + 1) * size, asset.size))

    def _drop_older(self, asset: Asset) -> None:
        self._shelf.drop_older(asset.key, asset.etag, asset.origin)

    # Control

    async def names(self, pattern: str = "*") -> list[str]:
        """The assets that match and have blocks, in no order. In turns."""
        return await self._shelf.names(pattern)

    def blocks(self, asset: str) -> Iterator[StoredBlock]:
        """Those that are on disk, of every version, in no order."""
        return self._shelf.blocks(asset)

    def list(self) -> list[StoredBlock]:
        """All blocks at once, coldest first: see BlockShelf.list."""
        return self._shelf.list()

    async def purge(self, pattern: str) -> int:
        """How many blocks went. What is being read is read to its end."""
        await self._loaded()
        await self._assets.forget_matching(pattern)
        await self._assets.settled()
        return await self._shelf.purge(pattern)

    def listed(self, pattern: str) -> AsyncGenerator[str]:
        """What could be warmed: see Mounts.names."""
        return self._mounts.names(pattern)

    async def warm(self, key: str) -> int:
        """Has the whole asset on disk, as far as it is let in; its octets."""
        asset = await self.open(key)
        if asset.size:
            async with contextlib.aclosing(self.stream(asset, ByteRange(0, asset.size), readers=2)) as pieces:
                async for _ in pieces:
                    pass
            await self._fetches.ended(key)
        return asset.size

    def stats(self) -> dict[str, int]:
        """Octets and counts."""
        return {
            "capacity_bytes": self._shelf.capacity,
            "used_bytes": self._shelf.used,
            "blocks": len(self._shelf),
            "head_blocks": self._shelf.heads,
            "fills": len(self._fetches),
        }

    async def close(self) -> None:
        """Ends fetches, remembers the order, gives the folder and the origins back."""
        await self._assets.close()
        await self._fetches.close()
        await self._shelf.close()
        await self._mounts.close()
