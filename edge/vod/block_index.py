"""Which blocks are on disk and in what order they go: least recently used first, heads last."""

from collections import OrderedDict
from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import NamedTuple

from edge.vod.asset import BlockKey


class Admitted(NamedTuple):
    """A block may be kept when these are gone."""

    evicted: tuple[BlockKey, ...]


class _Entry(NamedTuple):
    size: int
    is_head: bool


class BlockIndex:
    """Sizes are octets. Pure: its owner moves the files."""

    def __init__(self, capacity: int, *, head_quota: int, policy: str = "lru") -> None:
        self.capacity = capacity
        self.policy = policy
        self.used = 0
        self._head_quota = head_quota
        self._heads = 0
        self._entries: OrderedDict[BlockKey, _Entry] = OrderedDict()
        self._pins: dict[BlockKey, int] = {}

    def __len__(self) -> int:
        return len(self._entries)

    def __contains__(self, key: object) -> bool:
        return key in self._entries

    def get(self, key: BlockKey) -> int | None:
        """Its size; it is the warmest now."""
        entry = self._entries.get(key)
        if entry is None:
            return None
        self._entries.move_to_end(key)
        return entry.size

    def admit(self, key: BlockKey, size: int, *, is_head: bool) -> Admitted | None:
        """None: too large, or all that could go is being read."""
        self.remove(key)
        gone: list[BlockKey] = []
        missing = self.used + size - self.capacity
        for old in self._coldest() if missing > 0 else ():
            gone.append(old)
            missing -= self._entries[old].size
            if missing <= 0:
                break
        if missing > 0:
            return None
        for old in gone:
            self.remove(old)
        self.load(key, size, is_head=is_head)
        return Admitted(tuple(gone))

    def load(self, key: BlockKey, size: int, *, is_head: bool) -> None:
        """It is on disk already."""
        self.remove(key)
        is_head = is_head and self._heads + size <= self._head_quota
        self._entries[key] = _Entry(size, is_head)
        self.used += size
        self._heads += size * is_head

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
        entry = self._entries.pop(key, None)
        if entry is None:
            return False
        self.used -= entry.size
        self._heads -= entry.size * entry.is_head
        return True

    def of_asset(self, asset: str) -> list[BlockKey]:
        return [key for key in self._entries if key.asset == asset]

    def drop_others(self, asset: str, etag: str) -> list[BlockKey]:
        """Removes the blocks of every version but this one, and tells them."""
        old = [key for key in self.of_asset(asset) if key.etag != etag]
        for key in old:
            self.remove(key)
        return old

    def keys(self, pattern: str = "*") -> Iterator[BlockKey]:
        """Of assets that match, coldest first."""
        return iter([key for key in self._entries if fnmatchcase(key.asset, pattern)])

    def _coldest(self) -> Iterator[BlockKey]:
        free = [key for key in self._entries if key not in self._pins]
        yield from (key for key in free if not self._entries[key].is_head)
        yield from (key for key in free if self._entries[key].is_head)
