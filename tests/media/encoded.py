"""Real H.264 and AAC, made by FFmpeg's encoders: what the tests of media and fmp4 judge by."""

from dataclasses import dataclass
from fractions import Fraction
from functools import cache

import av

from edge.media.h264 import split_annex_b


@dataclass(frozen=True)
class Picture:
    pts: int  # ticks of 90 kHz
    dts: int
    nals: tuple[bytes, ...]
    key: bool


def frames(width, height, pix_fmt, count):
    """A slope that moves two samples a frame, so that P and B frames have something to say."""
    for index in range(count):
        frame = av.VideoFrame(width, height, pix_fmt)
        for plane in frame.planes:
            slope = bytes((at + 2 * index) & 0x7F for at in range(plane.line_size + plane.height))
            plane.update(b"".join(slope[row : row + plane.line_size] for row in range(plane.height)))
        frame.pts = index
        yield frame


@cache
def h264(
    profile="high", size=(320, 180), pix_fmt="yuv420p", count=12, rate=Fraction(30), gop=6, extra=()
) -> tuple[Picture, ...]:
    """Coded pictures in decoding order, as a WebRTC sender has them: Annex B, sets before every IDR."""
    codec = av.CodecContext.create("libx264", "w")
    codec.width, codec.height = size
    codec.pix_fmt = pix_fmt
    codec.framerate = rate
    codec.time_base = 1 / rate
    codec.gop_size = gop
    codec.options = {
        "profile": profile,
        "preset": "fast",
        "x264-params": "scenecut=0:threads=1",
        **dict(extra),
    }
    packets = [packet for frame in frames(*size, pix_fmt, count) for packet in codec.encode(frame)]
    packets += codec.encode(None)
    tick = int(90_000 / rate)
    return tuple(
        Picture(packet.pts * tick, packet.dts * tick, tuple(split_annex_b(bytes(packet))), packet.is_keyframe)
        for packet in packets
    )


def nals(pictures):
    return [nal for picture in pictures for nal in picture.nals]


@cache
def aac(count=20) -> tuple[bytes, tuple[bytes, ...]]:
    """The AudioSpecificConfig of FFmpeg's encoder, and `count` frames of 48 kHz stereo noise."""
    codec = av.CodecContext.create("aac", "w")
    codec.sample_rate = 48_000
    codec.layout = "stereo"
    codec.format = "fltp"
    codec.bit_rate = 64_000
    packets = []
    for index in range(count):
        frame = av.AudioFrame(format="fltp", layout="stereo", samples=1024)
        frame.sample_rate = 48_000
        frame.pts = index * 1024
        for plane in frame.planes:
            plane.update(bytes((at * (index + 3) * 7) & 0x3C for at in range(plane.buffer_size)))
        packets += codec.encode(frame)
    packets += codec.encode(None)
    return bytes(codec.extradata), tuple(bytes(packet) for packet in packets)
