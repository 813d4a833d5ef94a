"""All publishers on a few UDP sockets: who a datagram is from, and nothing about what it means (RFC 7983)."""

import contextlib
import logging
import socket
import struct
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import NamedTuple, Protocol

from edge.config import Address
from edge.errors import MediaError
from edge.ingest.inbox import AT_ONCE, Run, Source, reader
from edge.ingest.reading import Reading
from edge.ingest.slot import Slot
from edge.ingest.stun import BINDING_INDICATION, BINDING_REQUEST, StunMessage, parse_stun
from edge.ingest.supervisor import guarded

LONGEST_DATAGRAM = 1500
"""Bytes; what is longer came in fragments, which nobody in WebRTC sends."""

RECEIVE_BUFFER_BYTES = 4 * 1024 * 1024
"""Asked of the kernel: it is the only queue before us, and must hold the key frames of all publishers."""

logger = logging.getLogger(__name__)

_SHORTEST_MEDIA = 12  # a header of RTP, or the head of an RTCP packet and the trailer of SRTCP
_RTCP_TYPES = range(192, 224)  # RFC 5761, 4
_RTP_HEADS = frozenset(
    first << 8 | second for first in range(128, 192) for second in range(256) if second not in _RTCP_TYPES
)
"""The first two octets of SRTP packets, as a number (RFC 7983, 7)."""

_HOLDS_PATH_S = 3.0
_ROUNDS_TO_CATCH_UP = 16
_SO_MEMINFO = 55  # linux/sock_diag.h: nine counters, the last is SK_MEMINFO_DROPS
_MEMINFO = struct.Struct("9I")


class Path(NamedTuple):
    """One way to a peer: our socket and its address. Equal paths are the same way."""

    port: "UdpPort"
    source: Source

    def send(self, datagram: bytes) -> None:
        """Now or never: what the kernel does not take is lost, as on any network."""
        self.port.send(datagram, self.source)


class Peer(Protocol):
    """Who datagrams are for. `now` is monotonic seconds; what these raise comes back to `crashed`."""

    heard_at: float
    """When the last authenticated packet came."""

    def receive_check(self, message: StunMessage, path: Path, now: float) -> None:
        """A STUN request that names one of our ufrags; nothing in it was verified."""

    def receive_dtls(self, datagram: bytes, now: float) -> None:
        """From a validated path."""

    def receive_media(self, datagrams: Sequence[Slot], now: float) -> None:
        """SRTP, from validated paths: all that there was at the moment, in its order. None is shorter than a
        header of RTP, and they may be worked on in place; after the call their memory is not the peer's.
        """

    def receive_report(self, datagram: Slot, now: float) -> None:
        """SRTCP, on the same terms."""

    def crashed(self, error: Exception) -> None:
        """One of the above failed."""


@dataclass(slots=True)
class Counts:
    """Datagrams since the start, by what became of them. `dropped` has a key per reason."""

    received: int = 0
    bytes: int = 0
    sent: int = 0
    dropped: dict[str, int] = field(default_factory=dict)

    def drop(self, reason: str) -> None:
        """One more."""
        self.dropped[reason] = self.dropped.get(reason, 0) + 1


class Mux:
    """The sockets, and who is reached by which ufrag."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.counts = Counts()
        self.ports: list[UdpPort] = []
        self.by_ufrag: dict[bytes, Peer] = {}
        self._clock = clock

    def open(self, address: Address) -> Address:
        """Listen there too, in the running event loop; the answer tells what port 0 became. OSError."""
        port = UdpPort(address, self, self._clock)
        self.ports.append(port)
        return port.address

    def close(self) -> None:
        """Close all sockets; peers are not told."""
        for port in self.ports:
            port.close()
        self.ports.clear()

    def register(self, ufrag: str, peer: Peer) -> None:
        """Checks that name this ufrag are for this peer."""
        assert ufrag.encode() not in self.by_ufrag, "ufrags are random"
        self.by_ufrag[ufrag.encode()] = peer

    def unregister(self, ufrag: str) -> None:
        """They are for nobody."""
        self.by_ufrag.pop(ufrag.encode(), None)

    def route(self, path: Path, peer: Peer) -> None:
        """The path is validated: what comes over it is for this peer, whoever had it before."""
        path.port.routes[path.source] = peer

    def unroute(self, path: Path, peer: Peer) -> None:
        """Nothing more from there, if it is still this peer's."""
        if path.port.routes.get(path.source) is peer:
            del path.port.routes[path.source]

    def catch_up(self) -> None:
        """Read what waits: before a clock acts on what has not come, what has come must be known.

        After a busy moment the loop may run timers first, and a part would be closed without its pictures.
        """
        for port in self.ports:
            port.catch_up()

    def is_pressed(self) -> bool:
        """More comes than may wait for a few milliseconds."""
        return any(port.is_pressed for port in self.ports)

    def kernel_drops(self) -> int:
        """Datagrams that the kernel threw away because we did not read them in time."""
        return sum(port.kernel_drops() for port in self.ports)


