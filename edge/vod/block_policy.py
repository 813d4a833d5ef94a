"""Orders of eviction: which block makes room. LRU, SIEVE and S3-FIFO, each in constant time.

SIEVE: Zhang and others, NSDI 2024. S3-FIFO: Yang and others, SOSP 2023.
"""

from collections import OrderedDict
from collections.abc import Container, Iterator
from typing import Protocol

from edge.vod.asset import BlockKey

_SMALL_SHARE = 0.1
_MOST_HITS = 3


class EvictionOrder(Protocol):
    """Of the blocks that were added and are still here. Pure; its owner counts octets and moves files."""

    def add(self, key: BlockKey, size: int) -> None:
        """It is here now, of `size` octets. It was not."""

    def touch(self, key: BlockKey) -> None:
        """It was asked for again. It is here."""

    def remove(self, key: BlockKey) -> None:
        """It is gone for another reason than room. It is here."""

    def evict(self, pinned: Container[BlockKey]) -> BlockKey | None:
        """Forgets the one that makes room, and tells it. None: all are pinned."""

    def __iter__(self) -> Iterator[BlockKey]:
        """As they would go if nobody asked any more, as nearly as the order knows."""


class Lru:
    """The one that nobody asked for the longest."""

    def __init__(self) -> None:
        self._queue: OrderedDict[BlockKey, None] = OrderedDict()

    def add(self, key: BlockKey, size: int) -> None:  # noqa: ARG002
        self._queue[key] = None

    def touch(self, key: BlockKey) -> None:
        self._queue.move_to_end(key)

    def remove(self, key: BlockKey) -> None:
        del self._queue[key]

    def evict(self, pinned: Container[BlockKey]) -> BlockKey | None:
        for _ in range(len(self._queue)):
            key = next(iter(self._queue))
            if key not in pinned:
                del self._queue[key]
                return key
            self._queue.move_to_end(key)  # who is read now is warm; nor is it met again by the next one
        return None

    def __iter__(self) -> Iterator[BlockKey]:
        return iter(self._queue)


class Sieve:
    """A hand goes from the oldest to the newest, spares who was asked for since it last came by, and so on.

    The queue is cut at the hand: `_ahead` it has still to see, `_behind` are older and were spared.
    """

    def __init__(self) -> None:
        self._ahead: OrderedDict[BlockKey, bool] = OrderedDict()
        self._behind: OrderedDict[BlockKey, bool] = OrderedDict()

    def add(self, key: BlockKey, size: int) -> None:  # noqa: ARG002
        self._ahead[key] = False

    def touch(self, key: BlockKey) -> None:
        (self._ahead if key in self._ahead else self._behind)[key] = True

    def remove(self, key: BlockKey) -> None:
        del (self._ahead if key in self._ahead else self._behind)[key]

    def evict(self, pinned: Container[BlockKey]) -> BlockKey | None:
        for _ in range(2 * (len(self._ahead) + len(self._behind))):
            if not self._ahead:
                self._ahead, self._behind = self._behind, self._ahead
            key, is_wanted = self._ahead.popitem(last=False)
            if not (is_wanted or key in pinned):
                return key
            self._behind[key] = False
        return None

    def __iter__(self) -> Iterator[BlockKey]:
        yield from self._ahead
        yield from self._behind


class S3Fifo:
    """New ones pass a small queue; who is asked for twice in it goes on to the main one.

    Who did not and comes back is known (`_ghosts`, as many as there are blocks) and goes to the main queue at
    once. There, each time somebody asks (up to three) is one more round.
    """

    def __init__(self) -> None:
        self._small: OrderedDict[BlockKey, int] = OrderedDict()
        self._main: OrderedDict[BlockKey, int] = OrderedDict()
        self._ghosts: OrderedDict[BlockKey, None] = OrderedDict()
        self._sizes: dict[BlockKey, int] = {}
        self._small_bytes = self._bytes = 0

    def add(self, key: BlockKey, size: int) -> None:
        self._sizes[key] = size
        self._bytes += size
        if key in self._ghosts:
            del self._ghosts[key]
            self._main[key] = 0
        else:
            self._small[key] = 0
            self._small_bytes += size

    def touch(self, key: BlockKey) -> None:
        queue = self._small if key in self._small else self._main
        if queue[key] < _MOST_HITS:
            queue[key] += 1

    def remove(self, key: BlockKey) -> None:
        size = self._sizes.pop(key)
        self._bytes -= size
        if self._small.pop(key, None) is not None:
            self._small_bytes -= size
        else:
            del self._main[key]

    def evict(self, pinned: Container[BlockKey]) -> BlockKey | None:
        for _ in range((_MOST_HITS + 2) * len(self._sizes)):
            is_small = bool(self._small) and (
                not self._main or self._small_bytes >= _SMALL_SHARE * self._bytes
            )
            key = self._small_goes(pinned) if is_small else self._main_goes(pinned)
            if key is not None:
                self._bytes -= self._sizes.pop(key)
                return key
        return None

    def _small_goes(self, pinned: Container[BlockKey]) -> BlockKey | None:
        key, hits = self._small.popitem(last=False)
        self._small_bytes -= self._sizes[key]
        if hits > 1 or key in pinned:
            self._main[key] = 0
            return None
        self._ghosts[key] = None
        while len(self._ghosts) > len(self._sizes):
            self._ghosts.popitem(last=False)
        return key

    def _main_goes(self, pinned: Container[BlockKey]) -> BlockKey | None:
        key, hits = self._main.popitem(last=False)
        if not hits and key not in pinned:
            return key
        self._main[key] = max(hits - 1, 0)
        return None

    def __iter__(self) -> Iterator[BlockKey]:
        yield from self._small
        yield from self._main


POLICIES: dict[str, type[Lru] | type[Sieve] | type[S3Fifo]] = {"lru": Lru, "sieve": Sieve, "s3-fifo": S3Fifo}
