"""Viewers over bare keep-alive connections, each of which asks as a real player does."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

from bench.answer_reader import AnswerReader, BadAnswer
from bench.arrivals import Arrivals
from bench.live_edge import LiveEdge, LiveEdges, first_variant

LIVE = b"/live/"
_BUFFER = bytearray(256 * 1024)
_VIEW = memoryview(_BUFFER)
"""One for all connections: what came is read before the next one is served."""


class Stream:
    """One stream that is watched: `target` of its multivariant or media playlist."""

    def __init__(self, target: str) -> None:
        self.multivariant = target.encode()
        self.viewers = 0
        self._media: str | None = None
        self.edges = LiveEdges(target)

    def found(self, body: bytes) -> bytes:
        """The media playlist's target, out of a multivariant playlist."""
        if self._media is None:
            target = self.multivariant.decode()
            self._media = first_variant(body, target) or target
            self.edges = LiveEdges(self._media)
        return self._media.encode()


class Tally:
    """What all viewers saw: arrivals of parts, and faults by their names."""

    def __init__(self) -> None:
        self.arrivals = Arrivals()
        self.errors: Counter[str] = Counter()
        self.requests = 0


class Connection(asyncio.BufferedProtocol):
    """One request at a time."""

    __slots__ = ("_owner", "_write", "asked_at", "reader", "transport", "what")

    def __init__(self, owner: "Viewer") -> None:
        self._owner = owner
        self.reader = AnswerReader()
        self.transport: Any = None
        self.asked_at = 0.0
        """Monotonic seconds; 0: nothing is asked."""
        self.what = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self._write = transport.write
        transport.set_write_buffer_limits(high=0)  # uvloop then writes at once, not at the end of its turn

    def ask(self, target: bytes, *, keeps_body: bool) -> None:
        self.reader.keeps_body = keeps_body
        self.what = target
        self.asked_at = time.monotonic()
        owner = self._owner
        self._write(b"GET " + (owner.way + target[len(LIVE) :] if owner.way else target) + owner.rest_of_head)

    def get_buffer(self, sizehint: int) -> bytearray:  # noqa: ARG002
        return _BUFFER

    def buffer_updated(self, nbytes: int) -> None:
        try:
            if not self.reader.feed(_VIEW[:nbytes]):
                return
        except (BadAnswer, ValueError) as error:
            self._owner.fault(f"bad answer: {error}")
            return
        self.asked_at = 0.0
        self._owner.answered(self)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        self._owner.lost(self)


class Viewer:
    """Joins at the live edge, then takes every part. A fault counts once; then it joins anew."""

    connections_needed = 1
    again_after_s = 1.0

    def __init__(
        self, stream: Stream, rest_of_head: bytes, tally: Tally, connect: Callable[["Viewer"], None]
    ) -> None:
        """`rest_of_head`: what follows the target. `connect` opens `connections_needed` connections and then
        calls `joined`.
        """
        self.stream = stream
        self.rest_of_head = rest_of_head
        self.way = b""
        """In the place of `/live/`: with a token of one's own."""
        self.connections: list[Connection] = []
        self._tally = tally
        self._connect = connect
        self._is_closing = False
        self._is_faulty = False
        self._handle: Callable[[Connection], None] = self._multivariant
        self._edge: LiveEdge | None = None
        self._part: bytes | None = None

    def joined(self, connections: list[Connection]) -> None:
        self.connections = connections
        self._is_faulty = False
        self._handle = self._multivariant
        connections[0].ask(self.stream.multivariant, keeps_body=True)

    def answered(self, connection: Connection) -> None:
        self._tally.requests += 1
        if connection.reader.status != 200:
            self.fault(f"status {connection.reader.status}")
            return
        try:
            self._handle(connection)
        except ValueError as error:
            self.fault(f"bad playlist: {error}")

    def fault(self, name: str) -> None:
        """Count it, and begin again with new connections."""
        if self._is_faulty or self._is_closing:
            return
        self._is_faulty = True
        self._tally.errors[name] += 1
        for connection in self.connections:
            connection.transport.abort()
        asyncio.get_running_loop().call_later(self.again_after_s, self._begin_again)

    def _begin_again(self) -> None:
        if not self._is_closing:
            self._connect(self)

    def lost(self, _: Connection) -> None:
        self.fault("closed by the server")

    def close(self) -> None:
        self._is_closing = True
        for connection in self.connections:
            connection.transport.abort()

    def look_at(self, now: float, patience_s: float) -> None:
        """A request that hangs is a fault."""
        for connection in self.connections:
            if connection.asked_at and now - connection.asked_at > patience_s:
                self.fault("no answer")
                return

    def _multivariant(self, connection: Connection) -> None:
        media = self.stream.found(connection.reader.body)
        self._handle = self._first_listed
        connection.ask(media, keeps_body=True)

    def _first_listed(self, connection: Connection) -> None:
        edge = self.stream.edges.of(connection.reader.body)
        self._edge, self._part = edge, edge.last
        self._at_the_edge(edge)

    def _at_the_edge(self, edge: LiveEdge) -> None:
        raise NotImplementedError


class HlsJsViewer(Viewer):
    """Blocking reload, then what it announced, then the next reload: on one connection."""

    def _at_the_edge(self, edge: LiveEdge) -> None:
        self._reload(edge)

    def _reload(self, edge: LiveEdge) -> None:
        self._edge = edge
        self._handle = self._listed
        self.connections[0].ask(edge.reload_delta, keeps_body=True)

    def _listed(self, connection: Connection) -> None:
        edge = self._edge = self.stream.edges.of(connection.reader.body)
        self._next(edge)

    def _next(self, edge: LiveEdge) -> None:
        part = edge.listed_after(self._part)
        if part is None:
            self._reload(edge)
            return
        self._part = part
        self._handle = self._has_part
        self.connections[0].ask(part, keeps_body=False)

    def _has_part(self, connection: Connection) -> None:
        self._tally.arrivals.note(connection.what, time.monotonic())
        assert self._edge is not None
        self._next(self._edge)


class HintedPartViewer(Viewer):
    """As AVPlayer: the hinted part is asked for before it exists, and beside it a delta playlist is held."""

    connections_needed = 2

    def _at_the_edge(self, edge: LiveEdge) -> None:
        self._handle = self._either
        self.connections[0].ask(edge.reload_delta, keeps_body=True)
        self._next(edge)

    def _either(self, connection: Connection) -> None:
        if connection is self.connections[1]:
            self._tally.arrivals.note(connection.what, time.monotonic())
            assert self._edge is not None
            self._next(self._edge)
            return
        edge = self._edge = self.stream.edges.of(connection.reader.body)
        connection.ask(edge.reload_delta, keeps_body=True)
        if not self.connections[1].asked_at:
            self._next(edge)

    def _next(self, edge: LiveEdge) -> None:
        part = edge.coming_after(self._part)
        if part is not None:
            self._part = part
            self.connections[1].ask(part, keeps_body=False)


BEHAVIOURS: dict[str, type[Viewer]] = {"hls.js": HlsJsViewer, "hinted-part": HintedPartViewer}
