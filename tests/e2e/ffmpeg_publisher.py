"""FFmpeg's own whip muxer, in a process of its own: PyAV holds the interpreter while it writes headers.

python ffmpeg_publisher.py URL SECONDS [key=value ...]: a beep and a white picture for a quarter of each second,
silence and black for the rest, in real time. Further arguments are options of the muxer.
"""

import math
import sys
import time
from array import array
from fractions import Fraction

import av

FRAME_RATE = 30
SAMPLE_RATE = 48_000
FLASH_S = 0.25


def publish(url: str, seconds: float, options: dict[str, str]) -> None:
    container = av.open(url, "w", format="whip", options={"strict": "experimental", **options})
    video = container.add_stream(
        "libx264",
        rate=FRAME_RATE,
        options={"preset": "ultrafast", "tune": "zerolatency", "bf": "0", "g": str(FRAME_RATE)},
    )
    video.width, video.height, video.pix_fmt = 320, 240, "yuv420p"
    audio = container.add_stream("libopus", rate=SAMPLE_RATE, layout="stereo")
    frames = sorted(
        [(number / FRAME_RATE, picture, number) for number in range(round(seconds * FRAME_RATE))]
        + [(number / 50 + 0.02, sound, number) for number in range(round(seconds * 50))],
        key=lambda one: one[0],
    )
    container.start_encoding()
    print("live", flush=True)
    began = None
    for due, make, number in frames:
        began = time.monotonic() if began is None else began
        time.sleep(max(0.0, began + due - time.monotonic()))
        container.mux((video if make is picture else audio).encode(make(number)))
    container.close()


def picture(number: int) -> av.VideoFrame:
    frame = av.VideoFrame(320, 240, "yuv420p")
    luma = 235 if number / FRAME_RATE % 1 < FLASH_S else 16
    for plane, value in zip(frame.planes, (luma, 128, 128), strict=True):
        plane.update(bytes((value,)) * plane.buffer_size)
    frame.pts, frame.time_base = number, Fraction(1, FRAME_RATE)
    return frame


def sound(number: int) -> av.AudioFrame:
    samples = array("h")
    for at in range(number * 960, number * 960 + 960):
        is_loud = at / SAMPLE_RATE % 1 < FLASH_S
        value = round(12_000 * math.sin(2 * math.pi * 1000 * at / SAMPLE_RATE)) if is_loud else 0
        samples.extend((value, value))
    frame = av.AudioFrame(format="s16", layout="stereo", samples=960)
    frame.planes[0].update(samples.tobytes())
    frame.sample_rate, frame.pts, frame.time_base = SAMPLE_RATE, number * 960, Fraction(1, SAMPLE_RATE)
    return frame


if __name__ == "__main__":
    publish(sys.argv[1], float(sys.argv[2]), dict(argument.split("=", 1) for argument in sys.argv[3:]))
