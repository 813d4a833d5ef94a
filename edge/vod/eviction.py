"""In what order blocks go: `vod.policy`. Pure; sizes are octets."""

from collections.abc import Container, Hashable, Iterator
from copy import copy
from typing import Protocol

from cachetools import Cache, FIFOCache, LRUCache

from edge.vod.block_policy import S3Fifo

_NEW_SHARE = 0.1
_LEAST_REMEMBERED = 1_000


class Order(Protocol):
    """The blocks that may go. A policy is a class that is made of the capacity in octets."""

    def __init__(self, capacity: int) -> None: ...
    def resize(self, capacity: int) -> None:
        """It is another one from now on; nobody goes for that."""

    @property
    def used(self) -> int:
        """Octets of all of them."""

    def __len__(self) -> int: ...
    def __contains__(self, key: object) -> bool: ...
    def __iter__(self) -> Iterator[tuple[Hashable, int]]:
        """Keys and sizes, the coldest first, as near as the policy can tell."""

    def get(self, key: Hashable, *, is_going_on: bool = False) -> int | None:
        """Its size; it was asked for. `is_going_on`: most likely by one who had its beginning just now."""

    def size(self, key: Hashable) -> int | None:
        """Its size; nobody asked for it."""

    def add(self, key: Hashable, size: int, *, readers: int = 1) -> None:
        """It is not in here yet. `readers`: how many wanted it while it came; none: it was read ahead."""

    def remove(self, key: Hashable) -> int | None:
        """Its size, if it was in here. That is no judgement: it changed, or was purged."""

    def evict(self, pinned: Container[object]) -> tuple[Hashable, int] | None:
        """The next one goes, and is told; None: all that are left are pinned."""


class Queue:
    """Least recently used first, by octets. Its owner decides when one goes."""

    def __init__(self) -> None:
        self._blocks: LRUCache[Hashable, int] = LRUCache(float("inf"), getsizeof=_itself)

    @property
    def used(self) -> int:
        return int(self._blocks.currsize)

    def __len__(self) -> int:
        return len(self._blocks)

    def __contains__(self, key: object) -> bool:
        return key in self._blocks

    def __iter__(self) -> Iterator[tuple[Hashable, int]]:
        cooling = copy(self._blocks)  # only taking them out tells the order
        while cooling:
            yield cooling.popitem()

    def get(self, key: Hashable) -> int | None:
        """Its size; it is the warmest now."""
        return self._blocks.get(key)

    def size(self, key: Hashable) -> int | None:
        """Its size; it stays where it is."""
        return Cache.__getitem__(self._blocks, key) if key in self._blocks else None

    def add(self, key: Hashable, size: int) -> None:
        self._blocks[key] = size

    def remove(self, key: Hashable) -> int | None:
        return self._blocks.pop(key, None)

    def evict(self, pinned: Container[object]) -> tuple[Hashable, int] | None:
        """The coldest that is not pinned. One that is read is not cold, and moves to the warm end."""
        for _ in range(len(self._blocks)):
            key, size = self._blocks.popitem()
            if key not in pinned:
                return key, size
            self._blocks[key] = size
        return None


class Lru:
    """Least recently used, with a door: what nobody asked for twice pushes out its like only.

    New blocks stand in a queue of their own. Once that has a tenth of the capacity it pays for itself; asked
    for again, a block moves to those that are watched. Of what went, the name is remembered as long as about
    as many others go: asked for again then, it is watched at once (after 2Q, Johnson and Shasha 1994).
    """

    def __init__(self, capacity: int) -> None:
        self.resize(capacity)
        self._new, self._watched = Queue(), Queue()
        self._early: set[Hashable] = set()
        self._gone: FIFOCache[int, None] = FIFOCache(_LEAST_REMEMBERED)

    def resize(self, capacity: int) -> None:
        self._new_share = capacity * _NEW_SHARE

    @property
    def used(self) -> int:
        return self._new.used + self._watched.used

    def __len__(self) -> int:
        return len(self._new) + len(self._watched)

    def __contains__(self, key: object) -> bool:
        return key in self._watched or key in self._new

    def __iter__(self) -> Iterator[tuple[Hashable, int]]:
        yield from self._new
        yield from self._watched

    def get(self, key: Hashable, *, is_going_on: bool = False) -> int | None:
        size = self._watched.get(key)
        if size is None and (size := self._new.get(key)) is not None:
            if key in self._early:
                self._early.discard(key)
            elif not is_going_on:
                self._new.remove(key)
                self._watched.add(key, size)
        return size

    def size(self, key: Hashable) -> int | None:
        size = self._watched.size(key)
        return self._new.size(key) if size is None else size

    def add(self, key: Hashable, size: int, *, readers: int = 1) -> None:
        was_here = self._gone.pop(hash(key), self) is None
        (self._watched if was_here or readers > 1 else self._new).add(key, size)
        if not readers:
            self._early.add(key)

    def remove(self, key: Hashable) -> int | None:
        self._early.discard(key)
        size = self._new.remove(key)
        return self._watched.remove(key) if size is None else size

    def evict(self, pinned: Container[object]) -> tuple[Hashable, int] | None:
        queues = [self._watched, self._new]
        if self._new.used >= self._new_share or not len(self._watched):
            queues.reverse()
        for queue in queues:
            if (gone := queue.evict(pinned)) is not None:
                self._early.discard(gone[0])
                self._remember(gone[0])
                return gone
        return None

    def _remember(self, key: Hashable) -> None:
        if len(self) > self._gone.maxsize:
            larger: FIFOCache[int, None] = FIFOCache(2 * len(self))
            larger.update(self._gone)
            self._gone = larger
        self._gone[hash(key)] = None


def _itself(size: int) -> int:
    return size


POLICIES: dict[str, type[Order]] = {"lru": Lru, "s3-fifo": S3Fifo}
"""By the name in `vod.policy`."""
