"""A publisher in virtual time: 30 pictures a second, key frames when they are due, and viewers who wait."""

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from edge.config import Config
from edge.http.message import RequestHead, Response
from edge.live.hub import Hub
from edge.live.publication import Publication
from edge.live.waiters import Leave, Wait
from edge.media.sample import Sample
from edge.media.track import Track

FPS = 30
VIDEO = Track(
    "video", "h264", 90_000, b"\x01\x64\x00\x1f\xff\xe1\x00\x01g\x01\x00\x01h", "avc1.64001f", 1280, 720
)
SMALLER = Track(
    "video", "h264", 90_000, b"\x01\x42\xc0\x1e\xff\xe1\x00\x01g\x01\x00\x01h", "avc1.42c01e", 640, 360
)
AUDIO = Track("audio", "aac", 48_000, b"\x11\x90", "mp4a.40.2", channels=2)


@dataclass(eq=False)
class FakeSource:
    """Remembers what the publication asked of it; on close it detaches, as real ones do."""

    publication: Publication | None = None
    reasons: list[str] = field(default_factory=list)
    now: float = 0.0

    def request_key_frame(self) -> None: ...

    def close(self, reason: str) -> None:
        self.reasons.append(reason)
        if self.publication is not None:
            self.publication.detach(self, self.now)


@dataclass(eq=False)
class Viewer:
    """One request: what came, and when."""

    answers: list[tuple[float, Response]] = field(default_factory=list)
    clock: Callable[[], float] = lambda: 0.0
    queue: Leave | None = None

    def answered(self, response: Response) -> None:
        self.answers.append((self.clock(), response))

    def leave(self) -> None:
        self.queue.leave(self)

    @property
    def response(self) -> Response:
        ((_, response),) = self.answers
        return response

    @property
    def status(self) -> int:
        return self.response.status

    @property
    def at(self) -> float:
        ((at, _),) = self.answers
        return at

    @property
    def text(self) -> str:
        return b"".join(self.response.body).decode()

    @property
    def cache_control(self) -> str:
        return dict(self.response.fields)["Cache-Control"]


class Stage:
    """A hub, one name, a clock. `play` lets the source send and time pass; `wait` only lets time pass."""

    def __init__(self, **live: object) -> None:
        self.config = Config.model_validate({"hls": {"window": "24s"}, "live": live})
        self.hub = Hub(self.config, wall_clock=lambda: self.now)
        self.now = 0.0
        self.source_time = 0
        self.last_key = -FPS

    @property
    def publication(self) -> Publication:
        found = self.hub._publications.get("cam")
        assert found is not None
        return found

    def go_live(self, *tracks: Track, seconds: float = 0.0, **claim: bool) -> FakeSource:
        publication = self.hub.claim("cam", self.now, takeover=claim.get("takeover", False))
        source = FakeSource(publication, now=self.now)
        publication.attach(source, tracks or (VIDEO,), self.now, self.now)
        self.source_time, self.last_key = 0, -FPS
        self.play(seconds)
        return source

    def play(self, seconds: float) -> None:
        for _ in range(round(seconds * FPS)):
            self.step()

    def step(self) -> None:
        due = self.publication.key_frame_due(self.source_time / FPS) and self.source_time - self.last_key > 6
        if due:
            self.last_key = self.source_time
        self.publication.write(
            Sample("video", self.source_time * 3000, 3000, due, b"\0\0\0\1x" * 50), self.now
        )
        self.source_time += 1
        self.now += 1 / FPS
        self.hub.tick(self.now)

    def wait(self, seconds: float) -> None:
        until = self.now + seconds
        while self.now < until - 1e-9:
            self.now = min(until, self.now + self.hub.tick_s)
            self.hub.tick(self.now)

    def ask(self, path: str, *, method: str = "GET", stream: str = "cam", **headers: str) -> Viewer:
        path, _, query = path.partition("?")
        fields = {name.replace("_", "-"): value for name, value in headers.items()}
        viewer = Viewer(clock=lambda: self.now)
        answer = self.hub.answer(RequestHead(method, f"/live/{stream}/{path}", query, fields), self.now)
        if isinstance(answer, Wait):
            viewer.queue = answer.subscribe(viewer, self.now)
        else:
            viewer.answers.append((self.now, answer))
        return viewer

    def ask_next(self, ahead: int = 0, extra: str = "", **headers: str) -> Viewer:
        """What a low-latency player asks: the playlist with the part after the newest."""
        msn, part = self.publication.rendition.window.next_position
        return self.ask(f"main.m3u8?_HLS_msn={msn}&_HLS_part={part + ahead}{extra}", **headers)


@pytest.fixture
def make_stage() -> Callable[..., Stage]:
    return Stage


@pytest.fixture
def stage() -> Stage:
    return Stage()


@pytest.fixture
def live(stage: Stage) -> Stage:
    """Live for five seconds."""
    stage.go_live(seconds=5)
    return stage


@pytest.fixture
def tracks() -> dict[str, Track]:
    return {"video": VIDEO, "smaller": SMALLER, "audio": AUDIO}


@pytest.fixture
def make_viewer() -> type[Viewer]:
    return Viewer


@pytest.fixture
def make_source() -> type[FakeSource]:
    return FakeSource
