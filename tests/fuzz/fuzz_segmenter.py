"""Any order of calls with any timestamps gives legal parts, and a window that can be written down."""

from struct import Struct

from edge.fmp4.inspect import parse_fragment
from edge.hls.playlist import MediaPlaylist
from edge.hls.segment import Event, PartReady, SegmentSealed, TargetPromised
from edge.hls.segmenter import Segmenter
from edge.hls.window import LiveWindow
from edge.media.sample import Sample
from edge.media.track import Track

TICKS = 90_000
PART = TICKS // 4
MOST_CALLS = 400

# Each call: what, flags, signed milliseconds since the last one.
CALL = Struct(">BBi")
AVCC = bytes.fromhex("0142c01fffe100086742c01fda01401601000468ce3c80")
VIDEO = Track("video", "h264", 90_000, AVCC, "avc1.42c01f", 1280, 720)
SMALL = Track("video", "h264", 90_000, AVCC, "avc1.42c01f", 640, 360)
AUDIO = Track("audio", "aac", 48_000, b"\x11\x90", "mp4a.40.2", channels=2)
TRACKS = [(VIDEO, AUDIO), (SMALL, AUDIO), (VIDEO,), (AUDIO,)]


def _calls(*calls: tuple[int, int, int]) -> bytes:
    return b"".join(CALL.pack(*call) for call in calls)


SEEDS = [
    _calls(*((0, index % 30 == 0, 33) for index in range(200))),
    _calls(*(call for index in range(90) for call in ((0, index % 15 == 0, 33), (1, 0, 0), (2, 0, 1)))),
    _calls(*((1, 0, 21) for _ in range(200))),
    _calls((0, 1, 0), (2, 0, 900), (0, 0, 5000), (3, 1, 0), (0, 1, 40), (4, 1, 0), (0, 1, 9), (3, 3, 0)),
    _calls(  # pictures in heaps, so that some begin after the part that holds them
        *((0, 1, 0), (0, 0, 30), (0, 0, 33), *[(0, 1, 0)] * 8),
        *((0, 1, 16380), *[(0, 1, 0)] * 23, (0, 1, 8190), *[(0, 1, 0)] * 3),
    ),
    _calls((0, 1, 0), (0, 0, 2**31 - 1), (1, 0, -(2**31)), (2, 0, 2**31 - 1), (0, 1, -1), (2, 0, 400)),
]


def target(data: bytes) -> None:
    segmenter = Segmenter(PART, 2 * TICKS)
    window = LiveWindow(10, PART)
    playlist = MediaPlaylist(window, "p")
    judge = _Judge()
    now_ms = 0
    events = segmenter.start(TRACKS[0], 0)
    for at in range(0, min(len(data), MOST_CALLS * CALL.size) - CALL.size + 1, CALL.size):
        what, flags, step_ms = CALL.unpack_from(data, at)
        now_ms += step_ms
        events += _call(segmenter, what % 5, flags, now_ms)
        segmenter.key_frame_due(now_ms / 1000)
        for event in events:
            judge.take(event)
            window.apply(event)
        if events and window.is_playable:
            playlist.render()
        events = []
    for event in segmenter.end():
        judge.take(event)
        window.apply(event)
    if window.is_playable:
        assert playlist.render().plain.endswith(b"#EXT-X-ENDLIST\n")


def _call(segmenter: Segmenter, what: int, flags: int, now_ms: int) -> list[Event]:
    match what:
        case 0:
            return segmenter.write(Sample("video", now_ms * 90, flags * 100, bool(flags & 1), b"picture"))
        case 1:
            return segmenter.write(
                Sample("audio", now_ms * 48, 1024 if flags < 200 else flags, True, b"frame")
            )
        case 2:
            return segmenter.advance(now_ms / 1000)
        case 3:
            return segmenter.seal() + segmenter.start(TRACKS[flags % 4], flags)
        case _:
            return segmenter.change_track(SMALL if flags & 1 else VIDEO) if flags & 2 else segmenter.seal()


class _Judge:
    def __init__(self) -> None:
        self.target: int | None = None
        self.ends: dict[int, int] = {}
        self.init = -1

    def take(self, event: Event) -> None:
        match event:
            case PartReady(part, head):
                assert 0 < part.duration_ticks <= PART
                if head.init_index != self.init:
                    self.init, self.ends = head.init_index, {}
                for run in parse_fragment(part.body) if part.body else ():
                    assert run.base_decode_time >= self.ends.get(run.track_id, 0)
                    assert min(run.durations) > 0
                    self.ends[run.track_id] = run.base_decode_time + sum(run.durations)
            case SegmentSealed(segment):
                assert segment.duration_ticks == sum(part.duration_ticks for part in segment.parts)
                if self.target is not None:
                    assert segment.duration_ticks < (self.target + 0.5) * TICKS
            case TargetPromised(seconds):
                assert self.target is None
                self.target = seconds
            case _:
                pass
