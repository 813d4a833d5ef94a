"""The request before once more, but for the numbers of its range: not all of it is read again."""

import asyncio
import re

from edge.http.message import Slices
from edge.web.lane import Asked, Lane
from edge.web.tally import Count
from edge.web.wire import shared_lines

_RANGE = re.compile(rb"\r\n[Rr]ange: bytes=([0-9]{1,15}-[0-9]{1,15})\r\n")
_NUMBERS = re.compile(rb"([0-9]{1,15})-([0-9]{1,15})")
_HEAD = b"HTTP/1.1 206 Partial Content\r\nContent-Range: bytes %d-%d/%d\r\n%bContent-Length: %d\r\n%b\r\n"


class Seek:
    """Everything in a head but two numbers is, octet by octet, what was understood a moment ago."""

    __slots__ = ("_after", "_before", "_count", "_lines", "_slices")

    def __init__(self, before: bytes, after: bytes, slices: Slices, count: Count, lines: bytes) -> None:
        """`lines`: the fields of every range."""
        self._before = before
        self._after = after
        self._slices = slices
        self._count = count
        self._lines = lines

    @classmethod
    def of(cls, head: bytes, asked: Asked) -> "Seek | None":
        """`head`: of a request that was answered at once; None where its answer stands for no other."""
        if asked.slices is None or asked.count is None or asked.wire is None:
            return None
        found = _RANGE.search(head)
        if found is None:
            return None
        lines = shared_lines(asked.wire.response.headers)
        return cls(head[: found.start(1)], head[found.end(1) :], asked.slices, asked.count, lines)

    def give(self, data: bytes, transport: asyncio.WriteTransport, lane: Lane) -> bool:
        """Whether `data` is one such request, and is answered."""
        before, after, slices = self._before, self._after, self._slices
        if lane.ready.is_draining or not (data.startswith(before) and data.endswith(after)):
            return False
        numbers = _NUMBERS.fullmatch(data, len(before), len(data) - len(after))
        if numbers is None:
            return False
        start, stop = int(numbers[1]), min(int(numbers[2]) + 1, slices.size)
        body = slices.read(start, stop) if start < stop else None
        if body is None:
            return False
        length = stop - start
        head = _HEAD % (start, stop - 1, slices.size, self._lines, length, lane.date)
        transport.writelines((head, *body))
        count = self._count
        count.requests += 1
        count.octets += length
        return True
