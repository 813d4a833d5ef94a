"""A long answer whose octets are at hand: written as its reader takes them, no task, one piece in memory."""

import asyncio

from edge.http.message import AtHand
from edge.web.flow import Flow, Reader, Way

MOST_AT_ONCE = 1024 * 1024
"""Octets of one answer in one turn of the loop: others have theirs."""


class Reel:
    """What is not at hand any more comes by a Flow."""

    __slots__ = ("_answer", "_at", "_count", "_flow", "_is_gone", "_is_paused", "_reader", "_way")

    def __init__(self, answer: AtHand, way: Way, reader: Reader) -> None:
        self._answer = answer
        self._way = way
        self._reader = reader
        self._count = way.tally.of(way.kind, answer.status)
        self._at = answer.start
        self._flow: Flow | None = None
        self._is_paused = self._is_gone = False

    def begin(self) -> bool:
        """Whether all of it was written: the reader is told of what is written later only."""
        answer, way = self._answer, self._way
        first = len(answer.first)
        self._at += first
        self._count.requests += 1
        self._count.octets += first
        way.begin(answer.status, answer.headers, answer.stop - answer.start, answer.first)
        return self._roll()

    def pause(self) -> None:
        """The transport is full."""
        self._is_paused = True
        if self._flow is not None:
            self._flow.pause()

    def resume(self) -> None:
        """All of it was taken."""
        self._is_paused = False
        if self._flow is not None:
            self._flow.resume()
        else:
            self._go_on()

    def cancel(self) -> None:
        """The reader left."""
        self._is_gone = True
        if self._flow is not None:
            self._flow.cancel()

    def _go_on(self) -> None:
        answer = self._answer
        if not (self._is_gone or self._is_paused or self._flow) and self._roll():
            self._is_gone = True
            self._reader.streamed(answer.status, answer.stop - answer.start, is_closed=self._way.closes)

    def _roll(self) -> bool:
        answer, write = self._answer, self._way.transport.write
        end = min(self._at + MOST_AT_ONCE, answer.stop)
        while self._at < end:
            if self._is_paused:
                return False
            octets = answer.read(self._at, end)
            if octets is None:
                self._flow = Flow(self._way, self._reader)
                self._flow.follow(answer, self._at)
                return False
            self._at += len(octets)
            self._count.octets += len(octets)
            write(octets)
        if self._at < answer.stop and not self._is_paused:
            asyncio.get_running_loop().call_soon(self._go_on)
        return self._at == answer.stop
