"""Any request head below /live/ gets an answer or is held, and leaves nothing behind."""

from edge.config import Config
from edge.http.conditional import revalidated
from edge.http.message import RequestHead, Response
from edge.live.hub import Hub
from edge.media.sample import Sample
from edge.media.track import Track

SEEDS = [
    b'GET\n/live/cam/main.m3u8\n_HLS_msn=3&_HLS_part=1&_HLS_skip=YES\ngzip, br;q=0.5\n"a-1"',
    b"GET\n/live/cam/index.m3u8\n\n*\n*",
    b'HEAD\n/live/cam/PREFIX/part4.m4s\n\ngzip;q=0\nW/"x", "y"',
    b"GET\n/live/cam/PREFIX/init0.mp4\n\n\n",
    b"GET\n/live/cam/PREFIX/2.m4s\n\n\n",
    b"OPTIONS\n/live/nobody/main.m3u8\n_HLS_part=1\n\n",
]


class _Source:
    def request_key_frame(self) -> None: ...

    def close(self, reason: str) -> None: ...


def _live() -> Hub:
    hub = Hub(Config(), wall_clock=lambda: 0.0)
    publication = hub.claim("cam", 0.0, takeover=False)
    publication.attach(
        _Source(), [Track("video", "h264", 90_000, b"config", "avc1.42c01e", 640, 360)], 0.0, 0.0
    )
    for frame in range(150):
        publication.write(Sample("video", frame * 3000, 3000, frame % 15 == 0, b"\0\0\0\1x"), frame / 30)
    return hub


class _Viewer:
    def answered(self, response: Response) -> None: ...


_VIEWER = _Viewer()
_HUB = _live()
_PREFIX = _HUB.list()[0].rendition.prefix


def target(data: bytes) -> None:
    method, path, query, accept, condition, *_ = [
        *data.decode("utf-8", "surrogateescape").split("\n"),
        *[""] * 5,
    ]
    head = RequestHead(
        method,
        path.replace("PREFIX", _PREFIX),
        query,
        {"accept-encoding": accept, "if-none-match": condition},
    )
    answer = _HUB.answer(head, 5.0)
    if isinstance(answer, Response):
        assert revalidated(head, answer).status in {200, 204, 304, 400, 404, 405}
    else:
        answer.subscribe(_VIEWER, 5.0).leave(_VIEWER)
    assert _HUB.waiting == 0
