"""A media file as a source: sent as it is where that can be, else decoded and encoded again."""

import asyncio
import contextlib
from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal

import av
from av.bitstream import BitStreamFilterContext

from edge.publish.encoders import AUDIO_CLOCK, OPUS_FRAME, VIDEO_CLOCK, H264Encoder, OpusEncoder
from edge.publish.feeds import EndOfMedia, Feed, Pace, Packet, SourceError

_LONGEST_GOP_S = 4.0
"""Viewers wait for a key frame; a file with rarer ones is encoded again."""
_SCANNED_PACKETS = 600

Unit = tuple[float, Packet]
"""Seconds since the feed's start, and the packet."""


@dataclass(frozen=True, slots=True)
class Encoding:
    """What the user asked of the picture; None: as the file has it (any value means encoding again)."""

    size: tuple[int, int] | None = None
    fps: float | None = None
    bitrate: int | None = None
    gop_s: float | None = None

    @property
    def forced(self) -> bool:
        return self != Encoding()


class MediaFile:
    """Whatever PyAV can open. Each feed reads the file for itself; `loop` starts over at the end."""

    def __init__(self, path: str, encoding: Encoding, *, loop: bool) -> None:
        self._path, self._encoding, self._loop = path, encoding, loop
        with _open(path) as container:
            self._has_video = bool(container.streams.video)
            self._has_audio = bool(container.streams.audio)
            duration = container.duration
            self._length_s = duration / av.time_base if duration else None
            self._start_s = (container.start_time or 0) / av.time_base
        if not self._has_video and not self._has_audio:
            raise SourceError(f"{path} has neither a picture nor sound: choose another file")
        if loop and self._length_s is None:
            raise SourceError(
                f"{path} does not say how long it is, so it cannot loop: leave --loop out, or remux it"
            )
        self.passes_video = self._has_video and not encoding.forced and _can_pass(path)
        self._played_s = self._begin_s = 0.0

    def open(self) -> list[Feed]:
        """Feeds that go on where the last connection's stopped (at the key frame before, if pictures are sent
        as is).
        """
        pace = Pace()
        feeds: list[Feed] = []
        begin = self._begin_s = (
            self._key_frame_before(self._played_s) if self.passes_video else self._played_s
        )
        if self._has_video:
            feeds.append(_FileFeed("video", self._units("video", begin), pace, self))
        if self._has_audio:
            feeds.append(_FileFeed("audio", self._units("audio", begin), pace, self))
        return feeds

    def played(self, since_open_s: float) -> None:
        """A feed is this far."""
        position = self._begin_s + since_open_s
        self._played_s = position % self._length_s if self._loop and self._length_s else position

    def _key_frame_before(self, media_s: float) -> float:
        if not media_s:
            return 0.0
        with _open(self._path) as container:
            stream = container.streams.video[0]
            container.seek(round((media_s + self._start_s) * av.time_base))
            first = next((packet for packet in container.demux(stream) if packet.pts is not None), None)
            return max(0.0, _seconds(first, self._start_s)) if first is not None else 0.0

    def _units(self, kind: Literal["video", "audio"], begin_s: float) -> "_Units":
        passing = self.passes_video if kind == "video" else _is_opus(self._path)
        length = self._length_s if self._loop else None
        return _Units(self._path, kind, (begin_s, self._start_s, length), self._encoding, passing=passing)


