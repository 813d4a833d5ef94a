"""Small media files, made by PyAV when a test needs them."""

from fractions import Fraction

import av

from edge.publish.encoders import OPUS_FRAME
from edge.publish.moving_clock import _frame, _tone
from edge.publish.picture import TestPicture


def write(path, *, seconds=2.0, video="libx264", audio="aac", gop=30, b_frames=0, options=None):
    """A file of 30 pictures a second and a tone. None leaves a track out."""
    with av.open(str(path), "w") as container:
        streams = []
        if video:
            stream = container.add_stream(video, rate=30)
            stream.width, stream.height, stream.pix_fmt = 160, 90, "yuv420p"
            stream.gop_size = gop
            stream.codec_context.max_b_frames = b_frames
            stream.options = (
                {"preset": "ultrafast", "bf": str(b_frames), **(options or {})} if "264" in video else {}
            )
            streams.append(stream)
        if audio:
            sound = container.add_stream(audio, rate=48_000, layout="stereo")
            streams.append(sound)
        if video:
            picture = TestPicture(160, 90)
            for number in range(round(seconds * 30)):
                picture.draw(1_767_225_600_000 + number * 33, number)
                frame = _frame(picture)
                frame.pts, frame.time_base = number, Fraction(1, 30)
                container.mux(streams[0].encode(frame))
            container.mux(streams[0].encode())
        if audio:
            resampler = av.AudioResampler(
                format=sound.codec_context.format,
                layout="stereo",
                rate=48_000,
                frame_size=sound.codec_context.frame_size,
            )
            for number in range(round(seconds * 50)):
                frame = av.AudioFrame(format="s16", layout="stereo", samples=OPUS_FRAME)
                frame.planes[0].update(_tone(8000))
                frame.sample_rate, frame.pts, frame.time_base = (
                    48_000,
                    number * OPUS_FRAME,
                    Fraction(1, 48_000),
                )
                for part in resampler.resample(frame):
                    container.mux(sound.encode(part))
            container.mux(sound.encode())
    return str(path)
