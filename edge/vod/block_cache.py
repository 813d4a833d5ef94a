"""The disk cache in front of the origins: answers are made of blocks, on disk, on their way, or fetched."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple, TypeVar, TypeVarTuple

from cachetools import LRUCache

from edge.errors import NotFound, OriginChanged
from edge.http.byte_range import ByteRange
from edge.metrics import VOD_BAD, VOD_BLOCKS, VOD_EVICTED, VOD_HELD, VOD_UNKEPT, VOD_USED, VOD_WRITTEN
from edge.vod.asset import Asset, BlockKey
from edge.vod.block_fetch import BlockFetches
from edge.vod.block_file import StoredBlock
from edge.vod.block_index import BlockIndex
from edge.vod.block_store import BlockStore
from edge.vod.growing_block import GrowingBlock
from edge.vod.known_assets import Freshness, KnownAssets
from edge.vod.moov import moov_span
from edge.vod.origin import Origin

Given = TypeVarTuple("Given")
Result = TypeVar("Result")

PIECE = 262_144
_AT_ONCE = 1_048_576
_HEAD = 524_288


class Mount(NamedTuple):
    """Paths that start with `prefix` (no slash in front, a slash at its end, or empty) are this origin's."""

    prefix: str
    origin: Origin
    is_cached: bool = True


@dataclass(frozen=True, slots=True)
class CacheRules:
    """Sizes are octets."""

    capacity: int = 10 * 1024**3
    block_size: int = 1_048_576
    head_quota: int = 1024**3
    read_ahead: int = 2
    fills: int = 64
    wait_s: float = 10.0
    freshness: Freshness = field(default_factory=Freshness)


class Presence(NamedTuple):
    """How much of a range is on disk: `there` of `size` octets; `is_coming`: others fetch some of it."""

    there: int
    size: int
    is_coming: bool


