"""One block as a file: the octets, then who they are and a checksum over both.

Octets first, so that they lie on pages as they do in the block. A file tells everything about
itself: an index can be lost.
"""

import hashlib
import json
import struct
from collections.abc import Iterable
from typing import NamedTuple

from edge.vod.asset import BlockKey

_MAGIC = b"edgeblk2"
_TAIL = struct.Struct(">32sI8s")
_MOST_LABEL = 65_536


class StoredBlock(NamedTuple):
    """What is on disk: `size` octets; `is_head`: of the part that start-up waits for."""

    key: BlockKey
    size: int
    is_head: bool


def file_name(key: BlockKey) -> str:
    """Below the folder of blocks: `3f/3f09...`, 32 hexadecimal digits. No asset's name reaches the disk."""
    text = "\0".join((key.asset, key.etag, str(key.number), key.origin))
    name = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
    return f"{name[:2]}/{name}"


def trailer(block: StoredBlock, pieces: Iterable[bytes]) -> bytes:
    """What follows the octets."""
    label = json.dumps([*block.key, block.size, block.is_head], separators=(",", ":")).encode()
    seen = hashlib.sha256()
    for piece in pieces:
        seen.update(piece)
    seen.update(label)
    return label + _TAIL.pack(seen.digest(), len(label), _MAGIC)


def label_size(tail: bytes) -> int | None:
    """Of the label, from the last octets of a file; None: not a block of ours."""
    if len(tail) < _TAIL.size:
        return None
    _, size, magic = _TAIL.unpack(tail[-_TAIL.size :])
    return size if magic == _MAGIC and size <= _MOST_LABEL else None


def parse_label(tail: bytes) -> StoredBlock | None:
    """Who it is, from the end of a file. Whether the octets are right is not looked at."""
    size = label_size(tail)
    if size is None or len(tail) < size + _TAIL.size:
        return None
    try:
        asset, etag, number, origin, octets, is_head = json.loads(tail[-_TAIL.size - size : -_TAIL.size])
        key = BlockKey(str(asset), str(etag), int(number), str(origin))
        block = StoredBlock(key, int(octets), bool(is_head))
    except (ValueError, TypeError):
        return None
    return block if block.size >= 0 and block.key.number >= 0 else None


def verify(whole: memoryview, key: BlockKey) -> int | None:
    """The size of the block, when the file is exactly this block and every bit is as it was written."""
    block = parse_label(bytes(whole[-_MOST_LABEL - _TAIL.size :]))
    if block is None or block.key != key:
        return None
    digest = bytes(whole[-_TAIL.size :][:32])
    right = hashlib.sha256(whole[: -_TAIL.size]).digest() == digest
    end = len(whole) - _TAIL.size - (label_size(bytes(whole[-_TAIL.size :])) or 0)
    return block.size if right and end == block.size else None


TAIL_READ = 4096
"""Octets from the end of a file that hold nearly every label."""
