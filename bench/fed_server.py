"""`python -m bench.fed_server`: the whole server as `edge serve` runs it, with streams that are fed inside.

Each part is told on standard output: its address, when its last sample was complete and when it was listed
(CLOCK_MONOTONIC, which all processes of a machine share), and how many seconds of media there are up to its end. That
is the clock the generator measures against. With `--streams 0` the parts of whoever publishes are told.
"""

import argparse
import asyncio
import contextlib
import os
import socket
import time
from collections.abc import AsyncIterator, Callable, Sequence
from heapq import heapreplace

from edge import server
from edge.config import Address, load
from edge.hls.segment import PartReady
from edge.ingest.reading import BEAT_S, until_next
from edge.live.hub import Hub
from edge.live.publication import Publication
from edge.live.rendition import Rendition
from edge.media.sample import Sample
from edge.media.track import Track
from edge.operating import Operating

FPS = 30
TRACK = Track(
    "video", "h264", 90_000, b"\x01\x64\x00\x1f\xff\xe1\x00\x01g\x01\x00\x01h", "avc1.64001f", 1280, 720
)
TOLD_EVERY_S = 1.0


class InnerSource:
    """A source that needs nothing from outside."""

    def request_key_frame(self) -> None: ...

    def close(self, reason: str) -> None: ...


class Feed:
    """One stream: pictures of equal size, about 30 a second; each segment begins with a key frame."""

    def __init__(self, node: Operating, name: str, options: argparse.Namespace) -> None:
        part_ms, part_bytes = options.part_ms, options.part_bytes
        pictures = max(1, part_ms * FPS // 1000)
        self._duration = part_ms * 90 // pictures
        self._gop = round(node.config.hls.segment_target * 90_000 / self._duration)
        self._data = bytes(max(1, (part_bytes - 100 - 16 * pictures) // pictures))
        self._index = 0
        self.interval_s = self._duration / 90_000
        now = time.monotonic()
        self._publication: Publication = node._hub.claim(name, now, takeover=False)
        self._publication.attach(InnerSource(), [TRACK], time.time() - options.history, now)
        for _ in range(round(options.history / self.interval_s)):
            self.write()

    def write(self) -> None:
        """The next picture has come."""
        sample = Sample(
            "video", self._index * self._duration, self._duration, self._index % self._gop == 0, self._data
        )
        self._index += 1
        self._publication.write(sample, time.monotonic())


class Clock:
    """Has feeds write the pictures that are due, at the beats in which a server reads many publishers' socket."""

    def __init__(self, feeds: Sequence[Feed], spacing_s: float) -> None:
        """The pictures of one come `spacing_s` after those of the one before it."""
        self._loop = asyncio.get_running_loop()
        now = self._loop.time()
        self._due = [(now + at * spacing_s, at) for at in range(len(feeds))]
        self._feeds = feeds
        self._wait()

    def _wait(self) -> None:
        self._timer = self._loop.call_later(until_next(BEAT_S, self._loop.time()), self._beat)

    def _beat(self) -> None:
        self._wait()
        due, feeds, now = self._due, self._feeds, self._loop.time()
        while due and due[0][0] <= now:
            when, at = due[0]
            feeds[at].write()
            heapreplace(due, (when + feeds[at].interval_s, at))

    def stop(self) -> None:
        """No picture comes any more."""
        self._timer.cancel()


class Teller:
    """Lines on standard output, written when there is time for it."""

    def __init__(self) -> None:
        self._lines: list[str] = []

    def tell(self, *words: object) -> None:
        """One line; it may wait for `flush`."""
        self._lines.append(" ".join(map(str, words)) + "\n")

    def forget(self) -> None:
        """Drop what was not flushed."""
        self._lines.clear()

    def flush(self) -> None:
        """Write what was told. A reader that does not read blocks us: it is our bench's own."""
        if self._lines:
            os.write(1, "".join(self._lines).encode())
            self._lines.clear()

    async def keep_telling(self) -> None:
        """What the operating system does not know of this process."""
        while True:
            self.tell("tasks", len(asyncio.all_tasks()))
            for _ in range(10):
                self.flush()
                await asyncio.sleep(TOLD_EVERY_S / 10)


class Names:
    """Stream names by the prefix of their media."""

    def __init__(self) -> None:
        self.hub: Hub | None = None
        self._known: dict[str, str] = {}

    def of(self, prefix: str) -> str:
        """`?` while it is not known."""
        if prefix not in self._known and self.hub is not None:
            self._known = {each.rendition.prefix: each.name for each in self.hub.list()}
        return self._known.get(prefix, "?")


def tell_parts(teller: Teller, names: Names) -> None:
    """Have every rendition of this process tell of its parts."""
    write, measure = Rendition.write, Rendition._measure
    completed: dict[int, float] = {}

    def writing(self: Rendition, sample: Sample, arrived_at: float) -> None:
        completed[id(self)] = arrived_at
        write(self, sample, arrived_at)

    def measuring(self: Rendition, event: PartReady) -> None:
        measure(self, event)
        now = time.monotonic()
        number = self.window.next_number - 1
        end = self.window._clock_ticks / 90_000
        teller.tell(
            "part",
            names.of(self.prefix),
            self.prefix,
            number,
            completed.get(id(self), now),
            now,
            f"{end:.5f}",
        )

    Rendition.write = writing
    Rendition._measure = measuring


@contextlib.asynccontextmanager
async def fed(node: Operating, teller: Teller, options: argparse.Namespace) -> AsyncIterator[None]:
    """Streams `s0`, `s1`... of this node, their parts evenly apart in time."""
    feeds = [Feed(node, f"s{at}", options) for at in range(options.streams)]
    teller.forget()  # nobody watched what was there before
    spacing = options.part_ms / 1000 / max(1, len(feeds))
    clock = Clock(feeds, spacing)
    telling = asyncio.create_task(teller.keep_telling())
    try:
        yield
    finally:
        telling.cancel()
        clock.stop()


def serve(options: argparse.Namespace) -> int:
    """As `edge serve` would, until a signal."""
    teller = Teller()
    names = Names()
    started = server.started

    @contextlib.asynccontextmanager
    async def started_and_fed(*arguments: object) -> AsyncIterator[Operating]:
        async with started(*arguments) as node, fed(node, teller, options):
            names.hub = node._hub
            teller.tell("listens", node.address.port)
            yield node

    server.started = started_and_fed
    if options.congestion:
        server.bound = _controlled(server.bound, options.congestion)
    tell_parts(teller, names)
    config = load(None, overrides=options.set)
    return server.run(config, demo=False)


def _controlled(
    bound: Callable[[Address], socket.socket], congestion: str
) -> Callable[[Address], socket.socket]:
    def listener(address: Address) -> socket.socket:
        one = bound(address)
        one.setsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, congestion.encode())
        return one

    return listener


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.fed_server", description=__doc__)
    parser.add_argument("--streams", type=int, default=1)
    parser.add_argument("--part-ms", type=int, default=200)
    parser.add_argument("--part-bytes", type=int, default=25_000)
    parser.add_argument(
        "--history", type=float, default=10, help="seconds of media that are there from the start"
    )
    parser.add_argument("--congestion", default="", help="TCP's congestion control of the listener")
    parser.add_argument("--set", action="append", default=[], metavar="section.key=value")
    return serve(parser.parse_args(argv))


if __name__ == "__main__":
    raise SystemExit(main())
