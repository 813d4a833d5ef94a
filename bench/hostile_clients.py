"""`python -m bench.hostile_clients HOST PORT SHARE`: everything that peers should not do, at once, until it is stopped.

From addresses of their own (127.0.7.x), so that they are not taken for viewers. A client that is refused or cut
comes again half a second later.
"""

import asyncio
import itertools
import os
import socket
import sys
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import uvloop

from bench.server_process import GENERATOR_CORE, pin, raise_file_limit

PLAYLIST = b"GET /live/s0/main.m3u8 HTTP/1.1\r\nHost: a\r\n"
SHAPES = (
    PLAYLIST + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET / HTTP/1.1\r\n",
    b"GET /live/s0/main.m3u8 HTTP/1.1\nHost: a\n\n",
    PLAYLIST + b"X: a\r\n b\r\n\r\n",
    PLAYLIST
    + b"\r\n"
    + PLAYLIST
    + b"\r\n"
    + b"POST /whip/s0 HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
    b"GET /live/s0/main.m3u8?_HLS_msn=99999999 HTTP/1.1\r\nHost: a\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(200),
)
ADDRESSES = 20
KINDS = {"silent": 10_000, "slow_head": 500, "long_head": 4, "stopped_reader": 200, "shape": 20, "names": 4}
"""How many of each. The silent ones never ask."""
_TURNS_S = 2.0
"""In which all the silent ones are looked at once."""

Client = tuple[asyncio.StreamReader, asyncio.StreamWriter]
Work = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Crowd:
    """All of them, against one server."""

    def __init__(self, host: str, port: int) -> None:
        self._host, self._port = host, port
        self._made = 0
        self.met: Counter[str] = Counter()
        """What became of them: `refused`, `cut`."""

    async def run(self, kinds: dict[str, int]) -> None:
        """Until it is cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._silent(kinds.pop("silent")))
            for kind, count in kinds.items():
                work: Work = getattr(self, f"_{kind}")
                for number in range(count):
                    tasks.create_task(self._again_and_again(work, number / count))

    async def _silent(self, count: int) -> None:
        """Sockets without an object around them: to have them shall cost the generator's core little."""
        silent: list[socket.socket | None] = [None] * count
        some = max(1, count // 20)
        for start in itertools.cycle(range(0, count, some)):
            for at in range(start, min(start + some, count)):
                one = silent[at]
                if one is None or _is_cut(one):
                    silent[at] = self._socket()
            await asyncio.sleep(_TURNS_S / 20)

    def _socket(self) -> socket.socket:
        """On its way to being connected."""
        self._made += 1
        one = socket.socket()
        one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8_192)
        one.setblocking(False)
        one.bind((f"127.0.7.{self._made % ADDRESSES + 1}", 0))
        one.connect_ex((self._host, self._port))
        return one

    async def _again_and_again(self, work: Work, phase: float) -> None:
        await asyncio.sleep(2 * phase)
        while True:
            with suppress(OSError, EOFError, RuntimeError, asyncio.LimitOverrunError):  # uvloop: it is closed
                async with self._connected() as (reader, writer):
                    await work(reader, writer)
            await asyncio.sleep(0.5)

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[Client]:
        client = self._socket()
        try:
            await asyncio.get_running_loop().sock_connect(client, (self._host, self._port))
            reader, writer = await asyncio.open_connection(sock=client, limit=4_096)
        except OSError:
            client.close()
            raise
        try:
            yield reader, writer
        finally:
            writer.transport.abort()

    async def _slow_head(self, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for octet in PLAYLIST * 100:
            writer.write(bytes([octet]))
            await writer.drain()
            await asyncio.sleep(1.0)

    async def _long_head(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(PLAYLIST + b"X: " + b"x" * 1_000_000)
        await reader.read()

    async def _stopped_reader(self, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for _ in range(50):
            writer.write(b"GET /live/s0/main.m3u8 HTTP/1.1\r\nHost: a\r\n\r\n" * 20)
            await asyncio.sleep(1.0)

    async def _shape(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.met["shape"] += 1
        writer.write(SHAPES[self.met["shape"] % len(SHAPES)])
        async with asyncio.timeout(2):
            await reader.read()

    async def _names(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for _ in range(20):
            self.met["names"] += 1
            writer.write(b"GET /live/none%d/main.m3u8 HTTP/1.1\r\nHost: a\r\n\r\n" % self.met["names"])
            await reader.readuntil(b"\r\n\r\n")
            await asyncio.sleep(0.05)


def _is_cut(one: socket.socket) -> bool:
    try:
        is_cut = not one.recv(4_096)
    except BlockingIOError:
        return False
    except OSError:
        is_cut = True
    if is_cut:
        one.close()
    return is_cut


if __name__ == "__main__":
    pin(GENERATOR_CORE)
    os.nice(19)  # the viewers' generator has the same core, and is not what they are hostile to
    raise_file_limit()
    share = float(sys.argv[3])
    counts = {kind: max(1, round(count * share)) for kind, count in KINDS.items()}
    uvloop.run(Crowd(sys.argv[1], int(sys.argv[2])).run(counts))
