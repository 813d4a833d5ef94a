"""Thousands of viewers in this process: joined at a rate that a server bears, watched over, and gone again."""

import asyncio
import time
from collections.abc import Sequence

from bench.request_heads import av_player, chrome
from bench.viewer import BEHAVIOURS, Connection, HlsJsViewer, Stream, Tally, Viewer

AT_ONCE = 50
PATIENCE_S = 20.0
"""A blocked request may be held for three target durations (6.2.5.2)."""


class Crowd:
    """`viewers` of each stream at one address."""

    def __init__(
        self,
        host: str,
        port: int,
        streams: Sequence[Stream],
        viewers: int,
        behaviour: str,
        ways: Sequence[bytes] = (),
    ) -> None:
        """`ways`: see Viewer.way, one for each; else none has one."""
        self._address = (host, port)
        self.streams = streams
        self.tally = Tally()
        head = chrome if BEHAVIOURS[behaviour] is HlsJsViewer else av_player
        self._viewers = [
            BEHAVIOURS[behaviour](
                stream, head(f"{host}:{port}", number * len(streams) + at), self.tally, self._connect
            )
            for number in range(viewers)
            for at, stream in enumerate(streams)
        ]
        for at, viewer in enumerate(self._viewers):
            viewer.stream.viewers += 1
            viewer.way = ways[at] if ways else b""
        self._tasks: set[asyncio.Task[None]] = set()

    async def join(self) -> None:
        """Everybody is connected and has asked for the first playlist. OSError: nobody listens there."""
        for start in range(0, len(self._viewers), AT_ONCE):
            await asyncio.gather(*map(self._open, self._viewers[start : start + AT_ONCE]))
        self._look = asyncio.create_task(self._look_after())

    async def churn(self, count: int) -> None:
        """The first `count` viewers leave, and come back with new connections at the end of the queue."""
        leaving, self._viewers[:count] = self._viewers[:count], []
        for viewer in leaving:
            viewer.close()
        returning = [self._again(viewer) for viewer in leaving]
        self._viewers += returning
        await asyncio.gather(*map(self._open, returning))

    def _again(self, viewer: Viewer) -> Viewer:
        again = type(viewer)(viewer.stream, viewer.rest_of_head, self.tally, self._connect)
        again.way = viewer.way
        return again

    async def leave(self) -> None:
        """Every connection is closed."""
        self._look.cancel()
        for viewer in self._viewers:
            viewer.close()
        await asyncio.sleep(0.1)

    def _connect(self, viewer: Viewer) -> None:
        task = asyncio.create_task(self._open_again(viewer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _open_again(self, viewer: Viewer) -> None:
        try:
            await self._open(viewer)
        except OSError:
            self.tally.errors["no connection"] += 1
            await asyncio.sleep(viewer.again_after_s)
            self._connect(viewer)

    async def _open(self, viewer: Viewer) -> None:
        loop = asyncio.get_running_loop()
        opened: list[Connection] = []
        for _ in range(viewer.connections_needed):
            _, connection = await loop.create_connection(lambda: Connection(viewer), *self._address)
            opened.append(connection)
        viewer.joined(opened)

    async def _look_after(self) -> None:
        while True:
            await asyncio.sleep(1)
            now = time.monotonic()
            for viewer in self._viewers:
                viewer.look_at(now, PATIENCE_S)
