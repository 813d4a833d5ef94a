"""SIEVE and S3-FIFO as orders of eviction: queues without a move on a hit, in constant time.

SIEVE: Zhang and others, NSDI 2024. S3-FIFO: Yang and others, SOSP 2023. Both over octets, as our blocks are
not of one size. Pure. A hit that most likely goes on with what its reader had just now (`is_going_on`) is no
sign that others want the block, and does not count. What the methods promise: see `eviction.Order`.
"""

from collections import OrderedDict
from collections.abc import Container, Hashable, Iterator

_SMALL_SHARE = 0.1
_MOST_HITS = 3


class Sieve:
    """A hand goes from the oldest to the newest, spares who was asked for since it last came by, and so on.

    The queue is cut at the hand: `_ahead` it has still to see, `_behind` are older and were spared. Values: 1
    where somebody asked; -1 where it was read ahead and nobody ever did.
    """

    def __init__(self, capacity: int) -> None:  # noqa: ARG002  as every policy
        self._ahead: OrderedDict[Hashable, int] = OrderedDict()
        self._behind: OrderedDict[Hashable, int] = OrderedDict()
        self._sizes: dict[Hashable, int] = {}
        self.used = 0

    def resize(self, capacity: int) -> None:
        """It has no shares of it."""

    def __len__(self) -> int:
        return len(self._sizes)

    def __contains__(self, key: object) -> bool:
        return key in self._sizes

    def __iter__(self) -> Iterator[tuple[Hashable, int]]:
        for queue in (self._ahead, self._behind):
            for key in queue:
                yield key, self._sizes[key]

    def get(self, key: Hashable, *, is_going_on: bool = False) -> int | None:
        size = self._sizes.get(key)
        if size is not None and not is_going_on:
            queue = self._ahead if key in self._ahead else self._behind
            queue[key] = min(queue[key] + 1, 1)
        return size

    def size(self, key: Hashable) -> int | None:
        return self._sizes.get(key)

    def add(self, key: Hashable, size: int, *, readers: int = 1) -> None:
        self._sizes[key] = size
        self.used += size
        self._ahead[key] = min(readers - 1, 1)

    def remove(self, key: Hashable) -> int | None:
        size = self._sizes.pop(key, None)
        if size is not None:
            self.used -= size
            del (self._ahead if key in self._ahead else self._behind)[key]
        return size

    def evict(self, pinned: Container[object]) -> tuple[Hashable, int] | None:
        for _ in range(2 * len(self._sizes)):
            self._wrap()
            key, is_wanted = self._ahead.popitem(last=False)
            if is_wanted <= 0 and key not in pinned:
                self._wrap()  # before newer ones come: the hand is at the oldest again
                size = self._sizes.pop(key)
                self.used -= size
                return key, size
            self._behind[key] = 0
        return None

    def _wrap(self) -> None:
        if not self._ahead:
            self._ahead, self._behind = self._behind, self._ahead


class S3Fifo:
    """New ones pass a small queue; who is asked for in it often enough goes on to the main one.

    Who was not and comes back is known (`_ghosts`, as many as there are blocks) and goes to the main queue at
    once. There, each time somebody asked (three count) is one more round.
    """

    def __init__(self, capacity: int) -> None:
        self.resize(capacity)
        self._small: OrderedDict[Hashable, int] = OrderedDict()
        self._main: OrderedDict[Hashable, int] = OrderedDict()
        self._ghosts: OrderedDict[int, None] = OrderedDict()
        self._sizes: dict[Hashable, int] = {}
        self._small_bytes = 0
        self.used = 0

    def resize(self, capacity: int) -> None:
        self._small_share = capacity * _SMALL_SHARE

    def __len__(self) -> int:
        return len(self._sizes)

    def __contains__(self, key: object) -> bool:
        return key in self._sizes

    def __iter__(self) -> Iterator[tuple[Hashable, int]]:
        for queue in (self._small, self._main):
            for key in queue:
                yield key, self._sizes[key]

    def get(self, key: Hashable, *, is_going_on: bool = False) -> int | None:
        size = self._sizes.get(key)
        if size is not None and not is_going_on:
            queue = self._small if key in self._small else self._main
            queue[key] = min(queue[key] + 1, _MOST_HITS)
        return size

    def size(self, key: Hashable) -> int | None:
        return self._sizes.get(key)

    def add(self, key: Hashable, size: int, *, readers: int = 1) -> None:
        self._sizes[key] = size
        self.used += size
        was_here = self._ghosts.pop(hash(key), self) is None
        if was_here or readers > 1:
            self._main[key] = 0
        else:
            self._small[key] = readers - 1
            self._small_bytes += size

    def remove(self, key: Hashable) -> int | None:
        size = self._sizes.pop(key, None)
        if size is not None:
            self.used -= size
            if self._small.pop(key, None) is not None:
                self._small_bytes -= size
            else:
                del self._main[key]
        return size

    def evict(self, pinned: Container[object]) -> tuple[Hashable, int] | None:
        for _ in range((_MOST_HITS + 2) * len(self._sizes)):
            is_small = bool(self._small) and (not self._main or self._small_bytes >= self._small_share)
            key = self._small_goes(pinned) if is_small else self._main_goes(pinned)
            if key is not None:
                break
        else:  # all of the main queue is pinned, and the small one had no turn
            key = next((one for one in self._small if one not in pinned), None)
            if key is None:
                return None
            del self._small[key]
            self._small_bytes -= self._sizes[key]
        size = self._sizes.pop(key)
        self.used -= size
        return key, size

    def _small_goes(self, pinned: Container[object]) -> Hashable | None:
        key, hits = self._small.popitem(last=False)
        self._small_bytes -= self._sizes[key]
        if hits >= PROMOTE or key in pinned:
            self._main[key] = 0
            return None
        self._ghosts[hash(key)] = None
        while len(self._ghosts) > len(self._sizes):
            self._ghosts.popitem(last=False)
        return key

    def _main_goes(self, pinned: Container[object]) -> Hashable | None:
        key, hits = self._main.popitem(last=False)
        if hits <= 0 and key not in pinned:
            return key
        self._main[key] = max(hits - 1, 0)
        return None


PROMOTE = 2
"""Hits in the small queue that make a block one of the main one."""
