"""Text whose beginning stays while its end changes: what is long is packed once, what is new each time."""

import struct
import zlib

_HEAD = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"  # deflate, no name, no time, no system (RFC 1952, 2.3)
_NEAR = 12
"""How far back zlib looks, as a power of two: lines are like the one before."""
_LITTLE_MEMORY = 4
_END_NEAR, _END_MEMORY = 10, 2
"""For an end, which is short: eight kilobytes to clear and to go through, not twenty-four."""
_KNOWN_BYTES = 512
"""Of the end of the front that an end is packed with: the lines that its own are like."""


class Front:
    """The beginning. `text` is shared by all that begin with it; packed once, when asked for."""

    __slots__ = ("_checksum", "_known", "_packed", "text")

    def __init__(self, text: bytes) -> None:
        self.text = text
        self._packed = self._known = b""
        self._checksum = 0

    def gzip(self, end: bytes) -> bytes:
        """`text` and `end` as one gzip member (RFC 1952): blocks made before, and those of the end."""
        if not self._packed:
            packer = zlib.compressobj(6, zlib.DEFLATED, -_NEAR, _LITTLE_MEMORY)
            self._packed = _HEAD + packer.compress(self.text) + packer.flush(zlib.Z_SYNC_FLUSH)
            self._checksum = zlib.crc32(self.text)
            self._known = self.text[-_KNOWN_BYTES:]
        packer = zlib.compressobj(6, zlib.DEFLATED, -_END_NEAR, _END_MEMORY, zdict=self._known)
        blocks = packer.compress(end) + packer.flush()
        length = len(self.text) + len(end)
        return self._packed + blocks + struct.pack("<II", zlib.crc32(end, self._checksum), length)
