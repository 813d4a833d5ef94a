"""The two lanes in memory, one connection each, without sockets: what is written to whom, and who hangs up."""

import asyncio
import re
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from itertools import pairwise

from edge.auth.admission import Admission
from edge.config import Config
from edge.live.hub import Hub
from edge.vod.library import Library
from edge.web.express import Express
from edge.web.readiness import Readiness
from edge.web.serving import Serving
from edge.web.vod import AssetGate, vod_routes

_MOMENT = re.compile(rb"(?:Date|Expires): [^\r]*\r\n")


class MemoryTransport(asyncio.Transport):
    """Takes everything at once, unless told to `choke`; then nothing."""

    def __init__(self, peer: object = ("127.0.0.1", 1)) -> None:
        super().__init__({"peername": peer})
        self.written = b""
        self.unsent = 0
        self.is_choked = False
        self.is_lost = False
        self.was_aborted = False
        self._is_closing = False
        self._is_reading = True
        self._protocol: asyncio.Protocol = asyncio.Protocol()

    def set_protocol(self, protocol):
        self._protocol = protocol

    def get_protocol(self):
        return self._protocol

    def write(self, data):
        if self.is_choked:
            self.unsent += len(data)
            self._protocol.pause_writing()
        self.written += bytes(data)

    def writelines(self, data):
        self.write(b"".join(data))

    def unchoke(self):
        self.is_choked, self.unsent = False, 0
        self._protocol.resume_writing()
        if self._is_closing:
            self.abort()

    def set_write_buffer_limits(self, high=None, low=None): ...

    def get_write_buffer_size(self):
        return self.unsent

    def is_closing(self):
        return self._is_closing

    def pause_reading(self):
        self._is_reading = False

    def resume_reading(self):
        self._is_reading = True

    def is_reading(self):
        return self._is_reading

    def close(self):
        self._is_closing = True
        if not self.unsent:
            asyncio.get_running_loop().call_soon(self.lose)

    def abort(self):
        self._is_closing = self.was_aborted = True
        asyncio.get_running_loop().call_soon(self.lose)

    def lose(self):
        if not self.is_lost:
            self.is_lost = True
            self._protocol.connection_lost(None)

    def receive(self, data: bytes) -> None:
        if data and not self._is_closing:
            self._protocol.data_received(data)


async def settle(turns: int = 12) -> None:
    """Everything that is to happen without time or sockets has happened."""
    for _ in range(turns):
        await asyncio.sleep(0)


class Lanes:
    """Both, in front of one hub."""

    def __init__(self, serving: Serving, hub: Hub, ready: Readiness) -> None:
        self.serving, self.hub, self.ready = serving, hub, ready
        self.lane = serving.lane
        self._opened: list[MemoryTransport] = []

    def express(self, peer: object = ("127.0.0.1", 1)) -> MemoryTransport:
        return self._open(Express(self.lane), peer)

    def strict(self, peer: object = ("127.0.0.1", 1)) -> MemoryTransport:
        return self._open(self.lane.strict(), peer)

    def _open(self, protocol: asyncio.Protocol, peer: object) -> MemoryTransport:
        transport = MemoryTransport(peer)
        transport.set_protocol(protocol)
        protocol.connection_made(transport)
        self._opened.append(transport)
        return transport

    def hang_up(self) -> None:
        """Clients that are gone: a server that ends would wait for those who have asked nothing yet."""
        for transport in self._opened:
            transport.lose()

    async def one_by_one(self, requests: Sequence[bytes]) -> MemoryTransport:
        """The strict lane, asked anew when it has answered: what is right."""
        transport = self.strict()
        for request in requests:
            transport.receive(request)
            await settle()
        return transport

    async def in_pieces(self, pieces: Iterable[bytes]) -> MemoryTransport:
        """The fast lane, as segments come."""
        transport = self.express()
        for piece in pieces:
            transport.receive(piece)
        await settle(20)
        return transport


@asynccontextmanager
async def both_lanes(
    config: Config | None = None,
    hub: Hub | None = None,
    admission: Admission | None = None,
    library: Library | None = None,
) -> AsyncIterator[Lanes]:
    config = config or Config()
    hub, ready = hub or Hub(config), Readiness()
    admission = admission or Admission(config.auth)
    gate = AssetGate(library, admission) if library else None
    serving = await Serving.begin(
        config, hub, ready=ready, admission=admission,
        routes=vod_routes(gate) if gate else (), rooms={"vod": gate} if gate else {},
    )  # fmt: skip
    yield (lanes := Lanes(serving, hub, ready))
    await settle(3)
    lanes.hang_up()
    hub.end_all()
    await serving.close()
    await admission.close()


def told(transport: MemoryTransport) -> tuple[bytes, bool]:
    """What a client saw, but for the second."""
    return undated(transport.written), transport.is_closing()


def undated(written: bytes) -> bytes:
    return _MOMENT.sub(b"", written)


def split(data: bytes, at: Iterable[int]) -> list[bytes]:
    """`data` in pieces that end at these places."""
    places = sorted({0, len(data), *(each for each in at if 0 <= each <= len(data))})
    return [data[start:stop] for start, stop in pairwise(places)]
