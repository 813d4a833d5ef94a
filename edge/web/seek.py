"""The request before once more, but for the numbers of its range: not all of it is read again."""

import asyncio
import re
from random import random

from edge.http.message import Octets, Slices
from edge.web.lane import HEARD_EVERY, Asked, Lane
from edge.web.tally import Count
from edge.web.wire import shared_lines

_RANGE = re.compile(rb"\r\n[Rr]ange: bytes=([0-9]{1,15}-[0-9]{1,15})\r\n")
_NUMBERS = re.compile(rb"([0-9]{1,15})-([0-9]{1,15})")
_HEAD = b"HTTP/1.1 206 Partial Content\r\nContent-Range: bytes %d-%d/%d\r\n%bContent-Length: %d\r\n%b\r\n"


HOLDS_S = 1.0
"""As long as this at most, who asked just now may ask for more of the same."""


class Seek:
    """Everything in a head but two numbers is, octet by octet, what was understood a moment ago."""

    __slots__ = ("_after", "_before", "_count", "_lines", "_slices", "_until")

    def __init__(self, before: bytes, after: bytes, slices: Slices, count: Count, until: float) -> None:
        """`until`: then (the loop's time) who asks is judged anew."""
        self._before = before
        self._after = after
        self._slices = slices
        self._count = count
        self._lines = shared_lines(slices.headers)
        self._until = until

    @classmethod
    def of(cls, head: bytes, asked: Asked, now: float) -> "Seek | None":
        """`head`: of a request that was answered at once; None where its answer stands for no other."""
        if asked.slices is None or asked.count is None:
            return None
        found = _RANGE.search(head)
        if found is None:
            return None
        until = now + HOLDS_S * (1 + random()) / 2  # noqa: S311  not all in the same moment
        return cls(head[: found.start(1)], head[found.end(1) :], asked.slices, asked.count, until)

    def give(self, data: bytes, transport: asyncio.WriteTransport, lane: Lane) -> bool:
        """Whether `data` is one such request, and is answered."""
        before, after, slices = self._before, self._after, self._slices
        if lane.ready.is_draining or not (data.startswith(before) and data.endswith(after)):
            return False
        numbers = _NUMBERS.fullmatch(data, len(before), len(data) - len(after))
        if numbers is None or lane.loop.time() >= self._until:
            return False
        start, stop = int(numbers[1]), min(int(numbers[2]) + 1, slices.size)
        body = self._read(start, stop) if start < stop else None
        if body is None:
            return False
        slices = self._slices
        length = stop - start
        head = _HEAD % (start, stop - 1, slices.size, self._lines, length, lane.date)
        transport.writelines((head, *body))
        count = self._count
        count.requests += 1
        count.octets += length
        if not count.requests % HEARD_EVERY:
            lane.hear()
        return True

    def _read(self, start: int, stop: int) -> tuple[Octets, ...] | None:
        """With the fields of this moment: they change for all who ask for the same at once."""
        body = self._slices.read(start, stop)
        if body is not None or (renewed := self._slices.renewed()) is None:
            return body
        self._slices, self._lines = renewed, shared_lines(renewed.headers)
        return renewed.read(start, stop)
