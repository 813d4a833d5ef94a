"""The index of the cache with another order of eviction: its accounts, its pins, its quota of heads."""

from edge.vod.asset import BlockKey
from edge.vod.block_index import Admitted, BlockIndex
from edge.vod.block_policy import POLICIES


class PolicyIndex(BlockIndex):
    """Heads within the quota have an order of their own, and go when nothing else can."""

    def __init__(self, capacity: int, *, head_quota: int, policy: str) -> None:
        super().__init__(capacity, head_quota=head_quota, policy=policy)
        self._orders = (POLICIES[policy](), POLICIES[policy]())

    def get(self, key: BlockKey) -> int | None:
        entry = self._entries.get(key)
        if entry is None:
            return None
        self._orders[entry.is_head].touch(key)
        return entry.size

    def admit(self, key: BlockKey, size: int, *, is_head: bool) -> Admitted | None:
        self.remove(key)
        if size > self.capacity - sum(self._entries[one].size for one in self._pins if one in self._entries):
            return None
        gone: list[BlockKey] = []
        while self.used + size > self.capacity:
            old = self._orders[0].evict(self._pins) or self._orders[1].evict(self._pins)
            assert old is not None
            super().remove(old)
            gone.append(old)
        self.load(key, size, is_head=is_head)
        return Admitted(tuple(gone))

    def load(self, key: BlockKey, size: int, *, is_head: bool) -> None:
        super().load(key, size, is_head=is_head)
        self._orders[self._entries[key].is_head].add(key, size)

    def remove(self, key: BlockKey) -> bool:
        entry = self._entries.get(key)
        if entry is not None:
            self._orders[entry.is_head].remove(key)
        return super().remove(key)
