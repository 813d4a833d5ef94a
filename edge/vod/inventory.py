"""What the cache holds of which asset: blocks, told by asset."""

from collections.abc import Iterable, Mapping
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


def inventory(
    blocks: Iterable[StoredBlock], block_size: int, known: Mapping[Version, int]
) -> list[HeldAsset]:
    """By name and version. `known`: sizes, as far as they are known."""
    found: dict[Version, list[StoredBlock]] = {}
    for block in blocks:
        key = block.key
        found.setdefault((key.asset, key.etag, key.origin), []).append(block)
    return [_held(version, found[version], block_size, known.get(version)) for version in sorted(found)]


def _held(version: Version, blocks: list[StoredBlock], block_size: int, size: int | None) -> HeldAsset:
    last = max(blocks, key=lambda block: block.key.number)
    if size is None and last.size < block_size:
        size = last.key.number * block_size + last.size  # only the last block of an asset is short
    held = sum(block.size for block in blocks)
    return HeldAsset(*version, size, held, len(blocks), sum(block.is_head for block in blocks))
