"""What waits at a UDP socket: many datagrams with one call, where the kernel has it (recvmmsg(2))."""

import ctypes
import errno
import mmap
import os
import socket
import struct
from collections.abc import Callable
from functools import lru_cache

AT_ONCE = 64
"""Datagrams of one read, at most."""

LARGEST = 2048
"""Bytes; of a longer datagram only so many are kept."""

Source = tuple[str, int] | tuple[str, int, int, int]
"""Whose datagram it is, as `socket.sendto` wants it: of IPv4 or of IPv6."""

Run = tuple[Source, list[bytes]]
"""Datagrams of one source that nobody else's came between, in their order. None is longer than LARGEST."""

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
_BODIES = range(0, AT_ONCE * LARGEST, LARGEST)


class _Batch:
    """Memory for AT_ONCE datagrams and their addresses, made once, and recvmmsg to fill it."""

    def __init__(self, opened: socket.socket) -> None:
        name_bytes = _NAME_BYTES[socket.AddressFamily(opened.family)]
        self._bodies = mmap.mmap(-1, AT_ONCE * LARGEST)
        self._names = mmap.mmap(-1, AT_ONCE * name_bytes)
        self._pieces = (_Piece * AT_ONCE)()
        self._messages = (_Message * AT_ONCE)()
        for at in range(AT_ONCE):
            self._pieces[at] = _Piece(_address(self._bodies) + at * LARGEST, LARGEST)
            name = _address(self._names) + at * name_bytes
            self._messages[at].head = _Head(name, name_bytes, ctypes.addressof(self._pieces[at]), 1)
        self._words = memoryview(self._messages).cast("B").cast("I")
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
        bodies = self._bodies
        names = self._name.iter_unpack(self._names[: count * self._name.size])
        sizes = self._words[_SIZE_WORD : count * _WORDS : _WORDS].tolist()
        taken: list[Run] = []
        run: list[bytes] = []
        last = b""
        for (name,), size, body in zip(names, sizes, _BODIES, strict=False):
            if name != last:
                last, run = name, []
                taken.append((_source(name), run))
            run.append(bodies[body : body + size])
        return taken


def _address(memory: mmap.mmap) -> int:
    return ctypes.addressof(ctypes.c_char.from_buffer(memory))


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
        self._buffer = bytearray(LARGEST)

    def read(self) -> list[Run]:
        """See Read."""
        taken: list[Run] = []
        for _ in range(AT_ONCE):
            try:
                size, source = self._socket.recvfrom_into(self._buffer)
            except (BlockingIOError, InterruptedError):
                break
            if not taken or taken[-1][0] != source:
                taken.append((source, []))
            taken[-1][1].append(bytes(self._buffer[:size]))
        return taken