class UdpPort:
    """One socket."""

    def __init__(self, address: Address, mux: Mux, clock: Callable[[], float]) -> None:
        self.routes: dict[Source, Peer] = {}
        self._mux = mux
        self._counts = mux.counts
        self._clock = clock
        self._serving: Peer | None = None
        self._is_taking = False
        self._socket = _bind(address)
        self._read = reader(self._socket)
        self.address = Address(*self._socket.getsockname()[:2])
        self._reading = Reading(self._socket.fileno(), self._read_some)

    def close(self) -> None:
        """Stop reading and give the port back."""
        if self._socket.fileno() >= 0:
            self._reading.stop()
            self._socket.close()
        self.routes.clear()

    def send(self, datagram: bytes, source: Source) -> None:
        """See Path.send."""
        try:
            self._socket.sendto(datagram, source)
        except OSError:  # the buffer is full, the route is gone, or we are closed
            self._counts.drop("unsendable")
        else:
            self._counts.sent += 1

    def kernel_drops(self) -> int:
        """Since the socket is open; 0 where the kernel does not tell."""
        with contextlib.suppress(OSError, struct.error):
            meminfo = self._socket.getsockopt(socket.SOL_SOCKET, _SO_MEMINFO, _MEMINFO.size)
            return int(_MEMINFO.unpack(meminfo)[8])
        return 0

    @property
    def is_pressed(self) -> bool:
        """See Mux.is_pressed."""
        return self._reading.is_pressed

    def catch_up(self) -> None:
        """See Mux.catch_up."""
        for _ in range(_ROUNDS_TO_CATCH_UP):
            if self._read_some() < AT_ONCE:
                return

    def _read_some(self) -> int:
        """Some datagrams, not all: other work of the loop has its turn, and we are called again.

        None where it is called by whoever works on the last ones: the next would be put in their place.
        """
        if self._is_taking:
            return 0
        try:
            runs = self._read()
        except OSError:  # an ICMP error that belongs to something we sent
            self._counts.drop("unreadable")
            return 0
        before = self._counts.received
        self._is_taking = True
        try:
            self.take(runs, self._clock())
        finally:
            self._is_taking = False
        return self._counts.received - before

    def take(self, runs: Iterable[Run], now: float) -> None:
        """What one read has brought. Media are put by peers, whose work on many at once costs half, and come
        last; the rest is dispatched.
        """
        counts, routes = self._counts, self.routes
        media: dict[Peer, list[Slot]] = {}
        for source, slots, sizes, heads in runs:
            peer = routes.get(source)
            if peer is not None and _are_media(sizes, heads):  # nearly always
                counts.received += len(sizes)
                counts.bytes += sum(sizes)
                media.setdefault(peer, []).extend(slots)
                continue
            for slot, size, head in zip(slots, sizes, heads, strict=True):
                counts.received += 1
                counts.bytes += size
                if peer is not None and _are_media((size,), (head,)):
                    media.setdefault(peer, []).append(slot)
                else:
                    guarded(partial(self._dispatch, slot, size, source, now), self._blame)
        for peer, taken in media.items():
            guarded(partial(peer.receive_media, taken, now), peer.crashed)

    def _blame(self, error: Exception) -> None:
        assert self._serving is not None, "only a peer's own code is guarded"
        self._serving.crashed(error)

    def _dispatch(self, slot: Slot, size: int, source: Source, now: float) -> None:
        """Hand one that is no RTP to whom it is for; what is for nobody is counted and forgotten."""
        if not 0 < size <= LONGEST_DATAGRAM:
            self._counts.drop("oversized" if size else "empty")
            return
        datagram = slot.data
        first = datagram[0]  # RFC 7983, 7
        if first < 4:
            self._check(datagram, source, now)
            return
        peer = self._serving = self.routes.get(source)
        if peer is None:
            self._counts.drop("not_validated")
        elif 19 < first < 64:
            peer.receive_dtls(datagram, now)
        elif not 127 < first < 192:
            self._counts.drop("unknown_protocol")
        elif size < _SHORTEST_MEDIA:
            self._counts.drop("malformed")
        else:
            peer.receive_report(slot, now)

    def _check(self, datagram: bytes, source: Source, now: float) -> None:
        try:
            message = parse_stun(datagram)
        except MediaError:
            self._counts.drop("malformed")
            return
        if message.kind == BINDING_INDICATION:  # it keeps a way open, and asks nothing
            return
        if message.kind != BINDING_REQUEST:  # as a lite agent we asked nothing
            self._counts.drop("no_check")
            return
        peer = self._serving = self._mux.by_ufrag.get(message.username.partition(b":")[0])
        holder = self.routes.get(source)
        if peer is None:
            self._counts.drop("unknown_ufrag")
        elif holder is not None and holder is not peer and now - holder.heard_at < _HOLDS_PATH_S:
            self._counts.drop("path_taken")  # a publisher must not silence another by a forged source address
        else:
            peer.receive_check(message, Path(self, source), now)


def _are_media(sizes: Sequence[int], heads: Iterable[int]) -> bool:
    """Is all of a run SRTP, of a length that can be? For the price of one look at each."""
    return _RTP_HEADS.issuperset(heads) and min(sizes) >= _SHORTEST_MEDIA and max(sizes) <= LONGEST_DATAGRAM


def _bind(address: Address) -> socket.socket:
    """A socket that never blocks. "[::]" takes IPv4 too. OSError."""
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    opened = socket.socket(family, socket.SOCK_DGRAM)
    try:
        opened.setblocking(False)
        _widen(opened)
        if family == socket.AF_INET6:
            opened.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, address.host != "::")
        opened.bind((address.host, address.port))
    except OSError:
        opened.close()
        raise
    return opened


def _widen(opened: socket.socket) -> None:
    """The kernel grants no more than net.core.rmem_max, and tells twice what it granted (socket(7))."""
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER_BYTES)
    granted = opened.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF) // 2
    if granted < RECEIVE_BUFFER_BYTES // 4:
        mend = f"sysctl -w net.core.rmem_max={RECEIVE_BUFFER_BYTES}"
        logger.info("media.small_buffer", extra={"bytes": granted, "mend": mend})
