"""Viewers against a server inside this loop, whose publisher is the test."""

import asyncio

import pytest
from aiohttp import web

from bench.crowd import Crowd
from bench.viewer import Stream
from edge.config import Config
from edge.live.hub import Hub
from edge.media.sample import Sample
from edge.media.track import Track
from edge.web.app import Readiness, make_app

TRACK = Track(
    "video", "h264", 90_000, b"\x01\x64\x00\x1f\xff\xe1\x00\x01g\x01\x00\x01h", "avc1.64001f", 1280, 720
)
PICTURES_A_PART = 7


class Source:
    def request_key_frame(self) -> None: ...

    def close(self, reason: str) -> None: ...


class Stage:
    """A live stream `cam` on a real socket; `part` sends what makes the next part."""

    def __init__(self) -> None:
        config = Config()
        self.hub = Hub(config)
        self.app = make_app(config, self.hub, ready=Readiness())
        now = asyncio.get_running_loop().time()
        self.publication = self.hub.claim("cam", now, takeover=False)
        self.publication.attach(Source(), [TRACK], 0.0, now)
        self.index = 0
        for _ in range(40):
            self.part()

    @property
    def newest(self) -> bytes:
        rendition = self.publication.rendition
        return f"/live/cam/{rendition.prefix}/part{rendition.window.next_number - 1}.m4s".encode()

    def part(self) -> None:
        before = self.publication.rendition.window.next_number
        while self.publication.rendition.window.next_number == before:
            key = self.index % 60 == 0
            self.publication.write(
                Sample("video", self.index * 3000, 3000, key, bytes(3000)), asyncio.get_running_loop().time()
            )
            self.index += 1


@pytest.fixture
async def stage():
    stage = Stage()
    runner = web.AppRunner(stage.app, shutdown_timeout=0.1)  # viewers leave with requests held
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    stage.port = runner.addresses[0][1]
    yield stage
    await runner.cleanup()


async def until(condition) -> None:
    async with asyncio.timeout(5):
        while not condition():
            await asyncio.sleep(0.002)


def crowd_of(stage, viewers: int, behaviour: str) -> Crowd:
    return Crowd("127.0.0.1", stage.port, [Stream("/live/cam/index.m3u8")], viewers, behaviour)


@pytest.mark.parametrize(("behaviour", "held_by_each"), [("hls.js", 1), ("hinted-part", 2)])
async def test_every_viewer_takes_every_part(stage, behaviour, held_by_each) -> None:
    crowd = crowd_of(stage, 5, behaviour)
    await crowd.join()
    await until(lambda: stage.hub.waiting == 5 * held_by_each)
    wanted = []
    for _ in range(12):
        stage.part()
        wanted.append(stage.newest)
        await until(lambda: stage.hub.waiting == 5 * held_by_each)
    assert {target: len(times) for target, times in crowd.tally.arrivals.by_part.items()} == dict.fromkeys(
        wanted, 5
    )
    assert not crowd.tally.errors
    await crowd.leave()


async def test_parts_that_came_together_are_taken_one_after_the_other(stage) -> None:
    crowd = crowd_of(stage, 1, "hls.js")
    await crowd.join()
    await until(lambda: stage.hub.waiting == 1)
    wanted = []
    for _ in range(3):
        stage.part()
        wanted.append(stage.newest)
    await until(lambda: len(crowd.tally.arrivals.by_part) == 3 and stage.hub.waiting == 1)
    assert list(crowd.tally.arrivals.by_part) == wanted
    await crowd.leave()


async def test_a_fault_is_counted_once_and_the_viewer_comes_back(stage) -> None:
    crowd = crowd_of(stage, 1, "hls.js")
    crowd._viewers[0].again_after_s = 0.01
    await crowd.join()
    await until(lambda: stage.hub.waiting == 1)
    crowd._viewers[0].connections[0].transport.abort()
    await until(lambda: crowd.tally.errors["closed by the server"] == 1)
    await until(lambda: crowd._viewers[0].connections[0].asked_at > 0)
    before = len(crowd.tally.arrivals.by_part)
    for _ in range(2):
        await asyncio.sleep(0.05)
        stage.part()
    await until(lambda: len(crowd.tally.arrivals.by_part) > before)
    assert sum(crowd.tally.errors.values()) == 1
    await crowd.leave()


async def test_a_status_that_is_not_200_is_a_fault(stage) -> None:
    crowd = Crowd("127.0.0.1", stage.port, [Stream("/live/nobody/index.m3u8")], 3, "hls.js")
    await crowd.join()
    await until(lambda: crowd.tally.errors["status 404"] == 3)
    await crowd.leave()


async def test_a_request_that_hangs_is_a_fault(stage) -> None:
    crowd = crowd_of(stage, 1, "hls.js")
    await crowd.join()
    await until(lambda: stage.hub.waiting == 1)
    asked = crowd._viewers[0].connections[0].asked_at
    crowd._viewers[0].look_at(asked + 1, 2.0)
    assert not crowd.tally.errors
    crowd._viewers[0].look_at(asked + 3, 2.0)
    assert crowd.tally.errors == {"no answer": 1}
    await crowd.leave()


async def test_viewers_that_leave_come_back_without_a_fault(stage) -> None:
    crowd = crowd_of(stage, 4, "hls.js")
    await crowd.join()
    await until(lambda: stage.hub.waiting == 4)
    await crowd.churn(2)
    await until(lambda: all(viewer.connections[0].asked_at for viewer in crowd._viewers))
    assert len(crowd._viewers) == 4
    assert not crowd.tally.errors
    await crowd.leave()
