"""The source `test`: a moving picture with the time in it, and a 1 kHz tone, loud at each full second."""

import array
import asyncio
import math
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Literal

import av

from edge.publish.encoders import AUDIO_CLOCK, OPUS_FRAME, VIDEO_CLOCK, H264Encoder, OpusEncoder
from edge.publish.feeds import Feed, Pace, Packet
from edge.publish.picture import TestPicture

_LATE_S = 1.0
"""A machine that is later than this leaves pictures out rather than run behind for ever."""
_TONE_HZ = 1000
_LOUD, _QUIET = 8000, 500
_BEEP_S = 0.1


class MovingClock:
    """The picture is of `width` x `height`, `fps` a second, about `bitrate` bit/s, a key frame every `gop_s`
    at least.
    """

    def __init__(self, width: int, height: int, *, fps: float, bitrate: int, gop_s: float) -> None:
        self._size = (width, height)
        self._fps, self._bitrate, self._gop_s = fps, bitrate, gop_s

    def open(self) -> list[Feed]:
        """A picture and a tone on one clock."""
        pace = Pace()
        encoder = H264Encoder(*self._size, fps=self._fps, bitrate=self._bitrate, gop_s=self._gop_s)
        return [ClockFeed(TestPicture(*self._size), encoder, self._fps, pace), ToneFeed(pace)]


class ClockFeed:
    """Draws and encodes in a thread of its own: each picture carries the wall time at which it was drawn."""

    kind: Literal["video", "audio"] = "video"

    def __init__(
        self,
        picture: TestPicture,
        encoder: H264Encoder,
        fps: float,
        pace: Pace,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._picture, self._encoder, self._fps = picture, encoder, fps
        self._pace, self._wall = pace, wall
        self._frame = 0
        self._key_wanted = True
        self._thread = ThreadPoolExecutor(1, "picture")

    async def next(self) -> Packet:
        late = await self._pace.until(self._frame / self._fps)
        if late > _LATE_S:
            self._frame += int(late * self._fps)
        key, self._key_wanted = self._key_wanted, False
        frame, self._frame = self._frame, self._frame + 1
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, self._packet, frame, key)

    def request_key_frame(self) -> None:
        self._key_wanted = True

    def close(self) -> None:
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _packet(self, number: int, key: bool) -> Packet:
        self._picture.draw(round(self._wall() * 1000), number)
        pts = round(number / self._fps / VIDEO_CLOCK)
        (packet,) = self._encoder.encode(_frame(self._picture), pts, key=key)
        return packet


def _frame(picture: TestPicture) -> av.VideoFrame:
    frame = av.VideoFrame(picture.width, picture.height, "yuv420p")
    for plane, octets in zip(frame.planes, (picture.luma, picture.blue, picture.red), strict=True):
        width, stride = plane.width, plane.line_size
        if stride == width:
            plane.update(bytes(octets))
            continue
        pad = bytes(stride - width)
        rows = (bytes(octets[at : at + width]) + pad for at in range(0, width * plane.height, width))
        plane.update(b"".join(rows))
    return frame


class ToneFeed:
    """1 kHz, quiet, loud for the first tenth of every wall-clock second."""

    kind: Literal["video", "audio"] = "audio"

    def __init__(self, pace: Pace, wall: Callable[[], float] = time.time) -> None:
        self._pace, self._wall = pace, wall
        self._encoder = OpusEncoder()
        self._loud, self._quiet = _tone(_LOUD), _tone(_QUIET)
        self._samples = 0

    async def next(self) -> Packet:
        late = await self._pace.until(float(self._samples * AUDIO_CLOCK))
        if late > _LATE_S:
            self._samples += int(late / AUDIO_CLOCK) // OPUS_FRAME * OPUS_FRAME
        samples = self._loud if self._wall() % 1 < _BEEP_S else self._quiet
        pts, self._samples = self._samples, self._samples + OPUS_FRAME
        (packet,) = self._encoder.encode(samples, pts)
        return packet

    def request_key_frame(self) -> None:
        """Every packet of Opus is one."""

    def close(self) -> None:
        """There is nothing to let go of."""


def _tone(amplitude: int) -> bytes:
    """One packet's worth of stereo: whole periods, so that packets join without a click."""
    wave = (amplitude * math.sin(2 * math.pi * _TONE_HZ * n / 48_000) for n in range(OPUS_FRAME))
    return array.array("h", (round(value) for value in wave for _ in range(2))).tobytes()
