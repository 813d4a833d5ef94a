"""WHIP sessions behind real sockets, and PyAV as an independent judge of what comes out."""

import asyncio
import io
import time
from array import array
from collections.abc import Sequence
from itertools import pairwise

import av
from aiohttp import web

from edge.config import Address, Config
from edge.hls.segment import Segment
from edge.ingest.sessions import WhipSessions
from edge.live.hub import Hub
from edge.web.whip import whip_routes


class Server:
    """WHIP over HTTP, sessions and a hub."""

    def __init__(self) -> None:
        config = Config()
        self.hub = Hub(config)
        self.sessions = WhipSessions(config, self.hub)
        app = web.Application()
        app.add_routes(whip_routes(config, self.sessions))
        self.runner = web.AppRunner(app)
        self.url = ""

    async def open(self) -> None:
        await self.sessions.open(Address("127.0.0.1", 0))
        await self.runner.setup()
        await web.TCPSite(self.runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self.runner.addresses[0][1]}/whip/mine"

    async def close(self) -> None:
        await self.sessions.close()
        await self.runner.cleanup()

    async def publish(self, command: Sequence[object]) -> int:
        """Run a publisher to its end; its exit code."""
        words = list(map(str, command))
        process = await asyncio.create_subprocess_exec(*words, stderr=asyncio.subprocess.DEVNULL)
        while process.returncode is None:
            self.hub.tick(time.monotonic())
            await asyncio.wait([asyncio.ensure_future(process.wait())], timeout=0.05)
        return process.returncode

    def segments(self) -> list[Segment]:
        """All that are complete."""
        return list(self.hub.get("mine").rendition.window.segments)

    def recording(self) -> bytes:
        """The init segment and everything after it."""
        parts = [part.body for segment in self.segments() for part in segment.parts]
        return self.hub.get("mine").rendition.window.init_segment(0).body + b"".join(parts)


def decoded(recording: bytes | str, kind: str) -> "list[av.VideoFrame | av.AudioFrame]":
    """Every frame of a recording, or of what a URL lists; a decoder that is told to find fault with everything
    raises at the first error.
    """
    with av.open(io.BytesIO(recording) if isinstance(recording, bytes) else recording) as container:
        stream = container.streams.get({kind: 0})[0]
        stream.codec_context.options = {"err_detect": "explode"}
        return list(container.decode(stream))


def flashes(frames: "list[av.VideoFrame]") -> list[float]:
    """When the picture turns white."""
    lit = [(frame.time, bytes(frame.planes[0])[5000] > 128) for frame in frames]
    return [time for (_, before), (time, now) in pairwise(lit) if now and not before]


def beeps(frames: "list[av.AudioFrame]") -> list[float]:
    """When sound begins, to the millisecond."""
    step = 48
    levels = []
    for frame in frames:
        samples = array("f", bytes(frame.planes[0])[: frame.samples * 4])
        for at in range(0, frame.samples - step, step):
            loudest = max(map(abs, samples[at : at + step]))
            levels.append((frame.time + at / 48_000, loudest > 0.1))
    begins = [time for (_, before), (time, now) in pairwise(levels) if now and not before]
    return [
        time
        for time, following in pairwise([-1.0, *begins])
        if following - time > 0.5
        for time in [following]
    ]
