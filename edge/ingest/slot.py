"""Memory for datagrams, where the kernel puts them and SRTP is undone in place."""

from collections.abc import Sequence
from mmap import mmap
from typing import Any

from pylibsrtp._binding import ffi

LARGEST = 2048
"""Bytes; of a longer datagram only so many are kept."""


class Slot:
    """LARGEST bytes of memory, from `begin` on in `octets`, with one datagram in them.

    Whoever filled it owns it and will fill it anew: what is wanted for longer is copied out (`data`). What
    works on it in place (SRTP) changes it for all; where that fails nothing in it may be used any more.
    """

    __slots__ = ("_keeps", "begin", "length", "memory", "octets")

    def __init__(self, octets: mmap, begin: int, length: int, keeps: object) -> None:
        """`length` is the address of the number of bytes that are used, in 32 bits; `keeps` owns it."""
        # Addresses, and not ffi.from_buffer of a memoryview: where such are in a cycle, Python before 3.12
        # may crash when it is collected.
        self.octets = octets
        self.begin = begin
        self._keeps = keeps
        self.memory: Any = ffi.cast("char *", address(octets) + begin)
        """As C takes it: good while `octets` is kept, as all that is here is by the slot."""
        self.length: Any = ffi.cast("int *", length)
        """For the kernel and for SRTP to write to; read as `length[0]`."""

    @property
    def data(self) -> bytes:
        """A copy."""
        return self.octets[self.begin : self.begin + self.length[0]]

    def number_at(self, offset: int) -> int:
        """Of 32 bits, this far into the datagram, which must be long enough."""
        at = self.begin + offset
        return int.from_bytes(self.octets[at : at + 4], "big")

    def put(self, datagram: bytes) -> None:
        """Instead of what was in it. ValueError for more than LARGEST bytes."""
        size = len(datagram)
        if size > LARGEST:
            raise ValueError(f"{size} bytes are more than a slot has")
        self.octets[self.begin : self.begin + size] = datagram
        self.length[0] = size


def address(octets: mmap) -> int:
    """Where it is, for as long as it is not closed."""
    return int(ffi.cast("uintptr_t", ffi.from_buffer(octets)))


def filled(datagrams: Sequence[bytes]) -> list[Slot]:
    """Slots of their own for these. ValueError for a datagram of more than LARGEST bytes."""
    lengths = len(datagrams) * LARGEST  # behind the datagrams
    octets = mmap(-1, lengths + 4 * len(datagrams) + 4)
    first = address(octets) + lengths
    made = [Slot(octets, at * LARGEST, first + at * 4, octets) for at in range(len(datagrams))]
    for slot, datagram in zip(made, datagrams, strict=True):
        slot.put(datagram)
    return made
