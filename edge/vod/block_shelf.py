"""Blocks on disk as the event loop sees them: which are there, their octets, and who makes room for whom."""

import asyncio
import contextlib
import gc
import logging
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import TypeVar, TypeVarTuple

from edge.http.message import Octets
from edge.metrics import VOD_BAD, VOD_EVICTED, VOD_HELD, VOD_UNKEPT, VOD_USED, VOD_WRITTEN
from edge.vod.asset import BlockKey
from edge.vod.block_file import StoredBlock
from edge.vod.block_index import BlockIndex
from edge.vod.block_store import BlockStore, DiskFull
from edge.vod.name_pattern import matcher
from edge.vod.room import Room
from edge.vod.turns import AT_ONCE, Turns

logger = logging.getLogger(__name__)

_LET_GO_S = 0.25

Given = TypeVarTuple("Given")
Result = TypeVar("Result")


class BlockShelf:
    """Its folder is its own. One event loop; what waits for a disk is done in threads; one of them writes."""

    def __init__(self, store: BlockStore, index: BlockIndex) -> None:
        self._store = store
        self._index = index
        self._room = Room(index.capacity, store.unit)
        self._is_told = False
        self._coming: dict[BlockKey, int] = {}
        """Octets that the index has and the disk has not yet."""
        self._readers = ThreadPoolExecutor(4, "edge-vod-read")
        self._writer = ThreadPoolExecutor(1, "edge-vod-write")
        self._loading: asyncio.Task[None] | None = None
        self._dropping: set[asyncio.Task[int]] = set()
        self._is_loaded = False
        self._letting_go: asyncio.TimerHandle | None = None

    async def begin(self) -> None:
        """Takes the folder. What is on disk is found in a thread: nothing but `loaded`, `close` and counts
        may be asked for until then. ConfigError: there is no folder.
        """
        await self._in(self._writer, self._store.take)
        self._let_go()
        self._loading = asyncio.create_task(self._loads())

    def _let_go(self) -> None:
        self._store.let_go()
        self._letting_go = asyncio.get_running_loop().call_later(_LET_GO_S, self._let_go)

    async def loaded(self) -> None:
        """All that is on disk is known."""
        if not self._is_loaded and self._loading is not None:
            await asyncio.shield(self._loading)

    async def _loads(self) -> None:
        with _uncollected():
            await self._in(self._writer, self._load)
        self._is_loaded = True
        self._measure()

    def _load(self) -> None:
        """The warmest, where there is too much."""
        blocks = self._store.load()
        surplus = sum(block.size for block in blocks) - self._index.capacity
        for block in blocks:
            if surplus > 0:
                surplus -= block.size
                self._later_remove(block.key)
            else:
                self._index.load(block.key, block.size, is_head=block.is_head)

    def __len__(self) -> int:
        return len(self._index) - len(self._coming_in())

    def __contains__(self, key: object) -> bool:
        return key in self._index and key not in self._coming

    @property
    def capacity(self) -> int:
        """Octets that it may have; less than it was made for where the disk has no room for them."""
        return self._index.capacity

    @property
    def used(self) -> int:
        """Octets of blocks on disk."""
        return self._index.used - sum(self._coming_in())

    @property
    def heads(self) -> int:
        """How many blocks go last."""
        return self._index.heads

    def _coming_in(self) -> list[int]:  # what is purged while it is written is in the index no more
        return [size for key, size in self._coming.items() if key in self._index]

    def wanted(self, key: BlockKey, size: int, *, at: int = 0) -> bool:
        """Whether it is there; it was asked for, from `at` on. What is not of this size is not it."""
        if key in self._coming:
            return False
        found = self._index.get(key, is_going_on=at > 0)
        if found is not None and found != size:
            self._lose(key)
            self._later_remove(key)
        return found == size

    def read_now(self, key: BlockKey, start: int, stop: int, size: int) -> Octets | None:
        """To be sent: see BlockStore.read_now. It was asked for; what is not of this `size` is not it."""
        octets = self._store.read_now(key, start, stop, to_send=True)
        return octets if octets is not None and self.wanted(key, size, at=start) else None

    async def read(self, key: BlockKey, start: int, stop: int) -> Octets | None:
        """None: it was bad, and is gone."""
        piece: Octets | None = self._store.read_now(key, start, stop)
        if piece is None:
            piece = await self._in(self._readers, self._store.read, key, start, stop)
        if piece is None:
            VOD_BAD.inc()
            self._lose(key)
        return piece

    @contextlib.contextmanager
    def pinned(self, key: BlockKey) -> Iterator[None]:
        """It makes room for nobody meanwhile."""
        self._index.pin(key)
        try:
            yield
        finally:
            self._index.unpin(key)

    async def keep(self, block: StoredBlock, pieces: Sequence[bytes], *, readers: int) -> bool:
        """Whether it is on disk now. `readers`: how many wanted it while it came; none: it was read ahead."""
        key = block.key
        admitted = self._index.admit(key, block.size, is_head=block.is_head, readers=readers)
        if admitted is None:
            VOD_UNKEPT.labels("not admitted").inc()
            return False
        self._evicted(admitted.evicted)
        self._coming[key] = block.size
        try:
            is_kept = await self._written(block, pieces)
        except asyncio.CancelledError:
            self._index.remove(key)
            self._later_remove(key)
            raise
        finally:
            self._coming.pop(key, None)
        if not is_kept:
            VOD_UNKEPT.labels("disk").inc()
            self._index.remove(key)
        else:
            VOD_WRITTEN.inc(block.size)
        self._measure()
        return key in self._index  # it may have been purged while it was written

    async def _written(self, block: StoredBlock, pieces: Sequence[bytes]) -> bool:
        """Where the disk is full the coldest make room, and it is tried again, once."""
        asked_at = self._now()
        with contextlib.suppress(DiskFull):
            return await self._write(block, pieces)
        if self._room.full(self.used, asked_at, self._now()):
            with self.pinned(block.key):
                self._resize()
            self._tell()
        try:
            return block.key in self._index and await self._write(block, pieces)
        except DiskFull:
            logger.warning("vod.block_not_kept", extra={"error": "the disk is full"})
            return False

    async def _write(self, block: StoredBlock, pieces: Sequence[bytes]) -> bool:
        is_kept = await self._in(self._writer, self._store.write, block, pieces)
        if is_kept and self._room.is_short:
            free = await self._in(self._writer, self._store.free)
            if self._room.written(free, self._now()):
                self._resize()
        return is_kept

    def _now(self) -> float:
        return asyncio.get_running_loop().time()

    def _resize(self) -> None:
        self._evicted(self._index.resize(self._room.capacity))

    def _evicted(self, keys: Sequence[BlockKey]) -> None:
        for key in keys:
            VOD_EVICTED.inc()
            self._later_remove(key)

    def _tell(self) -> None:
        if not self._is_told:
            self._is_told = True
            mend = "lower vod.capacity, or give vod.cache_dir a larger disk"
            logger.warning("vod.disk_full", extra={"capacity": self.capacity, "mend": mend})

    def mark_heads(self, keys: Sequence[BlockKey]) -> None:
        """They turned out to be what start-up waits for."""
        for key in keys:
            self._index.mark_head(key)

    def drop_older(self, asset: str, etag: str, origin: str) -> None:
        """Only this version of `asset` stays. Of very many blocks some go later: nobody asks for them."""
        every = self._index.of_asset(asset)
        keys = iter(every)

        def is_old(key: BlockKey) -> bool:
            return (key.etag, key.origin) != (etag, origin)

        self._drop(list(islice(keys, AT_ONCE)), is_old)
        if len(every) > AT_ONCE:
            task = asyncio.create_task(self._drop_in_turns(keys, is_old))
            self._dropping.add(task)
            task.add_done_callback(self._dropping.discard)

    async def names(self, pattern: str = "*") -> list[str]:
        """The assets that match and have blocks, in no order; none until all are known. In turns."""
        matches, turns, found = matcher(pattern), Turns(), []
        for asset in self._index.assets() if self._is_loaded else ():
            if matches(asset):
                found.append(asset)
            await turns.did()
        return found

    def blocks(self, asset: str) -> Iterator[StoredBlock]:
        """Of every version, in no order; what comes and goes meanwhile may be left out."""
        for key in self._index.of_asset(asset):
            size = self._index.size(key)
            if size is not None and key not in self._coming:
                yield StoredBlock(key, size, self._index.is_head(key))

    def list(self) -> list[StoredBlock]:
        """All blocks at once, coldest first; none until all are known. A large cache has others wait: see
        `names` and `blocks`.
        """
        return [
            StoredBlock(key, size, self._index.is_head(key))
            for key, size in (self._index.sizes() if self._is_loaded else ())
            if key not in self._coming
        ]

    async def purge(self, pattern: str) -> int:
        """How many went, in turns. What is being read is read to its end."""
        names = await self.names(pattern)
        count = await self._drop_in_turns(key for name in names for key in self._index.of_asset(name))
        await self._in(self._writer, int)
        return count

    async def _drop_in_turns(
        self, keys: Iterator[BlockKey], is_meant: Callable[[BlockKey], bool] = lambda _: True
    ) -> int:
        """How many; no more at a time than the disk keeps up with."""
        count = 0
        while some := list(islice(keys, AT_ONCE)):
            count += self._drop(some, is_meant)
            await self._in(self._writer, int)
        return count

    def _drop(self, keys: Sequence[BlockKey], is_meant: Callable[[BlockKey], bool]) -> int:
        """Off the index and off the disk in one go: what comes back meanwhile is written after that."""
        gone = [key for key in keys if is_meant(key) and self._index.remove(key)]
        if gone:
            self._measure()
            self._writer.submit(self._remove, gone)
        return len(gone)

    def _remove(self, keys: Sequence[BlockKey]) -> None:
        for key in keys:
            self._store.remove(key)

    def _lose(self, key: BlockKey) -> None:
        self._index.remove(key)
        self._measure()

    def _measure(self) -> None:
        VOD_USED.set(self.used)
        VOD_HELD.set(len(self))

    def _later_remove(self, key: BlockKey) -> None:
        self._writer.submit(self._store.remove, key)

    async def _in(
        self, threads: ThreadPoolExecutor, work: Callable[[*Given], Result], *arguments: *Given
    ) -> Result:
        return await asyncio.get_running_loop().run_in_executor(threads, work, *arguments)

    async def close(self) -> None:
        """Remembers the order, gives the folder back."""
        if self._letting_go is not None:
            self._letting_go.cancel()
        await self.loaded()
        for task in self._dropping:
            task.cancel()  # what is old is found to be so again
        await asyncio.gather(*self._dropping, return_exceptions=True)
        if self._is_loaded:
            await self._in(self._writer, self._remember)
        self._readers.shutdown()
        self._writer.shutdown()
        self._store.close()

    def _remember(self) -> None:
        """For the writer: nobody is served any more, and nothing changes."""
        self._store.remember(self.list())


@contextlib.contextmanager
def _uncollected() -> Iterator[None]:
    """A million objects that all stay: looking through them for garbage again and again doubles the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
