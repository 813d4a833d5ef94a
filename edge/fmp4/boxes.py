"""ISO-BMFF boxes: making and walking them (ISO 14496-12, 4.2)."""

from collections.abc import Iterator
from struct import Struct
from typing import NamedTuple

from edge.errors import MediaError

_HEADER = Struct(">I4s")
_LARGE_SIZE = Struct(">Q")
_FULL_HEADER = Struct(">I4sI")


class Box(NamedTuple):
    """One box of a buffer: its bytes are buffer[start:end].

    `payload` is what stands behind the header (for a full box its version and flags too); a view, so it lives
    on the walked buffer and costs no copy.
    """

    kind: bytes
    start: int
    end: int
    payload: memoryview


def box(kind: bytes, *payload: bytes) -> bytes:
    """A box of this four-character kind around the payload."""
    body = b"".join(payload)
    return _HEADER.pack(8 + len(body), kind) + body


def full_box(kind: bytes, version: int, flags: int, *payload: bytes) -> bytes:
    """A box that begins with a version byte and three bytes of flags."""
    body = b"".join(payload)
    return _FULL_HEADER.pack(12 + len(body), kind, version << 24 | flags) + body


def walk(data: bytes | memoryview) -> Iterator[Box]:
    """The boxes that fill `data`, one after another, not descending into them.

    To descend, walk a box's payload; its `start` and `end` then count from there. Raises MediaError at the
    first box that is cut off or shorter than its own header. A size of zero means "up to the end" (4.2.2).
    """
    view = memoryview(data)
    at = 0
    while at < len(view):
        if len(view) - at < 8:
            raise MediaError(f"{len(view) - at} bytes are left over behind the last box")
        size, kind = _HEADER.unpack_from(view, at)
        header = 8
        if size == 1:
            header = 16
            size = _LARGE_SIZE.unpack_from(view, at + 8)[0] if len(view) - at >= 16 else 0
        elif size == 0:
            size = len(view) - at
        if not header <= size <= len(view) - at:
            raise MediaError(f"the box {kind!r} has a size of {size} with {len(view) - at} bytes left")
        yield Box(kind, at, at + size, view[at + header : at + size])
        at += size
