"""The request before once more, but for the numbers of its range: not all of it is read again."""

import asyncio
import re
from collections.abc import Callable

from edge.http.message import Response
from edge.web.lane import Asked, Lane
from edge.web.tally import Count
from edge.web.wire import head_lines

_RANGE = re.compile(rb"\r\n[Rr]ange: bytes=([0-9]{1,15}-[0-9]{1,15})\r\n")
_NUMBERS = re.compile(rb"([0-9]{1,15})-([0-9]{1,15})")


class Seek:
    """Everything in a head but two numbers is, octet by octet, what was understood a moment ago."""

    __slots__ = ("_after", "_before", "_count", "_slice")

    def __init__(
        self, before: bytes, after: bytes, slice_: Callable[[int, int], Response | None], count: Count
    ) -> None:
        self._before = before
        self._after = after
        self._slice = slice_
        self._count = count

    @classmethod
    def of(cls, head: bytes, asked: Asked) -> "Seek | None":
        """`head`: of a request that was answered at once; None where its answer stands for no other."""
        found = _RANGE.search(head) if asked.slice is not None else None
        if found is None or asked.slice is None or asked.count is None:
            return None
        return cls(head[: found.start(1)], head[found.end(1) :], asked.slice, asked.count)

    def give(self, data: bytes, transport: asyncio.WriteTransport, lane: Lane) -> bool:
        """Whether `data` is one such request, and is answered."""
        before, after = self._before, self._after
        if lane.ready.is_draining or not (data.startswith(before) and data.endswith(after)):
            return False
        numbers = _NUMBERS.fullmatch(data, len(before), len(data) - len(after))
        response = numbers and self._slice(int(numbers[1]), int(numbers[2]))
        if not response:
            return False
        body = response.body
        length = sum(map(len, body))
        lines = head_lines(206, length, response.own, response.headers)
        transport.writelines((b"".join((lines, lane.date, b"\r\n")), *body))
        self._count.requests += 1
        self._count.octets += length
        return True
