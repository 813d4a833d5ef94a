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


class BitWriter:
    """Writes from the highest bit of the first octet on."""

    __slots__ = ("_bits", "_value")

    def __init__(self) -> None:
        self._value = 0
        self._bits = 0

    def u(self, bits: int, value: int) -> None:
        """The lowest `bits` bits of a number."""
        self._value = self._value << bits | value & (1 << bits) - 1
        self._bits += bits

    def ue(self, value: int) -> None:
        """An unsigned Exp-Golomb code (H.264, 9.1)."""
        self.u(2 * (value + 1).bit_length() - 1, value + 1)

    def se(self, value: int) -> None:
        """A signed Exp-Golomb code (H.264, 9.1.1)."""
        self.ue(2 * value - 1 if value > 0 else -2 * value)

    def align(self, bit: int) -> None:
        """Fill the octet with this bit."""
        self.u(-self._bits % 8, -bit)

    def trail(self) -> None:
        """rbsp_trailing_bits (7.3.2.11)."""
        self.u(1, 1)
        self.align(0)

    def octets(self) -> bytes:
        """What was written, which must be aligned."""
        assert self._bits % 8 == 0
        return self._value.to_bytes(self._bits // 8, "big")
