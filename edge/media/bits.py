"""A reader of bits and Exp-Golomb codes that cannot run away on hostile input."""

from edge.errors import MediaError

_LONGEST_PREFIX = 32


class BitReader:
    """Reads `data` from its highest bit on. Every read past the end raises MediaError.

    The whole string is held as one integer, so a read costs time in proportion to its length: give it headers
    of at most some kilobytes, not media.
    """

    __slots__ = ("_left", "_value")

    def __init__(self, data: bytes) -> None:
        self._value = int.from_bytes(data, "big")
        self._left = len(data) * 8

    @property
    def left(self) -> int:
        """Bits that are still to be read."""
        return self._left

    def u(self, bits: int) -> int:
        """An unsigned number of `bits` bits."""
        if bits > self._left:
            raise MediaError("the header ends too early")
        self._left -= bits
        return (self._value >> self._left) & ((1 << bits) - 1)

    def flag(self) -> bool:
        return self.u(1) == 1

    def ue(self, highest: int = 0xFFFF_FFFE) -> int:
        """An unsigned Exp-Golomb code (H.264, 9.1) that must not be above `highest`."""
        rest = self._value & ((1 << self._left) - 1)
        zeros = self._left - rest.bit_length()
        if zeros > _LONGEST_PREFIX:
            raise MediaError("an Exp-Golomb code is longer than any legal one")
        self.u(zeros)
        value = self.u(zeros + 1) - 1
        if value > highest:
            raise MediaError(f"a header field is {value}, the highest legal value is {highest}")
        return value

    def se(self) -> int:
        """A signed Exp-Golomb code (H.264, 9.1.1)."""
        code = self.ue()
        return (code + 1) // 2 if code & 1 else -(code // 2)
