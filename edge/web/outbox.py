"""Answers to those who were woken together: one loop over many sockets, a slice of it in each turn."""

import asyncio
from collections import deque
from typing import Protocol

from edge.http.message import Response

SLICE = 128
"""Sends in one turn of the loop: about a millisecond in which no datagram and no new request is read."""

_FAIR = 4
"""Of so many turns one is for the oldest: nobody waits for ever behind newer parts."""


class Woken(Protocol):
    """Somebody whose answer has come."""

    def complete(self, response: Response) -> None:
        """Write it now. Whoever left does nothing."""


class Slices(Protocol):
    """Told of each slice that went out."""

    def observe(self, value: float, times: int = 1) -> None: ...


class _Batch:
    __slots__ = ("at", "response", "since", "viewers")

    def __init__(self, response: Response, since: float) -> None:
        self.response = response
        self.since = since
        self.viewers: list[Woken] = []
        self.at = 0


class Outbox:
    """Whoever wakes viewers only adds to a list; the writing is done in turns, the newest part first."""

    def __init__(self, sending: Slices) -> None:
        """`sending`: seconds from a held answer being there to it being handed to the socket."""
        self._loop = asyncio.get_running_loop()
        self._sending = sending
        self._batches: deque[_Batch] = deque()
        self._turns = 0
        self._is_running = False

    def put(self, viewer: Woken, response: Response) -> None:
        """Viewers of one response come one after the other."""
        batches = self._batches
        if not batches or batches[-1].response is not response:
            batches.append(_Batch(response, self._loop.time()))
        batches[-1].viewers.append(viewer)
        if not self._is_running:
            self._is_running = True
            self._loop.call_soon(self._turn)

    def flush(self) -> None:
        """Everything now: the server goes down."""
        while self._batches:
            self._send(self._batches[0], len(self._batches[0].viewers))

    def _turn(self) -> None:
        room = SLICE
        self._turns += 1
        while room and self._batches:
            batch = self._batches[0 if self._turns % _FAIR == 0 else -1]
            room -= self._send(batch, room)
        self._is_running = bool(self._batches)
        if self._is_running:
            self._loop.call_soon(self._turn)

    def _send(self, batch: _Batch, most: int) -> int:
        viewers = batch.viewers[batch.at : batch.at + most]
        batch.at += len(viewers)
        if batch.at >= len(batch.viewers):
            self._batches.remove(batch)
        response = batch.response
        for viewer in viewers:
            viewer.complete(response)
        self._sending.observe(self._loop.time() - batch.since, len(viewers))
        return len(viewers)