class BlockCache:
    """Its folder is its own. One event loop."""

    def __init__(self, root: Path, mounts: Sequence[Mount], rules: CacheRules | None = None) -> None:
        self._rules = rules or CacheRules()
        self._mounts = sorted(mounts, key=lambda mount: -len(mount.prefix))
        self._store = BlockStore(root)
        self._index = BlockIndex(self._rules.capacity, head_quota=self._rules.head_quota)
        self._fetches = BlockFetches(self._keep, most=self._rules.fills, wait_s=self._rules.wait_s)
        self._assets = KnownAssets(self._ask, self._rules.freshness, changed=self._drop_older)
        self._moovs: LRUCache[tuple[str, str], ByteRange] = LRUCache(10_000)
        self._sizes: dict[BlockKey, StoredBlock] = {}
        self._readers = ThreadPoolExecutor(4, "edge-vod-read")
        self._writer = ThreadPoolExecutor(1, "edge-vod-write")

    async def start(self) -> None:
        """Takes up what is on disk. ConfigError: the folder cannot be had."""
        blocks = await self._in(self._writer, self._store.load)
        room = self._rules.capacity - sum(block.size for block in blocks)
        for block in blocks:
            if room < 0:
                room += block.size
                self._later_remove(block.key)
            else:
                self._index.load(block.key, block.size, is_head=block.is_head)
                self._sizes[block.key] = block
        self._measure()

    async def open(self, key: str) -> Asset:
        """What `key` is now, or was seconds ago. NotFound, OriginError."""
        return await self._assets.get(key, asyncio.get_running_loop().time())

    def opened(self, key: str) -> Asset | None:
        """As `open`, when that needs nobody to be asked."""
        return self._assets.peek(key, asyncio.get_running_loop().time())

    def read_now(self, asset: Asset, span: ByteRange) -> tuple[bytearray, ...] | None:
        """All of it, at most 1 MiB, when it is in the page cache; the buffers are the caller's."""
        if span.size > _AT_ONCE or not asset.is_strong:
            return None
        found = []
        for key, part in self._parts(asset, span):
            if self._index.get(key) is None:
                return None
            piece = self._store.read_now(key, part.start, part.stop)
            if piece is None:
                return None
            found.append(piece)
        VOD_BLOCKS.labels("hit").inc(len(found))
        return tuple(found)

    def how(self, asset: Asset, span: ByteRange) -> Presence:
        """For Cache-Status: look before `stream` changes it."""
        there, coming = 0, False
        for key, part in self._parts(asset, span):
            coming = coming or key in self._fetches
            there += part.size * (key in self._index and key not in self._fetches)
        return Presence(there, span.size, coming)

    async def stream(self, asset: Asset, span: ByteRange) -> AsyncGenerator[bytes | bytearray]:
        """`span` of this version, in pieces of at most 256 KiB; EdgeError: what came is not the whole.

        Close it (`contextlib.aclosing`) when the reader leaves: fetches that nobody else follows stop then.
        """
        mount = self._mount(asset.key)
        if not (mount.is_cached and asset.is_strong):
            VOD_BLOCKS.labels("passed").inc()
            async with contextlib.aclosing(_passed(mount.origin, asset, span)) as body:
                async for octets in body:
                    yield octets
            return
        with contextlib.ExitStack() as ahead:
            following: dict[BlockKey, contextlib.ExitStack] = {}
            for key, part in self._parts(asset, span):
                self._read_ahead(asset, key, span, following, ahead)
                async with contextlib.aclosing(self._block(asset, key, part)) as pieces:
                    async for piece in pieces:
                        yield piece
                if key in following:
                    following.pop(key).close()

    def _read_ahead(
        self,
        asset: Asset,
        key: BlockKey,
        span: ByteRange,
        following: dict[BlockKey, contextlib.ExitStack],
        ahead: contextlib.ExitStack,
    ) -> None:
        """Only within the range: a reader who wants more says so, and one octet costs one block."""
        last = (span.stop - 1) // self._rules.block_size
        for number in range(key.number + 1, min(key.number + self._rules.read_ahead, last) + 1):
            coming = key._replace(number=number)
            if coming not in self._index and coming not in following:
                following[coming] = ahead.enter_context(contextlib.ExitStack())
                following[coming].enter_context(self._following(asset, coming))

    async def _block(self, asset: Asset, key: BlockKey, part: ByteRange) -> AsyncGenerator[bytes | bytearray]:
        at = part.start
        while at < part.stop:
            if key in self._fetches or self._index.get(key) is None:
                source: AsyncGenerator[bytes | bytearray] = self._arriving(
                    asset, key, ByteRange(at, part.stop)
                )
            else:
                source = self._on_disk(key, ByteRange(at, part.stop))
            async with contextlib.aclosing(source):
                async for piece in source:
                    at += len(piece)
                    yield piece

    async def _on_disk(self, key: BlockKey, part: ByteRange) -> AsyncGenerator[bytes | bytearray]:
        VOD_BLOCKS.labels("hit").inc()
        self._index.pin(key)
        try:
            for start in range(part.start, part.stop, PIECE):
                stop = min(start + PIECE, part.stop)
                piece: bytes | bytearray | None = self._store.read_now(key, start, stop)
                if piece is None:
                    piece = await self._in(self._readers, self._store.read, key, start, stop)
                if piece is None:
                    VOD_BAD.inc()
                    self._lose(key)
                    return
                yield piece
        finally:
            self._index.unpin(key)

    async def _arriving(
        self, asset: Asset, key: BlockKey, part: ByteRange
    ) -> AsyncGenerator[bytes | bytearray]:
        VOD_BLOCKS.labels("joined" if key in self._fetches else "miss").inc()
        at = part.start
        with self._following(asset, key) as block:
            while at < part.stop:
                piece = await block.next(at, part.stop)
                if not piece:
                    return
                for start in range(0, len(piece), PIECE):
                    yield piece[start : start + PIECE]
                at += len(piece)

    @contextlib.contextmanager
    def _following(self, asset: Asset, key: BlockKey) -> Iterator[GrowingBlock]:
        size = self._rules.block_size
        span = ByteRange(key.number * size, min((key.number + 1) * size, asset.size))
        with self._fetches.following(key, span.size, lambda: self._fetched(asset, span)) as block:
            yield block

    async def _fetched(self, asset: Asset, span: ByteRange) -> AsyncGenerator[bytes]:
        try:
            body = _passed(self._mount(asset.key).origin, asset, span)
            async with contextlib.aclosing(body):
                async for piece in body:
                    yield piece
        except (OriginChanged, NotFound):
            self._assets.forget(asset.key)
            raise

    async def _keep(self, key: BlockKey, pieces: list[bytes]) -> bool:
        size = sum(map(len, pieces))
        known = self._assets.peek(key.asset, float("-inf"))  # fresh or not
        if known is not None and known.etag != key.etag:
            VOD_UNKEPT.labels("changed").inc()
            return False
        if key.number == 0 and (moov := moov_span(b"".join(pieces), known.size if known else size)):
            self._moovs[key.asset, key.etag] = moov
        block = StoredBlock(key, size, self._is_head(key, size))
        admitted = self._index.admit(key, size, is_head=block.is_head)
        if admitted is None:
            VOD_UNKEPT.labels("not admitted").inc()
            return False
        for old in admitted.evicted:
            VOD_EVICTED.inc()
            self._sizes.pop(old, None)
            self._later_remove(old)
        is_kept = await self._in(self._writer, self._store.write, block, pieces)
        if not is_kept:
            VOD_UNKEPT.labels("disk").inc()
            self._index.remove(key)
        elif key in self._index:
            self._sizes[key] = block
            VOD_WRITTEN.inc(size)
        self._measure()
        return is_kept and key in self._index

    def _is_head(self, key: BlockKey, size: int) -> bool:
        start = key.number * self._rules.block_size
        moov = self._moovs.get((key.asset, key.etag))
        return start < _HEAD or (moov is not None and start < moov.stop and moov.start < start + size)

    def _parts(self, asset: Asset, span: ByteRange) -> Iterator[tuple[BlockKey, ByteRange]]:
        size = self._rules.block_size
        for number in range(span.start // size, -(-span.stop // size)):
            start = number * size
            part = ByteRange(max(span.start - start, 0), min(span.stop - start, size))
            yield BlockKey(asset.key, asset.etag, number), part

    def _mount(self, key: str) -> Mount:
        for mount in self._mounts:
            if key.startswith(mount.prefix):
                return mount
        raise NotFound(f"There is no {key!r}: no origin has this prefix")

    async def _ask(self, key: str) -> Asset:
        return await self._mount(key).origin.stat(key)

    def _drop_older(self, asset: Asset) -> None:
        for old in self._index.drop_others(asset.key, asset.etag):
            self._sizes.pop(old, None)
            self._later_remove(old)
        self._measure()

    def _lose(self, key: BlockKey) -> None:
        self._index.remove(key)
        self._sizes.pop(key, None)
        self._measure()

    def list(self, pattern: str = "*") -> list[StoredBlock]:
        """The blocks of assets that match, coldest first."""
        return [self._sizes[key] for key in self._index.keys(pattern) if key in self._sizes]

    async def purge(self, pattern: str) -> int:
        """How many blocks went. What is being read is read to its end."""
        gone = list(self._index.keys(pattern))
        for key in gone:
            self._lose(key)
            self._assets.forget(key.asset)
            self._later_remove(key)
        await self._in(self._writer, int)
        return len(gone)

    async def warm(self, key: str) -> int:
        """Has the whole asset on disk, as far as it is let in; its octets."""
        asset = await self.open(key)
        if asset.size:
            async with contextlib.aclosing(self.stream(asset, ByteRange(0, asset.size))) as pieces:
                async for _ in pieces:
                    pass
            await self._fetches.ended(key)
        return asset.size

    def stats(self) -> dict[str, int]:
        """Octets and counts."""
        return {
            "capacity_bytes": self._rules.capacity,
            "used_bytes": self._index.used,
            "blocks": len(self._index),
            "fills": len(self._fetches),
        }

    def _measure(self) -> None:
        VOD_USED.set(self._index.used)
        VOD_HELD.set(len(self._index))

    def _later_remove(self, key: BlockKey) -> None:
        self._writer.submit(self._store.remove, key)

    async def _in(
        self, threads: ThreadPoolExecutor, work: Callable[[*Given], Result], *arguments: *Given
    ) -> Result:
        return await asyncio.get_running_loop().run_in_executor(threads, work, *arguments)

    async def close(self) -> None:
        """Ends fetches, remembers the order, gives the folder and the origins back."""
        await self._assets.close()
        await self._fetches.close()
        await self._in(self._writer, self._store.remember, self.list())
        self._readers.shutdown()
        self._writer.shutdown()
        self._store.close()
        for mount in self._mounts:
            await mount.origin.close()


async def _passed(origin: Origin, asset: Asset, span: ByteRange) -> AsyncGenerator[bytes]:
    body = origin.read(asset, span)
    try:
        async for piece in body:
            yield piece
    finally:
        if isinstance(body, AsyncGenerator):
            await body.aclose()
