"""The octets of one keep-alive connection to whole answers: as little work for an answer as a generator can do."""

from typing import NamedTuple

_NO_BODY = frozenset({204, 304})
_MOST_KNOWN = 256
_known: dict[bytes, tuple[int, int | None]] = {}
"""Status and length by head: all viewers get the same one within a second."""
_MOST_HEAD = 16 * 1024


class BadAnswer(Exception):
    """Not HTTP/1.1, or more than was asked for."""


_FRONT = 512
"""Octets by which an answer is known whose body nobody wants."""


class Whole(NamedTuple):
    """An answer that came in one piece: `octets` in all, `size` of them the body's."""

    octets: int
    status: int
    size: int
    body: bytes


_kept: dict[bytes, Whole] = {}
_counted: dict[bytes, Whole] = {}
"""What all viewers get, understood once: by all its octets where the body is kept, by the _FRONT of them else."""


class AnswerReader:
    """One answer at a time, for nothing is pipelined. `body` is kept only where `keeps_body` was set before
    its first octet; `size` counts its octets either way, as they came (a chunked body: decoded).
    """

    __slots__ = (
        "_chunks",
        "_head",
        "_is_between",
        "_left",
        "_pieces",
        "body",
        "keeps_body",
        "size",
        "status",
    )

    def __init__(self) -> None:
        self._is_between = True
        """No answer has begun."""
        self.keeps_body = True
        self.status = 0
        self.size = 0
        self.body = b""
        self._left = 0
        self._head = b""
        self._pieces: list[bytes] = []
        self._chunks: Chunks | None = None

    def feed(self, data: memoryview) -> bool:
        """Take what came (the buffer is the caller's again afterwards); True when the answer is whole.

        BadAnswer for what no answer to a single GET may be.
        """
        is_first = self._is_between
        if is_first:
            whole = _kept.get(data.tobytes()) if self.keeps_body else _counted.get(data[:_FRONT].tobytes())
            if whole is not None and whole.octets == len(data):
                _, self.status, self.size, self.body = whole
                return True
        self._is_between = self._feed(data)
        if is_first and self._is_between:
            self._remember(data)
        return self._is_between

    def _remember(self, data: memoryview) -> None:
        wholes, octets = (_kept, data) if self.keeps_body else (_counted, data[:_FRONT])
        if len(octets) + self.size < len(data):  # a head that is longer: there may be others like it
            return
        if len(wholes) >= _MOST_KNOWN:
            wholes.clear()
        wholes[octets.tobytes()] = Whole(len(data), self.status, self.size, self.body)

    def _feed(self, data: memoryview) -> bool:
        if self._chunks is not None:
            return self._feed_chunks(bytes(data))
        left = self._left
        if not left:
            return self._feed_head(data)
        came = len(data)
        if came > left:
            raise BadAnswer("more octets than Content-Length says")
        if self.keeps_body:
            self._pieces.append(bytes(data))
        self._left = left - came
        return self._finished() if came == left else False

    def _feed_head(self, data: memoryview) -> bool:
        head = self._head + bytes(data[:2048])
        end = head.find(b"\r\n\r\n")
        if end < 0:
            head = self._head + bytes(data)
            end = head.find(b"\r\n\r\n")
        if end < 0:
            if len(head) > _MOST_HEAD:
                raise BadAnswer("a head without an end")
            self._head = head
            return False
        body_at = end + 4 - len(self._head)
        self._head = b""
        self.status, length = _known.get(head[:end]) or _understood(head[:end])
        if length is None:
            self._chunks = Chunks()
            return self._feed_chunks(bytes(data[body_at:]))
        self.size = self._left = length
        if len(data) > body_at:
            return self._feed(data[body_at:]) if length else self._surplus()
        return False if length else self._finished()

    def _feed_chunks(self, data: bytes) -> bool:
        assert self._chunks is not None
        if not self._chunks.feed(data):
            return False
        body = bytes(self._chunks.body)
        self._chunks = None
        self.size = len(body)
        self._pieces = [body] if self.keeps_body else []
        return self._finished()

    def _finished(self) -> bool:
        pieces = self._pieces
        self.body = pieces[0] if len(pieces) == 1 else b"".join(pieces)
        if pieces:
            self._pieces = []
        return True

    def _surplus(self) -> bool:
        raise BadAnswer("an octet after an empty answer")


def _understood(head: bytes) -> tuple[int, int | None]:
    """Status, and octets of the body; None: chunked. `head`: without the empty line."""
    status = _status(head)
    length = 0 if status in _NO_BODY else _length(head)
    if len(_known) >= _MOST_KNOWN:
        _known.clear()
    _known[head] = status, length
    return status, length


def _status(head: bytes) -> int:
    if head[:7] != b"HTTP/1." or not head[9:12].isdigit():
        raise BadAnswer(f"no status line: {head[:30]!r}")
    return int(head[9:12])


def _length(head: bytes) -> int | None:
    """Content-Length; None: chunked (RFC 9112, 6.3)."""
    fields = {}
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        fields[name.strip().lower()] = value.strip().lower()
    if fields.get(b"transfer-encoding") == b"chunked":
        return None
    if b"content-length" not in fields:
        raise BadAnswer("neither Content-Length nor chunked: this connection cannot be kept")
    return int(fields[b"content-length"])


class Chunks:
    """A chunked body (RFC 9112, 7.1); trailers are read over."""

    def __init__(self) -> None:
        self.body = bytearray()
        self._buffer = b""

    def feed(self, data: bytes) -> bool:
        """True when the last chunk and the empty line after it are there. BadAnswer."""
        self._buffer += data
        while (end := self._buffer.find(b"\r\n")) >= 0:
            size = _chunk_size(self._buffer[:end])
            if size == 0:
                return self._buffer.find(b"\r\n\r\n", end) >= 0
            if len(self._buffer) < end + 2 + size + 2:
                return False
            self.body += self._buffer[end + 2 : end + 2 + size]
            self._buffer = self._buffer[end + 2 + size + 2 :]
        return False


def _chunk_size(line: bytes) -> int:
    try:
        return int(line.partition(b";")[0], 16)
    except ValueError as error:
        raise BadAnswer(f"no size of a chunk: {line[:30]!r}") from error
