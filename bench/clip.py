"""A short clip, encoded once: access units that loop, so that a generator spends its core on sending."""

import random
from fractions import Fraction

import av

from edge.media.h264 import split_annex_b


def h264_clip(
    *, size: tuple[int, int], fps: int, bitrate: int, seconds: int, gop_s: float
) -> list[list[bytes]]:
    """NAL units of each picture, constrained baseline, closed GOPs; the first picture is a key frame."""
    codec = av.CodecContext.create("libx264", "w")
    codec.width, codec.height = size
    codec.pix_fmt = "yuv420p"
    codec.framerate = Fraction(fps)
    codec.time_base = Fraction(1, fps)
    codec.bit_rate = bitrate
    rate = str(bitrate // 1000)
    gop = str(int(gop_s * fps))
    codec.options = {
        "preset": "ultrafast", "tune": "zerolatency", "profile": "baseline", "g": gop, "keyint_min": gop,
        "x264-params": f"nal-hrd=cbr:vbv-maxrate={rate}:vbv-bufsize={rate}:scenecut=0:repeat-headers=1",
    }  # fmt: skip
    noise = random.Random(1).randbytes(size[0] * size[1])
    packets = []
    for index in range(seconds * fps):
        frame = av.VideoFrame(*size, "yuv420p")
        shift = index * 64
        frame.planes[0].update(_padded(noise[shift:] + noise[:shift], size[0], frame.planes[0].line_size))
        for plane in frame.planes[1:]:
            plane.update(b"\x80" * plane.buffer_size)
        frame.pts = index
        packets.extend(codec.encode(frame))
    packets.extend(codec.encode(None))
    return [split_annex_b(bytes(packet)) for packet in packets]


def _padded(luma: bytes, width: int, line_size: int) -> bytes:
    pad = bytes(line_size - width)
    return b"".join(luma[at : at + width] + pad for at in range(0, len(luma), width)) if pad else luma
