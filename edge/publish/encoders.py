"""H.264 and Opus by libx264 and libopus, set for a live picture: no delay, key frames when asked.

They give packets that aiortc sends as they are: its own encoder would run at x264's medium preset, 3 Mbit/s
at most.
"""

from collections.abc import Iterator
from fractions import Fraction

import av
from av.video.frame import PictureType

from edge.publish.feeds import Packet

VIDEO_CLOCK = Fraction(1, 90_000)
AUDIO_CLOCK = Fraction(1, 48_000)
OPUS_FRAME = 960
"""Samples of a packet of 20 ms."""


class H264Encoder:
    """Baseline H.264, parameter sets before each key frame, no B-frames.

    `bitrate` is bit/s, `gop_s` the longest time between key frames (0: only when asked). One thread: a slice
    a picture.
    """

    def __init__(self, width: int, height: int, *, fps: float, bitrate: int, gop_s: float) -> None:
        codec = av.CodecContext.create("libx264", "w")
        codec.width, codec.height = width, height
        codec.pix_fmt = "yuv420p"
        codec.time_base = VIDEO_CLOCK
        codec.framerate = Fraction(fps).limit_denominator(1001)
        codec.bit_rate = bitrate
        codec.thread_count = 1
        codec.gop_size = max(1, round(gop_s * fps)) if gop_s else 1_000_000
        codec.profile = "Baseline"
        codec.options = {
            "preset": "ultrafast",
            "tune": "zerolatency",
            "forced-idr": "1",
            "sc_threshold": "0",
            "maxrate": str(bitrate),
            "bufsize": str(bitrate // 2),
            "aud": "0",
        }
        codec.open()  # takes a while: not with the first picture
        self._codec = codec

    def encode(self, frame: av.VideoFrame, pts: int, *, key: bool) -> Iterator[Packet]:
        """`pts` is 90 kHz. The frame's own time is overwritten."""
        frame.pts, frame.time_base = pts, VIDEO_CLOCK
        frame.pict_type = PictureType.I if key else PictureType.NONE
        yield from self._codec.encode(frame)


class OpusEncoder:
    """Opus, 48 kHz stereo, 20 ms packets. `bitrate` is bit/s."""

    def __init__(self, bitrate: int = 96_000) -> None:
        codec = av.CodecContext.create("libopus", "w")
        codec.format, codec.layout, codec.sample_rate = "s16", "stereo", 48_000
        codec.bit_rate = bitrate
        codec.time_base = AUDIO_CLOCK
        self._codec = codec

    def encode(self, samples: bytes, pts: int) -> Iterator[Packet]:
        """`samples`: 960 interleaved stereo samples, 16 bit, native order. `pts` counts samples."""
        frame = av.AudioFrame(format="s16", layout="stereo", samples=OPUS_FRAME)
        frame.planes[0].update(samples)
        frame.sample_rate, frame.pts, frame.time_base = 48_000, pts, AUDIO_CLOCK
        yield from self._codec.encode(frame)
