"""The application on a real socket, with a live stream whose pictures the test sends itself."""

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from edge.config import Config
from edge.live.hub import Hub
from edge.live.publication import Publication
from edge.media.sample import Sample
from edge.media.track import Track
from edge.web.app import make_app
from edge.web.readiness import Readiness
from tests.web.both_lanes import Lanes, both_lanes

FPS = 30
VIDEO = Track(
    "video", "h264", 90_000, b"\x01\x64\x00\x1f\xff\xe1\x00\x01g\x01\x00\x01h", "avc1.64001f", 1280, 720
)


class SilentSource:
    def request_key_frame(self) -> None: ...

    def close(self, reason: str) -> None: ...


class Camera:
    """Sends pictures when it is told to; the time of the publication is the time of the loop."""

    def __init__(self, hub: Hub, name: str) -> None:
        now = asyncio.get_running_loop().time()
        self.publication: Publication = hub.claim(name, now, takeover=False)
        self.publication.attach(SilentSource(), [VIDEO], 0.0, now)
        self._frame = 0
        self._last_key = -FPS

    def send(self, seconds: float) -> None:
        now = asyncio.get_running_loop().time()
        for _ in range(round(seconds * FPS)):
            frame = self._frame
            key = self.publication.key_frame_due(frame / FPS) and frame - self._last_key > 6
            self._last_key = frame if key else self._last_key
            self.publication.write(Sample("video", frame * 3000, 3000, key, b"\0\0\0\1x" * 50), now)
            self._frame += 1


@pytest.fixture
def config() -> Config:
    return Config.model_validate({"auth": {"admin": "correct horse"}})


@pytest.fixture
def hub(config: Config) -> Hub:
    return Hub(config)


@pytest.fixture
def readiness() -> Readiness:
    return Readiness()


@pytest.fixture
def routes() -> list[web.AbstractRouteDef]:
    """Those of other files; a test may add some before it asks for `client`."""
    return []


@pytest.fixture
async def client(config, hub, readiness, routes) -> AsyncIterator[TestClient]:
    app = make_app(config, hub, ready=readiness, routes=routes)
    async with TestClient(TestServer(app), auto_decompress=False) as client:
        yield client


@pytest.fixture
async def camera(hub) -> Camera:
    """Live as "cam" for five seconds."""
    camera = Camera(hub, "cam")
    camera.send(5)
    return camera


@pytest.fixture
async def lanes(config, hub) -> AsyncIterator[Lanes]:
    """Both lanes in memory, in front of the same hub."""
    async with both_lanes(config, hub) as lanes:
        yield lanes


@pytest.fixture
def until() -> Callable[[Callable[[], bool]], object]:
    async def wait(condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(5):
            while not condition():
                await asyncio.sleep(0)

    return wait
