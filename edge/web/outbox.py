"""Answers to those who were woken together: one loop over many sockets, a slice of it in each turn."""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable
from itertools import islice
from typing import Generic, Protocol, TypeVar

from edge.http.message import Response

SLICE = 128
"""Sends in one turn of the loop: about a millisecond in which no datagram and no new request is read."""

_MEDIA_SLICE = 32 * SLICE
"""Of parts that were waited for: four thousand take some forty milliseconds."""

_PREPARED = 16
"""Answers for which everything is made before any of them is written: more would take milliseconds."""

_FAIR = 4
"""Of so many turns one is for the oldest, and not for media: nobody waits for ever behind newer parts."""


class Woken(Protocol):
    """Somebody whose answer has come."""

    def complete(self, response: Response) -> None:
        """Write it now. Whoever left does nothing."""


class Slices(Protocol):
    """Told of each slice that went out."""

    def observe(self, value: float, times: int = 1) -> None: ...


Question = TypeVar("Question")


class _Batch(Generic[Question]):
    __slots__ = ("at", "is_ready", "question", "response", "since", "viewers")

    def __init__(self, response: Response, question: Question, since: float) -> None:
        self.response = response
        self.question = question
        """Of the first."""
        self.since = since
        self.viewers: list[Woken] = []
        self.at = 0
        self.is_ready = False


class Outbox(Generic[Question]):
    """Whoever wakes viewers only adds to a list; the writing is done in turns: media before playlists, the
    newest first.

    Whoever has a playlist asks for media next, so others have their turn soon; who has a part he waited for
    asks for nothing that hurries, so parts go out in long turns.
    """

    def __init__(self, sending: Slices, prepare: Callable[[Question, Response], None]) -> None:
        """`sending`: seconds from a held answer being there to it being handed to the socket. `prepare` makes
        what all who asked this and have that answer share; where it was not called, it is made when needed.
        """
        self._loop = asyncio.get_running_loop()
        self._sending = sending
        self._prepare = prepare
        self._media: deque[_Batch[Question]] = deque()
        self._others: deque[_Batch[Question]] = deque()
        self._turns = 0
        self.is_running = False
        """There is something to be sent."""

    def put(self, viewer: Woken, response: Response, question: Question, *, is_media: bool = False) -> None:
        """Viewers of one response come one after the other."""
        batches = self._media if is_media else self._others
        if not batches or batches[-1].response is not response:
            batches.append(_Batch(response, question, self._loop.time()))
        batches[-1].viewers.append(viewer)
        if not self.is_running:
            self.is_running = True
            self._loop.call_soon(self._turn)

    def flush(self) -> None:
        """Everything now: the server goes down."""
        for batches in (self._media, self._others):
            while batches:
                self._send(batches, batches[0], len(batches[0].viewers))

    def _turn(self) -> None:
        self._turns += 1
        is_fair = self._turns % _FAIR == 0
        try:
            if self._media and not (is_fair and self._others):
                self._slice(self._media, _MEDIA_SLICE, is_fair=is_fair)
            else:
                self._slice(self._others, SLICE, is_fair=is_fair)
        finally:  # a fault with one of them is no reason to let the others wait for ever
            self.is_running = bool(self._media or self._others)
            if self.is_running:
                self._loop.call_soon(self._turn)

    def _prepare_some(self, batches: Iterable[_Batch[Question]]) -> None:
        for batch in islice(batches, _PREPARED):
            if not batch.is_ready:
                batch.is_ready = True
                self._prepare(batch.question, batch.response)

    def _slice(self, batches: deque[_Batch[Question]], room: int, *, is_fair: bool) -> None:
        self._prepare_some(batches if is_fair else reversed(batches))
        while room and batches:
            room -= self._send(batches, batches[0 if is_fair else -1], room)

    def _send(self, batches: deque[_Batch[Question]], batch: _Batch[Question], most: int) -> int:
        viewers = batch.viewers[batch.at : batch.at + most]
        batch.at += len(viewers)
        if batch.at >= len(batch.viewers):
            batches.remove(batch)
        response = batch.response
        for viewer in viewers:
            viewer.complete(response)
        self._sending.observe(self._loop.time() - batch.since, len(viewers))
        return len(viewers)
