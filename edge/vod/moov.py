"""Where an MP4 file's `moov` is, told by its first octets (ISO/IEC 14496-12, 4.2)."""

import struct

from edge.http.byte_range import ByteRange

_MOST_BOXES = 64
_MOST_TAIL = 8 * 1024 * 1024
_TYPES = {b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide", b"styp", b"uuid", b"pdin", b"meta", b"sidx"}


def moov_span(head: bytes, size: int) -> ByteRange | None:
    """Of the file of `size` octets that starts with `head`. None: no MP4, or it is not to be told.

    What follows media that reach beyond `head` is taken for the `moov`: nothing else large stands there.
    """
    at = 0
    for _ in range(_MOST_BOXES):
        if at + 16 > len(head):
            return ByteRange(at, size) if 0 < at < size <= at + _MOST_TAIL else None
        length, kind = struct.unpack_from(">I4s", head, at)
        if kind not in _TYPES:
            return None
        if length == 1:
            (length,) = struct.unpack_from(">Q", head, at + 8)
        elif length == 0:
            length = size - at
        if length < 8 or at + length > size:
            return None
        if kind == b"moov":
            return ByteRange(at, at + length)
        at += length
    return None
