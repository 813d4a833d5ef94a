"""Octets that many get at once: in a file in memory, of which the kernel sends the pages without a copy."""

import asyncio
import os
import weakref
from collections.abc import Sequence
from typing import Self

from edge.http.message import Octets

NO_SOCKET = -1


class MemoryFile:
    """One answer, never changed. Gone with the last who refers to it; what is on its way stays readable."""

    __slots__ = ("__weakref__", "_fd", "_length")

    def __init__(self, buffers: Sequence[Octets]) -> None:
        """OSError: no file can be opened. AttributeError: not on this system."""
        self._fd = os.memfd_create("edge-answer", os.MFD_CLOEXEC)
        weakref.finalize(self, os.close, self._fd)
        self._length = os.writev(self._fd, buffers)
        if self._length < sum(map(len, buffers)):
            raise OSError("memory took a part of it only")

    @classmethod
    def holding(cls, buffers: Sequence[Octets]) -> Self | None:
        """None: it has to go without."""
        try:
            return cls(buffers)
        except (OSError, AttributeError):
            return None

    def send(self, socket_fd: int) -> int:
        """How many octets the socket took, from the first on: 0 where it is full or broken, for the transport
        finds that out anew.
        """
        try:
            return os.sendfile(socket_fd, self._fd, 0, self._length)
        except OSError:
            return 0


def send_now(buffers: Sequence[Octets], socket_fd: int) -> int:
    """The same without a file: the kernel copies them."""
    try:
        return os.writev(socket_fd, buffers)
    except OSError:
        return 0


def plain_socket(transport: asyncio.BaseTransport) -> int:
    """The descriptor of a connection whose octets go out as they are; else, with TLS, NO_SOCKET. It is the
    transport's: to be written to only while that has nothing to send, and not after connection_lost.
    """
    one = transport.get_extra_info("socket")
    if one is None or transport.get_extra_info("sslcontext") is not None:
        return NO_SOCKET
    return int(one.fileno())


def from_octet(buffers: Sequence[Octets], at: int) -> list[Octets]:
    """What is left of them: views, no copies."""
    left: list[Octets] = []
    for each in buffers:
        if at < len(each):
            left.append(memoryview(each)[at:] if at else each)
        at = max(0, at - len(each))
    return left
