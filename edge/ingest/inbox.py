"""What waits at a UDP socket: many datagrams with one call, where the kernel has it (recvmmsg(2))."""

import ctypes
import errno
import mmap
import os
import socket
import struct
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import NamedTuple

from edge.ingest.slot import LARGEST, Slot, address, filled

AT_ONCE = 64
"""Datagrams of one read, at most."""

Source = tuple[str, int] | tuple[str, int, int, int]
"""Whose datagram it is, as `socket.sendto` wants it: of IPv4 or of IPv6."""


class Run(NamedTuple):
    """Datagrams of one source that nobody else's came between, in their order; one at least.

    The reader owns the slots: the next read fills them anew. `sizes` are the lengths as they came. `heads`
    are the first two octets of each as a number, to tell protocols by; of a shorter datagram they mean
    nothing.
    """

    source: Source
    slots: list[Slot]
    sizes: list[int]
    heads: list[int]

    @classmethod
    def of(cls, source: Source, datagrams: Iterable[bytes]) -> "Run":
        """In slots of their own. ValueError for a datagram of more than LARGEST bytes."""
        given = list(datagrams)
        heads = [int.from_bytes(one[:2], "big") for one in given]
        return cls(source, filled(given), [len(one) for one in given], heads)


Read = Callable[[], list[Run]]
"""Takes what is there, in its order. OSError: something that we sent came to grief."""

_NAME_BYTES = {socket.AF_INET: 16, socket.AF_INET6: 28}  # struct sockaddr_in, sockaddr_in6
_IPV4 = struct.Struct("!2xH4s8x")
_IPV6 = struct.Struct("!2xHI16s")
_SCOPE = struct.Struct("=24xI")  # the only one in the host's order
_KNOWN_NAMES = 4096


def reader(opened: socket.socket) -> Read:
    """For a socket that never blocks; whoever closes it reads no more."""
    if hasattr(_libc, "recvmmsg"):
        return _Batch(opened).read
    return _OneByOne(opened).read


class _Piece(ctypes.Structure):
    """struct iovec."""

    _fields_ = (("base", ctypes.c_void_p), ("size", ctypes.c_size_t))


class _Head(ctypes.Structure):
    """struct msghdr."""

    _fields_ = (
        ("name", ctypes.c_void_p),
        ("name_size", ctypes.c_uint32),
        ("pieces", ctypes.c_void_p),
        ("piece_count", ctypes.c_size_t),
        ("control", ctypes.c_void_p),
        ("control_size", ctypes.c_size_t),
        ("flags", ctypes.c_int),
    )


class _Message(ctypes.Structure):
    """struct mmsghdr."""

    _fields_ = (("head", _Head), ("size", ctypes.c_uint32))


# A PyDLL keeps the interpreter: the call never blocks, and threads that make AAC would have it for long.
_libc = ctypes.PyDLL(None, use_errno=True)
_WORDS = ctypes.sizeof(_Message) // 4
_SIZE_WORD = _Message.size.offset // 4
_HEAD = struct.Struct(f"!H{LARGEST - 2}x")


class _Batch:
    """Memory for AT_ONCE datagrams and their addresses, made once, and recvmmsg to fill it."""

    def __init__(self, opened: socket.socket) -> None:
        name_bytes = _NAME_BYTES[socket.AddressFamily(opened.family)]
        self._bodies = mmap.mmap(-1, AT_ONCE * LARGEST)
        self._names = mmap.mmap(-1, AT_ONCE * name_bytes)
        self._pieces = (_Piece * AT_ONCE)()
        self._messages = (_Message * AT_ONCE)()
        body, name, messages = address(self._bodies), address(self._names), ctypes.addressof(self._messages)
        self._slots = []
        for at in range(AT_ONCE):
            self._pieces[at] = _Piece(body + at * LARGEST, LARGEST)
            piece = ctypes.addressof(self._pieces[at])
            self._messages[at].head = _Head(name + at * name_bytes, name_bytes, piece, 1)
            size = messages + at * ctypes.sizeof(_Message) + _Message.size.offset
            self._slots.append(Slot(self._bodies, at * LARGEST, size, self._messages))
        self._sizes = memoryview(self._messages).cast("B").cast("i")[_SIZE_WORD::_WORDS]
        self._name = struct.Struct(f"{name_bytes}s")
        self._call = _libc.recvmmsg
        self._arguments = (opened.fileno(), ctypes.byref(self._messages), AT_ONCE, 0, None)

    def read(self) -> list[Run]:
        """See Read."""
        count = self._call(*self._arguments)
        if count < 0:
            fault = ctypes.get_errno()
            if fault in {errno.EAGAIN, errno.EINTR}:
                return []
            raise OSError(fault, os.strerror(fault))
        names = self._names[: count * self._name.size]
        return self._runs(names, self._sizes[:count].tolist())

    def _runs(self, names: bytes, sizes: list[int]) -> list[Run]:
        """One for each change of the name."""
        count = len(sizes)
        heads = [head for (head,) in _HEAD.iter_unpack(memoryview(self._bodies)[: count * LARGEST])]
        taken: list[Run] = []
        begin, last = 0, names[: self._name.size]
        for at, (name,) in enumerate(self._name.iter_unpack(names)):
            if name != last:
                taken.append(self._run(last, slice(begin, at), sizes, heads))
                begin, last = at, name
        if count:
            taken.append(self._run(last, slice(begin, count), sizes, heads))
        return taken

    def _run(self, name: bytes, part: slice, sizes: list[int], heads: list[int]) -> Run:
        return Run(_source(name), self._slots[part], sizes[part], heads[part])


@lru_cache(_KNOWN_NAMES)
def _source(name: bytes) -> Source:
    """A struct sockaddr_in or sockaddr_in6, read."""
    if len(name) == _IPV4.size:
        port, host = _IPV4.unpack(name)
        return socket.inet_ntop(socket.AF_INET, host), port
    port, flow, host = _IPV6.unpack_from(name)
    return socket.inet_ntop(socket.AF_INET6, host), port, flow, _SCOPE.unpack(name)[0]


class _OneByOne:
    """Where there is no recvmmsg."""

    def __init__(self, opened: socket.socket) -> None:
        self._socket = opened

    def read(self) -> list[Run]:
        """See Read."""
        taken: list[tuple[Source, list[bytes]]] = []
        for _ in range(AT_ONCE):
            try:
                datagram, source = self._socket.recvfrom(LARGEST)
            except (BlockingIOError, InterruptedError):
                break
            if not taken or taken[-1][0] != source:
                taken.append((source, []))
            taken[-1][1].append(datagram)
        return [Run.of(source, datagrams) for source, datagrams in taken]
