"""A request of a moment ago once more, whoever asked it, but for the numbers of its range: not all of it is
read again.
"""

import asyncio
import re
from random import random

from edge.http.message import Octets, Slices
from edge.http.plain_request import Fields
from edge.web.lane import HEARD_EVERY, Lane, Shortcut
from edge.web.memo import Asked
from edge.web.tally import Count
from edge.web.wire import shared_lines

_RANGE = re.compile(rb"\r\n[Rr]ange: bytes=([0-9]{1,15}-[0-9]{1,15})\r\n")
_NUMBERS = re.compile(rb"([0-9]{1,15})-([0-9]{1,15})")
_HEAD = b"HTTP/1.1 206 Partial Content\r\nContent-Range: bytes %d-%d/%d\r\n%bContent-Length: %d\r\n%b\r\n"


HOLDS_S = 1.0
"""As long as this at most, who asked just now may ask for more of the same."""


class Seek:
    """Everything in a head but two numbers is, octet by octet, what was understood a moment ago."""

    __slots__ = ("_after", "_before", "_count", "_lines", "_slices", "fields", "until")

    def __init__(
        self, around: tuple[bytes, bytes], slices: Slices, count: Count, fields: Fields, until: float
    ) -> None:
        """`around`: the head before and after the numbers. `until`: then (the loop's time) who asks is judged
        anew.
        """
        self._before, self._after = around
        self._slices = slices
        self._count = count
        self._lines = shared_lines(slices.headers)
        self.until = until
        self.fields = fields
        """Those of all these requests."""

    @classmethod
    def of(cls, head: bytes, asked: Asked, fields: Fields, now: float) -> "Seek | None":
        """`head`: of a request that was answered at once; None where its answer stands for no other."""
        if asked.slices is None or asked.count is None:
            return None
        found = _RANGE.search(head)
        if found is None:
            return None
        until = now + HOLDS_S * (1 + random()) / 2  # noqa: S311  not all in the same moment
        around = head[: found.start(1)], head[found.end(1) :]
        return cls(around, asked.slices, asked.count, fields, until)

    @classmethod
    def known(cls, head: bytes, lane: Lane) -> Shortcut | None:
        """What another connection was answered lately, who asked the same but for the numbers."""
        found = _RANGE.search(head) if lane.shortcuts else None
        return None if found is None else lane.shortcuts.get(head[: found.start(1)] + head[found.end(1) :])

    def share(self, lane: Lane) -> None:
        """Others may have it too."""
        lane.remember(self._before + self._after, self)

    def give(self, data: bytes, transport: asyncio.WriteTransport, lane: Lane) -> bool:
        """Whether `data` is one such request, and is answered."""
        before, after, slices = self._before, self._after, self._slices
        if lane.ready.is_draining or not (data.startswith(before) and data.endswith(after)):
            return False
        numbers = _NUMBERS.fullmatch(data, len(before), len(data) - len(after))
        if numbers is None or lane.loop.time() >= self.until:
            return False
        start, stop = int(numbers[1]), min(int(numbers[2]) + 1, slices.size)
        body = self._read(start, stop) if start < stop else None
        if body is None:
            return False
        slices = self._slices
        length = stop - start
        head = _HEAD % (start, stop - 1, slices.size, self._lines, length, lane.date)
        transport.writelines((head, *body))
        lane.naps.stay_awake()
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
