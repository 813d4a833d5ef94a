"""Connections that ask for ranges and note when the first octet came: for latency, herds and slow readers."""

import asyncio
import re
import socket
import time
from collections.abc import Sequence
from urllib.parse import urlsplit

_BUFFER = 262_144
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


class RangeClient(asyncio.BufferedProtocol):
    """One answer at a time. `expected`: what the body must be, octet by octet; None: only its length counts."""

    _shared = bytearray(_BUFFER)
    """Read at once, within `buffer_updated`: one buffer does for all."""

    def __init__(self) -> None:
        self._view = memoryview(self._shared)
        self._head = b""
        self._left = -1
        self.first_octet_at = self.first_body_octet_at = 0.0
        self.status = 0
        self.body_bytes = 0
        self.fault: str | None = None
        self._expected: memoryview | None = None
        self._done: asyncio.Future[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def ask(self, request: bytes, expected: bytes | None = None) -> asyncio.Future[None]:
        """Done when the answer is whole, or `fault` says why it is not."""
        self._head, self._left, self.body_bytes, self.fault = b"", -1, 0, None
        self.first_octet_at = self.first_body_octet_at = 0.0
        self._expected = None if expected is None else memoryview(expected)
        self._done = asyncio.get_running_loop().create_future()
        self.transport.write(request)  # type: ignore[attr-defined]
        return self._done

    def get_buffer(self, sizehint: int) -> memoryview:  # noqa: ARG002
        return self._view

    def buffer_updated(self, nbytes: int) -> None:
        if not self.first_octet_at:
            self.first_octet_at = time.monotonic()
        octets = self._view[:nbytes]
        if self._left < 0:
            self._head += bytes(octets)
            head, end, rest = self._head.partition(b"\r\n\r\n")
            if not end:
                return
            match = _LENGTH.search(head)
            self.status = int(head[9:12])
            self._left = int(match[1]) if match else 0
            octets = memoryview(rest)
        self._body(octets)

    def _body(self, octets: memoryview) -> None:
        if octets:
            if not self.first_body_octet_at:
                self.first_body_octet_at = time.monotonic()
            at = self.body_bytes
            if self._expected is not None and self._expected[at : at + len(octets)] != octets:
                self.fault = f"another octet than the asset's after {at}"
        self.body_bytes += len(octets)
        self._left -= len(octets)
        if self._left <= 0:
            self._end(None)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        self._end("the connection was cut")

    def _end(self, fault: str | None) -> None:
        if self._done is not None and not self._done.done():
            self.fault = self.fault or fault
            self._done.set_result(None)


def request_for(base: str, path: str, first: int, last: int) -> bytes:
    """GET of octets `first` to `last`, both included."""
    host = urlsplit(base).netloc
    return f"GET {path} HTTP/1.1\r\nHost: {host}\r\nRange: bytes={first}-{last}\r\n\r\n".encode()


async def connect(base: str, count: int) -> list[RangeClient]:
    """As many connections."""
    loop, parts = asyncio.get_running_loop(), urlsplit(base)
    clients = []
    for _ in range(count):
        _, client = await loop.create_connection(RangeClient, parts.hostname, parts.port)
        clients.append(client)
    return clients


def close(clients: Sequence[RangeClient]) -> None:
    for client in clients:
        client.transport.abort()  # type: ignore[attr-defined]


async def slow_socket(base: str, request: bytes) -> socket.socket:
    """One that has asked, and reads only when its owner does; the kernel holds little for it."""
    parts = urlsplit(base)
    one = socket.socket()
    one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8_192)
    one.setblocking(False)
    loop = asyncio.get_running_loop()
    await loop.sock_connect(one, (parts.hostname, parts.port))
    await loop.sock_sendall(one, request)
    return one
