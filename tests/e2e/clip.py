"""A media file that `edge publish` sends as it is."""

from pathlib import Path

import av
from ffmpeg_publisher import FRAME_RATE, SAMPLE_RATE, picture, sound


def clip(path: Path, seconds: int, *, kinds: tuple[str, ...] = ("video", "audio")) -> Path:
    """A white picture and a beep for a quarter of each second, or one of the two."""
    with av.open(path, "w") as container:
        if "video" in kinds:
            video = container.add_stream("libx264", rate=FRAME_RATE, options={"bf": "0", "g": "30"})
            video.width, video.height, video.pix_fmt = 320, 240, "yuv420p"
        if "audio" in kinds:
            audio = container.add_stream("libopus", rate=SAMPLE_RATE, layout="stereo")
        if "video" in kinds:
            for number in range(seconds * FRAME_RATE):
                container.mux(video.encode(picture(number)))
            container.mux(video.encode(None))
        if "audio" in kinds:
            for number in range(seconds * 50):
                container.mux(audio.encode(sound(number)))
            container.mux(audio.encode(None))
    return path