class _Units:
    """Iterates over packets of one track, in a thread; `key` asks for a key frame where one can be had."""

    def __init__(
        self,
        path: str,
        kind: Literal["video", "audio"],
        times: tuple[float, float, float | None],
        encoding: Encoding,
        *,
        passing: bool,
    ) -> None:
        self._path, self._kind, self._encoding = path, kind, encoding
        self._begin_s, self._start_s, self._length_s = times
        self._passing = passing
        self._iterator = self._all()
        self.key = True

    def __next__(self) -> Unit:
        try:
            return next(self._iterator)
        except av.FFmpegError as error:
            raise SourceError(f"{self._path} cannot be decoded: {error}") from error

    def close(self) -> None:
        self._iterator.close()

    def _all(self) -> Generator[Unit, None, None]:
        """Passes over the file, each shifted by its length."""
        shift = -self._begin_s
        passes = {
            ("video", True): self._passed_video,
            ("audio", True): self._passed_audio,
            ("video", False): self._encoded_video,
            ("audio", False): self._encoded_audio,
        }
        one_pass = passes[self._kind, self._passing]
        while True:
            with _open(self._path) as container:
                if shift == -self._begin_s and self._begin_s:
                    container.seek(round((self._begin_s + self._start_s) * av.time_base))
                yield from one_pass(container, shift)
            if self._length_s is None:
                return
            shift += self._length_s

    def _time(self, timed: Any, shift: float) -> float:
        return _seconds(timed, self._start_s) + shift

    def _passed_video(self, container: Any, shift: float) -> Iterator[Unit]:
        stream = container.streams.video[0]
        to_annex_b = BitStreamFilterContext("h264_mp4toannexb", stream)
        for source in container.demux(stream):
            if source.dts is None:
                continue
            for packet in to_annex_b.filter(source):
                yield self._stamped(packet, self._time(packet, shift), VIDEO_CLOCK)

    def _passed_audio(self, container: Any, shift: float) -> Iterator[Unit]:
        for packet in container.demux(container.streams.audio[0]):
            if packet.pts is None:
                continue
            at = self._time(packet, shift)
            if at >= 0:
                yield self._stamped(packet, at, AUDIO_CLOCK)

    def _encoded_video(self, container: Any, shift: float) -> Iterator[Unit]:
        stream = container.streams.video[0]
        stream.thread_type = "AUTO"
        rate = float(stream.average_rate or 30)
        fps = min(self._encoding.fps or rate, rate)
        encoder: H264Encoder | None = None
        size = self._encoding.size
        due = -1.0
        for frame in _decoded(container, stream):
            at = self._time(frame, shift)
            if at < 0 or at < due:
                continue
            due = max(at, due) + 1 / fps - 0.5 / rate if self._encoding.fps else -1.0
            size = size or (frame.width & ~1, frame.height & ~1)
            encoder = encoder or H264Encoder(*size, fps=fps, bitrate=self._bitrate, gop_s=self._gop_s)
            picture = frame.reformat(width=size[0], height=size[1], format="yuv420p")
            key, self.key = self.key, False
            for packet in encoder.encode(picture, round(at / VIDEO_CLOCK), key=key):
                yield at, packet

    def _encoded_audio(self, container: Any, shift: float) -> Iterator[Unit]:
        resampler = av.AudioResampler(format="s16", layout="stereo", rate=48_000, frame_size=OPUS_FRAME)
        encoder = OpusEncoder()
        for source in _decoded(container, container.streams.audio[0]):
            for frame in resampler.resample(source):
                at = self._time(frame, shift)
                if at < 0 or frame.samples != OPUS_FRAME:
                    continue
                samples = bytes(frame.planes[0])[: 4 * OPUS_FRAME]
                for packet in encoder.encode(samples, round(at / AUDIO_CLOCK)):
                    yield at, packet

    @property
    def _bitrate(self) -> int:
        return self._encoding.bitrate or 2_500_000

    @property
    def _gop_s(self) -> float:
        return self._encoding.gop_s if self._encoding.gop_s is not None else _LONGEST_GOP_S

    @staticmethod
    def _stamped(packet: Packet, at: float, clock: Fraction) -> Unit:
        packet.pts = packet.dts = round(at / clock)
        packet.time_base = clock
        return at, packet


class _FileFeed:
    """Hands units out at their time."""

    def __init__(self, kind: Literal["video", "audio"], units: _Units, pace: Pace, file: MediaFile) -> None:
        self.kind: Literal["video", "audio"] = kind
        self._units, self._pace, self._file = units, pace, file
        self._thread = ThreadPoolExecutor(1, kind)

    async def next(self) -> Packet:
        loop = asyncio.get_running_loop()
        unit = await loop.run_in_executor(self._thread, self._take)
        if unit is None:
            raise EndOfMedia
        await self._pace.until(unit[0])
        self._file.played(unit[0])
        return unit[1]

    def request_key_frame(self) -> None:
        self._units.key = True

    def close(self) -> None:
        self._thread.submit(self._units.close)
        self._thread.shutdown(wait=False)

    def _take(self) -> Unit | None:
        try:
            return next(self._units)
        except StopIteration:
            return None


def _open(path: str) -> Any:
    try:
        return av.open(path)
    except (av.FFmpegError, OSError) as error:
        why = error.strerror or str(error)
        raise SourceError(f"{path} cannot be opened as media ({why}): choose another file") from error


def _decoded(container: Any, stream: Any) -> Iterator[Any]:
    """Frames; packets that cannot be decoded (a file that was cut, a broken recording) are left out."""
    for packet in container.demux(stream):
        with contextlib.suppress(av.InvalidDataError):
            yield from packet.decode()


def _seconds(timed: Any, start_s: float) -> float:
    """Of a packet or frame, counted from the container's start."""
    stamp = timed.pts if timed.pts is not None else timed.dts or 0
    return float(stamp * timed.time_base) - start_s


def _is_opus(path: str) -> bool:
    with _open(path) as container:
        codec = container.streams.audio[0].codec_context
        return codec.name in {"opus", "libopus"} and codec.layout.nb_channels <= 2


def _can_pass(path: str) -> bool:
    """H.264, 4:2:0, pictures in order, key frames often enough: a look at the first 600 packets."""
    with _open(path) as container:
        stream = container.streams.video[0]
        codec = stream.codec_context
        if codec.name != "h264" or codec.has_b_frames or codec.pix_fmt not in {"yuv420p", "yuvj420p"}:
            return False
        last_key: float | None = None
        for count, packet in enumerate(container.demux(stream)):
            if packet.dts is None or count > _SCANNED_PACKETS:
                return last_key is not None
            if packet.pts != packet.dts:
                return False
            at = float(packet.pts * packet.time_base)
            if packet.is_keyframe:
                last_key = at
            elif last_key is None or at - last_key > _LONGEST_GOP_S:
                return False
    return last_key is not None
