"""`python -m bench.held_path`: what our own Python takes for each viewer and part, without sockets.

Thousands of connections of the fast lane with transports that drop what they are given: a reload is held, a part comes,
everybody is woken and answered, everybody asks for the part. Processor time of this process, the least of many
rounds: it says nothing of the kernel's share, but it stays the same on a machine that is busy with other things.
"""

import asyncio
import gc
import time
from collections.abc import Callable

import uvloop

from bench import report
from bench.fed_server import TRACK, InnerSource
from bench.request_heads import chrome
from edge.auth.admission import Admission
from edge.config import Config
from edge.live.hub import Hub
from edge.media.sample import Sample
from edge.server import GC_THRESHOLDS
from edge.web.express import Express
from edge.web.gate import Gate
from edge.web.lane import Lane
from edge.web.readiness import Readiness

WARM_UP_ROUNDS = 5


class Nowhere(asyncio.Transport):
    """Takes everything at once."""

    def get_extra_info(self, name: str, default: object = None) -> object:
        return ("127.0.0.1", 1) if name == "peername" else default

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None: ...

    def is_reading(self) -> bool:
        return True

    def write(self, data: object) -> None: ...


class Stage:
    """One stream of 200 ms parts, and its viewers."""

    def __init__(self, viewers: int) -> None:
        config = Config.model_validate({"hls": {"part_target": "200ms"}})
        hub = Hub(config)
        self.lane = Lane(config, {"live": Gate(hub, Admission(config.auth))}, ready=Readiness())
        self._publication = hub.claim("cam", 0.0, takeover=False)
        self._publication.attach(InnerSource(), [TRACK], time.time() - 10, 0.0)
        self._picture = 0
        self.rests = [chrome("localhost:1", number) for number in range(viewers)]
        self.connections = [Express(self.lane) for _ in range(viewers)]
        for connection in self.connections:
            connection.connection_made(Nowhere())
        for _ in range(50):
            self.come()

    def come(self) -> None:
        """The next part."""
        rendition = self._publication.rendition
        before = rendition.window.next_number
        while rendition.window.next_number == before:
            key = self._picture % 60 == 0
            sample = Sample("video", self._picture * 3000, 3000, key, bytes(4000))
            self._publication.write(sample, self.lane.loop.time())
            self._picture += 1

    def asking(self, target: str) -> Callable[[], None]:
        """Everybody asks for it."""
        requests = [b"GET " + target.encode() + rest for rest in self.rests]

        def ask() -> None:
            for connection, request in zip(self.connections, requests, strict=True):
                connection.data_received(request)

        return ask

    async def round(self) -> dict[str, float]:
        """Seconds of processor time by what was done."""
        rendition = self._publication.rendition
        msn, part = rendition.window.next_position
        reload = self.asking(f"/live/cam/main.m3u8?_HLS_msn={msn}&_HLS_part={part}&_HLS_skip=YES")
        took = {"hold": _took(reload), "wake": _took(self.come)}
        since = time.process_time()
        while self.lane.ready.requests:
            await asyncio.sleep(0)
        took["answer"] = time.process_time() - since
        number = rendition.window.next_number - 1
        took["part"] = _took(self.asking(f"/live/cam/{rendition.prefix}/part{number}.m4s"))
        return took


def _took(work: Callable[[], None]) -> float:
    since = time.process_time()
    work()
    return time.process_time() - since


async def measure(viewers: int, rounds: int) -> dict[str, float]:
    """Microseconds for each viewer; `all` is the sum."""
    gc.set_threshold(*GC_THRESHOLDS)
    stage = Stage(viewers)
    taken = [await stage.round() for _ in range(WARM_UP_ROUNDS + rounds)][WARM_UP_ROUNDS:]
    least = {name: min(one[name] for one in taken) / viewers * 1e6 for name in taken[0]}
    return {**least, "all": sum(least.values())}


def main(argv: list[str] | None = None) -> None:
    parser = report.arguments("held_path", __doc__ or "", seconds=1)
    parser.add_argument("--viewers", type=int, default=4000)
    parser.add_argument("--rounds", type=int, default=40)
    options = parser.parse_args(argv)
    result = report.Result("held_path", {"viewers": options.viewers}, {"name": "none"})
    result.rows.append(uvloop.run(measure(options.viewers, options.rounds)))
    result.write(options.json)


if __name__ == "__main__":
    main()
