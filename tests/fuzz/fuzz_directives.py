"""Any query is a set of directives, or refused; and then it is answered, waits for a position, or is refused."""

from edge.errors import RequestError
from edge.hls.directives import NOW, WaitFor, parse, resolve
from edge.hls.segmenter import Segmenter
from edge.hls.window import LiveWindow
from edge.media.sample import Sample
from edge.media.track import Track

SEEDS = [
    b"_HLS_msn=3&_HLS_part=2&_HLS_skip=YES",
    b"_HLS_part=0&_HLS_msn=2&token=a%26b",
    b"_HLS_msn=4",
    b"_HLS_skip=v2&_HLS_start_offset=-3",
    b"_HLS_msn=999999999999999&_HLS_part=99",
]


def _window() -> LiveWindow:
    segmenter = Segmenter(22_500, 180_000)
    window = LiveWindow(60, 22_500)
    events = segmenter.start([Track("audio", "aac", 48_000, b"\x11\x90", "mp4a.40.2", channels=2)], 0)
    for index in range(200):
        events += segmenter.write(Sample("audio", index * 1024, 1024, True, b"\x21"))
    for event in events:
        window.apply(event)
    return window


_WINDOW = _window()


def target(data: bytes) -> None:
    try:
        answer = resolve(parse(data.decode("utf-8", "replace")), _WINDOW)
    except RequestError:
        return
    assert answer == NOW or (isinstance(answer, WaitFor) and not _WINDOW.has(answer.position))
    if isinstance(answer, WaitFor):
        assert answer.position.msn <= _WINDOW.last_complete + 3
