"""One block as a file: the octets, then who they are and a checksum over both.

Octets first, so that they lie on pages as they do in the block. A file tells everything about
itself: an index can be lost.
"""

import contextlib
import hashlib
import json
import stat
import struct
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from edge.vod.asset import BlockKey

_MAGIC = b"edgeblk2"
_TAIL = struct.Struct(">32sI8s")
_MOST_LABEL = 65_536
LONGEST_TAIL = _MOST_LABEL + _TAIL.size
"""Octets at the end of a file that are not the block's."""


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


def cleared(path: Path, aside: Path) -> None:
    """Of what is no file: a pipe would hold up who opens it. A folder goes `aside`; no link is followed.
    OSError: it stays.
    """
    with contextlib.suppress(FileNotFoundError):
        mode = path.lstat().st_mode
        if stat.S_ISDIR(mode):
            path.rename(aside)
        elif not stat.S_ISREG(mode):
            path.unlink()


def trailer(block: StoredBlock, pieces: Iterable[bytes]) -> bytes:
    """What follows the octets."""
    label = json.dumps([*block.key, block.size, block.is_head], separators=(",", ":")).encode()
    seen = hashlib.sha256()
    for piece in pieces:
        seen.update(piece)
    seen.update(label)
    return label + _TAIL.pack(seen.digest(), len(label), _MAGIC)


class Label(NamedTuple):
    """Who a block is, as JSON on one line; `with_tail`: its octets and those that follow it in the file."""

    text: str
    with_tail: int


def label_of(tail: bytes) -> Label | None:
    """From the end of a file, LONGEST_TAIL octets at most; None: not a block of ours, or too short an end."""
    if len(tail) < _TAIL.size:
        return None
    _, size, magic = _TAIL.unpack_from(tail, len(tail) - _TAIL.size)
    with_tail = size + _TAIL.size
    if magic != _MAGIC or size > _MOST_LABEL or len(tail) < with_tail:
        return None
    return Label(tail[-with_tail : -_TAIL.size].decode("ascii", "replace"), with_tail)


def parse_label(text: str) -> StoredBlock | None:
    """Whether the octets are right is not looked at."""
    try:
        asset, etag, number, origin, octets, is_head = json.loads(text)
        key = BlockKey(str(asset), str(etag), int(number), str(origin))
        block = StoredBlock(key, int(octets), bool(is_head))
    except (ValueError, TypeError, RecursionError):
        return None
    return block if block.size >= 0 and block.key.number >= 0 else None


def verify(whole: memoryview, key: BlockKey) -> int | None:
    """The size of the block, when the file is exactly this block and every bit is as it was written."""
    label = label_of(bytes(whole[-LONGEST_TAIL:]))
    block = label and parse_label(label.text)
    if label is None or block is None or block.key != key:
        return None
    digest = bytes(whole[-_TAIL.size :][:32])
    right = hashlib.sha256(whole[: -_TAIL.size]).digest() == digest
    return block.size if right and len(whole) - label.with_tail == block.size else None
