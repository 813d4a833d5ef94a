"""`python -m bench.held_path`: what our own Python takes for each viewer and part, without sockets.

Thousands of connections of the fast lane with transports that drop what they are given: a reload is held, a part comes,
everybody is woken and answered, everybody asks for the part; then the lane's second comes, which forgets what is over.
Processor time of this process, the least of many segments: it says nothing of the kernel's share, but it stays the
same on a machine that is busy with other things.
With `--streams` the viewers are of so many streams, whose parts come one after the other.
"""

import asyncio
import gc
import time
from collections import Counter
from collections.abc import Callable, Iterable
from functools import partial
from statistics import mean

import uvloop

from bench import report
from bench.fed_server import TRACK, InnerSource
from bench.request_heads import chrome
from edge.auth.admission import Admission
from edge.config import Config
from edge.hls.window import LiveWindow
from edge.live.hub import Hub
from edge.media.sample import Sample
from edge.server import GC_THRESHOLDS
from edge.web.express import Express
from edge.web.gate import Gate
from edge.web.lane import Lane
from edge.web.readiness import Readiness

WARM_UP_ROUNDS = 5
IN_A_SEGMENT = 10
"""Rounds: in one or two of them all playlists are packed anew."""
PICTURES = 6
AT_ONCE = 5
"""Parts of streams that come in one turn of the loop."""


class Nowhere(asyncio.Transport):
    """Takes everything at once."""

    def get_extra_info(self, name: str, default: object = None) -> object:
        return ("127.0.0.1", 1) if name == "peername" else default

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None: ...

    def is_reading(self) -> bool:
        return True

    def write(self, data: object) -> None: ...


class Stream:
    """200 ms parts, and its viewers."""

    def __init__(self, hub: Hub, name: str, connections: list[Express], first: int) -> None:
        self.name = name
        self.connections = connections
        self.rests = [chrome("localhost:1", first + number) for number in range(len(connections))]
        self._publication = hub.claim(name, 0.0, takeover=False)
        self._publication.attach(InnerSource(), [TRACK], time.time() - 10, 0.0)
        self._picture = 0
        for _ in range(50):
            self.begin_part()
            self.end_part()

    def begin_part(self) -> None:
        """All pictures of the next part but the one that ends it."""
        for _ in range(PICTURES - 1):
            self._write()

    def end_part(self) -> None:
        """Another one; the part is there."""
        before = self.window.next_number
        while self.window.next_number == before:
            self._write()

    def _write(self) -> None:
        sample = Sample("video", self._picture * 3000, 3000, self._picture % 60 == 0, bytes(4000))
        self._publication.write(sample, asyncio.get_running_loop().time())
        self._picture += 1

    @property
    def window(self) -> LiveWindow:
        return self._publication.rendition.window

    def asking(self, target: str) -> Callable[[], None]:
        """Every viewer asks for it."""
        requests = [f"GET /live/{self.name}/{target}".encode() + rest for rest in self.rests]

        def ask() -> None:
            for connection, request in zip(self.connections, requests, strict=True):
                connection.data_received(request)

        return ask

    def reload(self) -> Callable[[], None]:
        msn, part = self.window.next_position
        return self.asking(f"main.m3u8?_HLS_msn={msn}&_HLS_part={part}&_HLS_skip=YES")

    def newest(self) -> Callable[[], None]:
        return self.asking(f"{self._publication.rendition.prefix}/part{self.window.next_number - 1}.m4s")


class Stage:
    """Streams, with as many viewers each."""

    def __init__(self, viewers: int, streams: int) -> None:
        config = Config.model_validate({"hls": {"part_target": "200ms"}})
        hub = Hub(config)
        self.lane = Lane(config, {"live": Gate(hub, Admission(config.auth))}, ready=Readiness())
        self.lane.naps.must_hurry = lambda: True  # turns of this loop begin warm, one after the other
        self.streams = [
            Stream(hub, f"cam{at}", [Express(self.lane) for _ in range(viewers)], at * viewers)
            for at in range(streams)
        ]
        for stream in self.streams:
            for connection in stream.connections:
                connection.connection_made(Nowhere())

    async def round(self) -> dict[str, float]:
        """Seconds of processor time by what was done."""
        took: Counter[str] = Counter()
        for at in range(0, len(self.streams), AT_ONCE):
            streams = self.streams[at : at + AT_ONCE]
            took["hold"] += _took(stream.reload() for stream in streams)
        for at in range(0, len(self.streams), AT_ONCE):
            streams = self.streams[at : at + AT_ONCE]
            for stream in streams:
                stream.begin_part()
            waiting = self.lane.ready.requests - sum(len(stream.connections) for stream in streams)
            took["wake"] += _took([stream.end_part for stream in streams])
            since = time.process_time()
            while self.lane.ready.requests > waiting:
                await asyncio.sleep(0)
            took["answer"] += time.process_time() - since
            took["part"] += _took(stream.newest() for stream in streams)
        took["tick"] = _took([partial(self.lane.tick, self.lane.now + 1)])
        return took


def _took(works: Iterable[Callable[[], None]]) -> float:
    todo = list(works)
    since = time.process_time()
    for work in todo:
        work()
    return time.process_time() - since


async def measure(viewers: int, streams: int, rounds: int) -> dict[str, float]:
    """Microseconds for each viewer; `all` is the sum."""
    gc.set_threshold(*GC_THRESHOLDS)
    stage = Stage(viewers // streams, streams)
    taken = [await stage.round() for _ in range(WARM_UP_ROUNDS + rounds)][WARM_UP_ROUNDS:]
    segments = [taken[at : at + IN_A_SEGMENT] for at in range(0, rounds, IN_A_SEGMENT)]
    least = {
        name: min(mean(one[name] for one in segment) for segment in segments) / viewers * 1e6
        for name in taken[0]
    }
    return {"streams": streams, **least, "all": sum(least.values())}


def main(argv: list[str] | None = None) -> None:
    parser = report.arguments("held_path", __doc__ or "", seconds=1)
    parser.add_argument("--viewers", type=int, default=4000)
    parser.add_argument("--streams", type=int, nargs="+", default=[1, 200])
    parser.add_argument("--rounds", type=int, default=40)
    options = parser.parse_args(argv)
    result = report.Result("held_path", {"viewers": options.viewers}, {"name": "none"})
    for streams in options.streams:
        result.rows.append(uvloop.run(measure(options.viewers, streams, options.rounds)))
    result.write(options.json)


if __name__ == "__main__":
    main()
