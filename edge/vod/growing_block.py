"""A block that is arriving: one writes, many read what is there and wait for more."""

import asyncio
from bisect import bisect_right

from edge.errors import EdgeError, OriginLied
from edge.http.message import Octets

_SMALL = 16_384


class GrowingBlock:
    """Pieces are shared with all who follow and never change. `followers` is how many do, `readers` did."""

    __slots__ = (
        "_pieces",
        "_starts",
        "_waiting",
        "fault",
        "followers",
        "have",
        "is_kept",
        "is_let_go",
        "left",
        "readers",
        "size",
    )

    def __init__(self, size: int) -> None:
        self.size = size
        self.have = 0
        self.followers = self.readers = 0
        self.left = asyncio.Event()
        """Set when a follower goes."""
        self.fault: EdgeError | None = None
        self.is_kept = False
        """It is on disk: the octets here are gone, who follows goes there."""
        self.is_let_go = False
        """It is not on disk, and others need its place: its octets are gone, who follows fetches them."""
        self._pieces: list[bytes] = []
        self._starts: list[int] = []
        self._waiting: set[asyncio.Future[None]] = set()

    @property
    def is_whole(self) -> bool:
        return self.have == self.size and self.fault is None

    @property
    def pieces(self) -> list[bytes]:
        """All of them; joined they are what came."""
        return self._pieces

    def push(self, piece: Octets) -> None:
        """More came. OriginLied: more than asked for."""
        if self.have + len(piece) > self.size:
            raise OriginLied(f"The origin sent more than the {self.size} octets that were asked for")
        if not piece:
            return
        if self._pieces and len(self._pieces[-1]) < _SMALL:
            self._pieces[-1] += piece
        else:
            self._starts.append(self.have)
            self._pieces.append(bytes(piece))
        self.have += len(piece)
        self._wake()

    def fail(self, fault: EdgeError) -> None:
        """No more will come."""
        self.fault = fault
        self._wake()

    def kept(self) -> None:
        """See `is_kept`."""
        self.is_kept = True
        self._drop()

    def let_go(self) -> None:
        """See `is_let_go`."""
        self.is_let_go = True
        self._drop()
        self.left.set()

    def _drop(self) -> None:
        self._pieces, self._starts = [], []
        self._wake()

    async def next(self, at: int, stop: int) -> bytes:
        """Octets from `at` on, one at least, none from `stop` on. Empty: kept or let go. Raises its fault."""
        while not (self.is_kept or self.is_let_go):
            if at < self.have:
                return self._cut(at, stop)
            if self.fault is not None:
                raise type(self.fault)(self.fault.detail, retry_after_s=self.fault.retry_after_s)
            await self._more()
        return b""

    def _cut(self, at: int, stop: int) -> bytes:
        index = bisect_right(self._starts, at) - 1
        start, piece = self._starts[index], self._pieces[index]
        if at == start and stop >= start + len(piece):
            return piece
        return piece[at - start : stop - start]

    async def _more(self) -> None:
        waiting = asyncio.get_running_loop().create_future()
        self._waiting.add(waiting)
        try:
            await waiting
        finally:
            self._waiting.discard(waiting)

    def _wake(self) -> None:
        for waiting in self._waiting:
            if not waiting.done():
                waiting.set_result(None)
