"""Access units as the receivers give them, and a publication that remembers."""

from edge.rtp.access_unit import AccessUnit

SPS = bytes.fromhex("6742c01eda0280bfe584000003000400000300f03c58ba80")  # Baseline, 640x360
WIDE_SPS = bytes.fromhex("6764001facd9405005bb011000000300100000030320f1831960")  # High, 1280x720
PPS = bytes.fromhex("68ce0fc8")
IDR = bytes.fromhex("6588843a2628000902e0")
SLICE = bytes.fromhex("419a246c41ffffffffff")  # a P slice
B_SLICE = bytes.fromhex("01 9e 42 78 21 7f")
OPUS = b"\xfc" + bytes(40)


def picture(number: int, *, key: bool = False, nals=None, arrival: float | None = None) -> AccessUnit:
    """At 30 frames a second from RTP time 0 and monotonic time 100 on."""
    if nals is None:
        nals = (SPS, PPS, IDR) if key else (SLICE,)
    return AccessUnit("video", 1, number * 3000, 100 + number / 30 if arrival is None else arrival, nals, key)


def sound(number: int, *, arrival: float | None = None, payload: bytes = OPUS) -> AccessUnit:
    """20 ms from RTP time 0 and monotonic time 100 on."""
    came = 100 + number / 50 if arrival is None else arrival
    return AccessUnit("audio", 2, number * 960, came, (payload,), key=True)


class FakePublication:
    """Writes down what a source does to it."""

    name = "cam"

    def __init__(self) -> None:
        self.calls: list[tuple[object, ...]] = []
        self.left: list[tuple[float, float | None]] = []
        self.samples: list[tuple[object, float]] = []
        self.advanced: list[float] = []
        self.clocks: list[float] = []
        self.due = False
        self.refusal: Exception | None = None

    def attach(self, source, tracks, wall_clock_zero, now):
        if self.refusal is not None:
            raise self.refusal
        self.calls.append(("attach", tuple(tracks)))

    def detach(self, source, now, heard_at=None):
        self.calls.append(("detach", source))
        self.left.append((now, heard_at))

    def change_track(self, track, now):
        self.calls.append(("change_track", track, len(self.samples)))

    def write(self, sample, now):
        self.samples.append((sample, now))

    def correct_clock(self, wall_clock_zero):
        self.clocks.append(wall_clock_zero)

    def advance(self, source_time_s, now):
        self.advanced.append(source_time_s)

    no_key_frame_before = 0.0
    no_part_due_before = 0.0

    def key_frame_due(self, source_time_s):
        return self.due

    def of(self, kind):
        return [sample for sample, _ in self.samples if sample.kind == kind]
