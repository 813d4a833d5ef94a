"""What the cache holds of which asset: blocks, told by asset."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from edge.vod.block_file import StoredBlock

Version = tuple[str, str, str]
"""Name, ETag and origin: what identifies octets."""


class HeldAsset(NamedTuple):
    """Sizes are octets. `size` is None where nobody knows it: the origin was not asked of late, and the last
    block is not here. `head_blocks`: those that are let go last.
    """

    asset: str
    etag: str
    origin: str
    size: int | None
    held: int
    blocks: int
    head_blocks: int

    @property
    def is_whole(self) -> bool:
        """Whether the origin is not needed for it any more."""
        return self.held == self.size


@dataclass(slots=True)
class _Count:
    held: int = 0
    blocks: int = 0
    heads: int = 0
    last: tuple[int, int] = (-1, 0)
    """Number and size."""


class Inventory:
    """Counted block by block, in any order. `block_size`: octets."""

    def __init__(self, block_size: int) -> None:
        self._block_size = block_size
        self._found: dict[Version, _Count] = {}

    def add(self, block: StoredBlock) -> None:
        """One more."""
        key = block.key
        count = self._found.setdefault((key.asset, key.etag, key.origin), _Count())
        count.held += block.size
        count.blocks += 1
        count.heads += block.is_head
        count.last = max(count.last, (key.number, block.size))

    def assets(self, known: Mapping[Version, int]) -> list[HeldAsset]:
        """By name and version. `known`: sizes, as far as they are known."""
        return [self._held(version, known.get(version)) for version in sorted(self._found)]

    def _held(self, version: Version, size: int | None) -> HeldAsset:
        count = self._found[version]
        number, octets = count.last
        if size is None and octets < self._block_size:
            size = number * self._block_size + octets  # only the last block of an asset is short
        return HeldAsset(*version, size, count.held, count.blocks, count.heads)
