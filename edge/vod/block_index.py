"""Which blocks are on disk and in what order they go: by the policy, heads last."""

from collections.abc import Iterator
from typing import NamedTuple, cast

from edge.vod.asset import BlockKey
from edge.vod.eviction import POLICIES, Queue

_MOST_HEADS = 0.5
"""Of a capacity that nobody chose."""


class Admitted(NamedTuple):
    """A block may be kept: these are gone."""

    evicted: tuple[BlockKey, ...]


class BlockIndex:
    """Sizes are octets. Pure: its owner moves the files.

    Heads are what start-up waits for. They have a queue of their own that pays last; beyond `head_quota` its
    coldest becomes a block like others.
    """

    def __init__(self, capacity: int, *, head_quota: int, policy: str = "lru") -> None:
        self.capacity = capacity
        self.policy = policy
        self._head_quota = min(head_quota, capacity)
        self._head_share = min(self._head_quota / capacity, _MOST_HEADS)
        self._heads = Queue()
        self._others = POLICIES[policy](capacity)
        self._pins: dict[BlockKey, int] = {}
        self._assets: dict[str, set[BlockKey]] = {}

    @property
    def used(self) -> int:
        return self._heads.used + self._others.used

    def __len__(self) -> int:
        return len(self._heads) + len(self._others)

    def __contains__(self, key: object) -> bool:
        return key in self._others or key in self._heads

    @property
    def heads(self) -> int:
        """How many blocks are among those that go last."""
        return len(self._heads)

    def is_head(self, key: BlockKey) -> bool:
        """Whether it is among those that go last."""
        return key in self._heads

    def get(self, key: BlockKey, *, is_going_on: bool = False) -> int | None:
        """Its size; it was asked for. `is_going_on`: most likely by one who had its beginning just now."""
        size = self._heads.get(key)
        return self._others.get(key, is_going_on=is_going_on) if size is None else size

    def admit(self, key: BlockKey, size: int, *, is_head: bool, readers: int = 1) -> Admitted | None:
        """None: too large, or all that could go is being read. `readers`: see Order.add."""
        self.remove(key)
        if size > self.capacity:
            return None
        gone: list[tuple[BlockKey, int]] = []
        while self.used + size > self.capacity:
            victim = self._evict()
            if victim is None:
                for old, octets in gone:
                    self._others.add(old, octets, readers=2)
                return None
            gone.append(victim)
        for old, _ in gone:
            self._forget(old)
        self._put(key, size, is_head=is_head, readers=readers)
        return Admitted(tuple(old for old, _ in gone))

    def resize(self, capacity: int) -> tuple[BlockKey, ...]:
        """There is so much room from now on. Who is gone for that, as far as they are not being read."""
        self.capacity, self._head_quota = capacity, int(capacity * self._head_share)
        self._others.resize(capacity)
        self._fit_heads()
        gone: list[BlockKey] = []
        while self.used > capacity and (victim := self._evict()) is not None:
            gone.append(victim[0])
            self._forget(victim[0])
        return tuple(gone)

    def _evict(self) -> tuple[BlockKey, int] | None:
        victim = self._others.evict(self._pins) or self._heads.evict(self._pins)
        return cast("tuple[BlockKey, int] | None", victim)

    def load(self, key: BlockKey, size: int, *, is_head: bool) -> None:
        """It is on disk already."""
        if key in self:
            self.remove(key)
        self._put(key, size, is_head=is_head, readers=2)

    def mark_head(self, key: BlockKey) -> bool:
        """It turned out to be what start-up waits for; whether that is news."""
        if key in self._heads or (size := self._others.remove(key)) is None:
            return False
        self._add_head(key, size)
        return True

    def _put(self, key: BlockKey, size: int, *, is_head: bool, readers: int) -> None:
        if is_head and size <= self._head_quota:
            self._add_head(key, size)
        else:
            self._others.add(key, size, readers=readers)
        self._assets.setdefault(key.asset, set()).add(key)

    def _add_head(self, key: BlockKey, size: int) -> None:
        self._heads.add(key, size)
        self._fit_heads()

    def _fit_heads(self) -> None:
        while self._heads.used > self._head_quota and (cold := self._heads.evict(())):
            self._others.add(cold[0], cold[1], readers=2)

    def _forget(self, key: BlockKey) -> None:
        theirs = self._assets[key.asset]
        theirs.discard(key)
        if not theirs:
            del self._assets[key.asset]

    def pin(self, key: BlockKey) -> None:
        """It stays while it is read; as often as `unpin`."""
        self._pins[key] = self._pins.get(key, 0) + 1

    def unpin(self, key: BlockKey) -> None:
        left = self._pins[key] - 1
        if left:
            self._pins[key] = left
        else:
            del self._pins[key]

    def remove(self, key: BlockKey) -> bool:
        """It is gone for another reason than that there was no room."""
        if self._others.remove(key) is None and self._heads.remove(key) is None:
            return False
        self._forget(key)
        return True

    def assets(self) -> list[str]:
        """All that have blocks."""
        return list(self._assets)

    def of_asset(self, asset: str) -> list[BlockKey]:
        """All its blocks, of every version."""
        return list(self._assets.get(asset, ()))

    def size(self, key: BlockKey) -> int | None:
        """Its size; nobody asked for it."""
        size = self._heads.size(key)
        return self._others.size(key) if size is None else size

    def sizes(self) -> Iterator[tuple[BlockKey, int]]:
        """Of all blocks, coldest first."""
        yield from cast("Iterator[tuple[BlockKey, int]]", iter(self._others))
        yield from cast("Iterator[tuple[BlockKey, int]]", iter(self._heads))
