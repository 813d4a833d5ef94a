"""Octets from here to there (RFC 9110, 14)."""

from typing import NamedTuple


class ByteRange(NamedTuple):
    """Half open: `start` belongs to it, `stop` does not. Octets from the start of a representation."""

    start: int
    stop: int

    @property
    def size(self) -> int:
        """Octets in it."""
        return self.stop - self.start

    def within(self, size: int) -> str:
        """The value of Content-Range, of a representation of `size` octets (RFC 9110, 14.4)."""
        return f"bytes {self.start}-{self.stop - 1}/{size}"
