"""A reader of bits and Exp-Golomb codes that cannot run away on hostile input."""

from edge.errors import MediaError

_LONGEST_PREFIX = 32
_WINDOW_BYTES = 9  # the longest legal code has 65 bits and begins at any bit of a byte


class BitReader:
    """Reads `data` from its highest bit on, every field in constant time.

    A read past the end raises MediaError and takes nothing.
    """

    __slots__ = ("_at", "_data", "_end")

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0
        self._end = len(data) * 8

    @property
    def left(self) -> int:
        """Bits that are still to be read."""
        return self._end - self._at

    def u(self, bits: int) -> int:
        """An unsigned number of `bits` bits."""
        end = self._at + bits
        if end > self._end:
            raise MediaError("the header ends too early")
        last = (end + 7) >> 3
        value = int.from_bytes(self._data[self._at >> 3 : last], "big") >> (last * 8 - end)
        self._at = end
        return value & ((1 << bits) - 1)

    def flag(self) -> bool:
        return self.u(1) == 1

    def ue(self, highest: int = 0xFFFF_FFFE) -> int:
        """An unsigned Exp-Golomb code (H.264, 9.1) that must not be above `highest`."""
        first = self._at >> 3
        chunk = self._data[first : first + _WINDOW_BYTES]
        seen = len(chunk) * 8 - (self._at & 7)
        if seen <= 0:
            raise MediaError("the header ends too early")
        window = int.from_bytes(chunk, "big") & ((1 << seen) - 1)
        zeros = seen - window.bit_length()
        if zeros > _LONGEST_PREFIX:
            raise MediaError("an Exp-Golomb code is longer than any legal one")
        length = 2 * zeros + 1
        if length > seen:
            raise MediaError("the header ends too early")
        value = (window >> (seen - length)) - 1
        if value > highest:
            raise MediaError(f"a header field is {value}, the highest legal value is {highest}")
        self._at += length
        return value

    def se(self) -> int:
        """A signed Exp-Golomb code (H.264, 9.1.1)."""
        code = self.ue()
        return (code + 1) // 2 if code & 1 else -(code // 2)
