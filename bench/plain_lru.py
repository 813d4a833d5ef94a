"""LRU and nothing else: what the policies of the server are measured against."""

from collections.abc import Container, Hashable, Iterator

from edge.vod.eviction import Queue


class PlainLru:
    """An Order, see edge.vod.eviction."""

    def __init__(self, capacity: int) -> None:  # noqa: ARG002  as every policy
        self._queue = Queue()

    def resize(self, capacity: int) -> None:
        """It has no shares of it."""

    @property
    def used(self) -> int:
        return self._queue.used

    def __len__(self) -> int:
        return len(self._queue)

    def __contains__(self, key: object) -> bool:
        return key in self._queue

    def __iter__(self) -> Iterator[tuple[Hashable, int]]:
        return iter(self._queue)

    def get(self, key: Hashable, *, is_going_on: bool = False) -> int | None:  # noqa: ARG002
        return self._queue.get(key)

    def size(self, key: Hashable) -> int | None:
        return self._queue.size(key)

    def add(self, key: Hashable, size: int, *, readers: int = 1) -> None:  # noqa: ARG002
        self._queue.add(key, size)

    def remove(self, key: Hashable) -> int | None:
        return self._queue.remove(key)

    def evict(self, pinned: Container[object]) -> tuple[Hashable, int] | None:
        return self._queue.evict(pinned)
