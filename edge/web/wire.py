"""A Response as octets of HTTP/1.1: made once, the date once a second, for everybody who gets it."""

import asyncio
from collections.abc import Sequence
from email.utils import formatdate
from http import HTTPStatus

from edge.http.message import Headers, Octets, Response
from edge.web.memory_file import NO_SOCKET, MemoryFile, from_octet, send_now
from edge.web.reply import SERVER

_LARGE_BYTES = 12 * 1024
"""Up to here a copy once a second costs less than a second buffer for each viewer. From here on the kernel
takes longer to copy octets than to refer to a file's pages."""

_JOINED_BYTES = 64 * 1024
"""The same where octets are encrypted, each buffer by itself."""

_FILED_AFTER = 32
"""Readers of an answer in one second, after which others get it from a file: to make one is a copy more."""

_LIMIT = 256
_BODILESS = frozenset({204, 304})
_CLOSING = b"Connection: close\r\n"


def date_line(unix_s: float) -> bytes:
    """The Date field (RFC 9110, 6.6.1), with its line end."""
    return f"Date: {formatdate(unix_s, usegmt=True)}\r\n".encode("ascii")


class Wire:
    """One answer in one form. `one`, or `many` where it is large, are what to write; buffers are shared,
    never changed.
    """

    __slots__ = (
        "_before",
        "_body",
        "_file",
        "_octets",
        "_readers",
        "counted",
        "date",
        "length",
        "many",
        "one",
        "response",
        "status",
    )

    def __init__(self, response: Response, *, has_body: bool = True) -> None:
        """`has_body`: not for HEAD."""
        self.response = response
        self.status = response.status
        length = response.content_length
        self._before = head_lines(response.status, length, response.own, response.headers)
        self._body = response.body if has_body else ()
        self.length = length if has_body else 0
        """Octets of the body."""
        self.counted = self.length if response.status in {200, 206} else 0
        """Of media and playlists."""
        self.date = b""
        self.one: bytes | None = None
        self.many: Sequence[Octets] = ()
        self._file: MemoryFile | None = None
        self._octets = self._readers = 0
        """How many more until there is a file; 1: there is one, or now; 0: never."""

    def write(
        self, transport: asyncio.WriteTransport, date: bytes, *, is_shared: bool, socket_fd: int = NO_SOCKET
    ) -> None:
        """`is_shared`: others get the same buffers in this second. `date`: see date_line. `socket_fd`: see
        plain_socket.
        """
        if not is_shared:
            transport.writelines(self.once(date))
            return
        if self.date is not date:
            self.at(date)
        if self.one is not None:
            transport.write(self.one)
        elif socket_fd == NO_SOCKET:
            transport.writelines(self._joined())
        elif transport.get_write_buffer_size():  # nothing is overtaken
            transport.writelines(self.many)
        elif (sent := self._send(socket_fd)) < self._octets:
            transport.writelines(from_octet(self.many, sent))

    def _joined(self) -> Sequence[Octets]:
        if len(self.many) > 1 and self.length <= _JOINED_BYTES:
            self.many = (b"".join(self.many),)
        return self.many

    def _send(self, socket_fd: int) -> int:
        file = self._filed() if self._readers else None
        return send_now(self.many, socket_fd) if file is None else file.send(socket_fd)

    def _filed(self) -> MemoryFile | None:
        if self._readers > 1:
            self._readers -= 1
            return None
        if self._file is None:
            self._file = MemoryFile.holding(self.many)
            self._readers = 0 if self._file is None else 1
        return self._file

    def at(self, date: bytes) -> None:
        """Make the buffers for this second. `date`: see date_line."""
        self.date = date
        self._file = None
        head = b"".join((self._before, date, b"\r\n"))
        self.many = (head, *self._body)
        self._octets = len(head) + self.length
        if self.length >= _LARGE_BYTES:
            self._readers = _FILED_AFTER
        else:
            self.one = b"".join(self.many)

    def once(self, date: bytes) -> list[Octets]:
        """Buffers of an answer that nobody else gets."""
        return [b"".join((self._before, date, b"\r\n")), *self._body]

    def closing(self, date: bytes) -> list[Octets]:
        """Buffers of an answer after which the connection is closed (RFC 9112, 9.6)."""
        return [self._before, date, _CLOSING, b"\r\n", *self._body]


class Wires:
    """The wire form of whole answers that many wait for: the newest few, by identity."""

    def __init__(self) -> None:
        self._known: dict[int, Wire] = {}

    def of(self, response: Response) -> Wire:
        """As long as it is remembered the response lives, so its identity is its own."""
        wire = self._known.get(id(response))
        if wire is None:
            if len(self._known) >= _LIMIT:
                self._known.clear()
            wire = self._known[id(response)] = Wire(response)
        return wire

    def forget(self) -> None:
        """Media that nobody waits for any more shall not stay in memory for this."""
        self._known.clear()


_shared: dict[int, tuple[Headers, bytes]] = {}
"""Fields as octets, by the identity of the tuple: an asset has the same ones for a second."""


def head_lines(status: int, length: int, own: Headers, shared: Headers) -> bytes:
    """From the status line on, without Date and the empty line. `length`: octets of the whole body."""
    end = b"" if status in _BODILESS else b"Content-Length: %d\r\n" % length
    return b"".join((_START_LINES[status], _lines(own), shared_lines(shared), end))


def shared_lines(shared: Headers) -> bytes:
    """Fields that many answers have, Server among them."""
    known = _shared.get(id(shared))
    if known is None or known[0] is not shared:
        if len(_shared) >= _LIMIT:
            _shared.clear()
        known = _shared[id(shared)] = (shared, _lines((*shared, SERVER)))
    return known[1]


def _lines(fields: Headers) -> bytes:
    text = "".join([f"{name}: {value}\r\n" for name, value in fields])
    assert text.count("\r") == text.count("\n") == len(fields), "a field would end before its end"
    return text.encode("utf-8")


_START_LINES = {each.value: f"HTTP/1.1 {each.value} {each.phrase}\r\n".encode() for each in HTTPStatus}
