"""One fetch per missing block, whoever asks: its octets go to all who follow, its fault too."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterator

from edge.errors import EdgeError, OriginLied, OriginUnavailable, Overloaded
from edge.http.message import Octets
from edge.metrics import VOD_FILLS
from edge.vod.asset import BlockKey
from edge.vod.growing_block import GrowingBlock

Read = Callable[[], AsyncIterator[Octets]]
Keep = Callable[[BlockKey, GrowingBlock], Awaitable[bool]]
"""Puts a whole, verified block on disk; False: it was not, and nothing is left of it."""


class BlockFetches:
    """At most `most` blocks are in memory; who waits longer than `wait_s` for a place gets Overloaded.

    What is not kept stays for those who read it, until somebody needs its place.
    """

    def __init__(self, keep: Keep, *, most: int = 64, wait_s: float = 10.0) -> None:
        self._keep = keep
        self._places = asyncio.Semaphore(most)
        self._waiting = 0
        self._unkept: dict[GrowingBlock, None] = {}
        self._wait_s = wait_s
        self._flights: dict[BlockKey, GrowingBlock] = {}
        self._tasks: dict[BlockKey, asyncio.Task[None]] = {}

    def __len__(self) -> int:
        return len(self._flights)

    def __contains__(self, key: object) -> bool:
        return key in self._flights

    @contextlib.contextmanager
    def following(self, key: BlockKey, size: int, read: Read, *, readers: int = 1) -> Iterator[GrowingBlock]:
        """The block of `size` octets as it grows: the one that is on its way, or `read` starts. `readers`:
        how many it stands for, none where it is read ahead.

        When the last follower leaves by an exception (it was cancelled, it was closed), the fetch stops. One
        who has what it wanted leaves it going: the rest of the block is worth keeping.
        """
        block = self._flights.get(key) or self._start(key, size, read)
        block.followers += 1
        block.readers += readers
        is_content = False
        try:
            yield block
            is_content = True
        finally:
            block.followers -= 1
            block.left.set()
            if not (is_content or block.followers) and self._flights.get(key) is block:
                self._abandon(key, block)

    def _start(self, key: BlockKey, size: int, read: Read) -> GrowingBlock:
        block = self._flights[key] = GrowingBlock(size)
        self._tasks[key] = asyncio.create_task(self._fill(key, block, read))
        VOD_FILLS.set(len(self._flights))
        return block

    def _abandon(self, key: BlockKey, block: GrowingBlock) -> None:
        if not block.is_whole:
            self._tasks[key].cancel()
            self._forget(key, block)

    def _forget(self, key: BlockKey, block: GrowingBlock) -> None:
        if self._flights.get(key) is block:
            del self._flights[key]
            del self._tasks[key]
            VOD_FILLS.set(len(self._flights))

    async def _fill(self, key: BlockKey, block: GrowingBlock, read: Read) -> None:
        try:
            async with self._place():
                await _receive(block, read())
                if await self._keep(key, block):
                    block.kept()
                else:
                    await self._held(block)
        except EdgeError as error:
            block.fail(error)
        finally:
            if not block.is_whole and block.fault is None:
                block.fail(OriginUnavailable("The fetch of a block was given up; ask again"))
            self._forget(key, block)

    async def _held(self, block: GrowingBlock) -> None:
        self._unkept[block] = None
        try:
            if self._waiting:
                block.let_go()
            while block.followers and not block.is_let_go:
                block.left.clear()
                await block.left.wait()
        finally:
            del self._unkept[block]

    def _make_room(self) -> None:
        oldest = next((block for block in self._unkept if not block.is_let_go), None)
        if oldest is not None:
            oldest.let_go()

    @contextlib.asynccontextmanager
    async def _place(self) -> AsyncGenerator[None]:
        if self._places.locked():
            self._make_room()
        self._waiting += 1
        try:
            async with asyncio.timeout(self._wait_s):
                await self._places.acquire()
        except TimeoutError as error:
            raise Overloaded("Too many blocks are on their way from origins", retry_after_s=1) from error
        finally:
            self._waiting -= 1
        try:
            yield
        finally:
            self._places.release()

    async def ended(self, asset: str) -> None:
        """All that was on its way of `asset` is on disk, or failed."""
        tasks = [task for key, task in self._tasks.items() if key.asset == asset]
        await asyncio.gather(*tasks, return_exceptions=True)

    async def close(self) -> None:
        """Ends every fetch."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _receive(block: GrowingBlock, body: AsyncIterator[Octets]) -> None:
    try:
        async for piece in body:
            block.push(piece)
    finally:
        if isinstance(body, AsyncGenerator):
            await body.aclose()
    if block.have < block.size:
        raise OriginLied(f"The origin sent {block.have} octets of {block.size} that were asked for")
