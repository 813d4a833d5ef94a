"""Opus in, AAC-LC out, in a thread: the only media that is decoded and encoded on its way through."""

from array import array
from collections.abc import Callable, Sequence
from functools import partial
from typing import Protocol

import av
from av.audio.codeccontext import AudioCodecContext

from edge.errors import MediaError
from edge.ingest.aac_encoder import AacEncoder
from edge.ingest.aac_threads import AacThreads, Outcome
from edge.ingest.pcm import Channel, PcmTimeline
from edge.ingest.supervisor import guarded
from edge.media.aac import FRAME, aac_track, audio_specific_config
from edge.media.opus import packet_duration
from edge.media.sample import Sample
from edge.media.track import AUDIO_TIMESCALE, Track

MOST_QUEUED = 250
"""Packets that wait for the thread, 5 s of sound: what is older is dropped, and becomes silence."""

MOST_AT_ONCE = 8
"""Of them; nobody else's sound waits for more."""

AAC_TRACK = aac_track(audio_specific_config())
"""48 kHz stereo whatever the publisher sends, so that the track is the same when another one comes back."""

Deliver = Callable[[Sequence[Sample]], None]


class AudioPath(Protocol):
    """From Opus packets with a time each to the samples of an audio track without gaps.

    Times are ticks of 48 kHz on the source's timeline. Samples go to a `Deliver` in the event loop.
    """

    track: Track

    def start(self, at: int) -> None:
        """The first sample begins here. Called before all else, and again after the publisher was cut off."""

    def write(self, at: int, packet: bytes) -> None:
        """A packet that begins at this time, more or less. MediaError for what is no Opus packet."""

    def advance(self, at: int) -> None:
        """Nothing more will come that begins before: what is missing becomes silence."""

    def close(self) -> None:
        """Deliver nothing any more."""


class AacPath:
    """The audio path of one publisher to AAC. Jobs of one publisher are done one after the other."""

    track = AAC_TRACK

    def __init__(
        self,
        threads: AacThreads,
        bitrate: int,
        deliver: Deliver,
        *,
        crashed: Callable[[Exception], None],
        dropped: Callable[[], None],
    ) -> None:
        """`crashed` is told what went wrong, and nothing is delivered after that; `dropped`, of each packet
        that the thread has no time for.
        """
        self._dropped = dropped
        self._threads = threads
        self._transcoder = _Transcoder(bitrate)
        self._deliver = deliver
        self._crashed = crashed
        self._jobs: list[_Job] = []
        self._reach = 0
        self._is_busy = False
        self._is_closed = False

    def start(self, at: int) -> None:
        """See AudioPath."""
        self._reach = at
        self._submit((at, None, True))

    def write(self, at: int, packet: bytes) -> None:
        """See AudioPath."""
        if len(self._jobs) >= MOST_QUEUED:
            self._dropped()
            return
        self._reach = max(self._reach, at + packet_duration(packet))
        self._submit((at, packet, False))

    def advance(self, at: int) -> None:
        """See AudioPath. Silence is made a frame at a time."""
        if at - self._reach >= FRAME and len(self._jobs) < MOST_QUEUED:
            self._reach = at
            self._submit((at, None, False))

    def close(self) -> None:
        """See AudioPath."""
        self._is_closed = True
        self._jobs.clear()

    def _submit(self, job: "_Job") -> None:
        if not self._is_closed:
            self._jobs.append(job)
            self._work()

    def _work(self) -> None:
        if self._is_busy or not self._jobs:
            return
        jobs, self._jobs = self._jobs[:MOST_AT_ONCE], self._jobs[MOST_AT_ONCE:]
        self._is_busy = True
        self._threads.ask(partial(self._transcoder.run, jobs), self._done)

    def _done(self, outcome: Outcome) -> None:
        self._is_busy = False
        if self._is_closed:
            return
        if isinstance(outcome, Exception):
            self.close()
            self._crashed(outcome)
            return
        if outcome:
            guarded(partial(self._deliver, outcome), self._crashed)
        self._work()


_Job = tuple[int, bytes | None, bool]
"""A time, the packet that begins then (None: nothing comes before), and whether the timeline begins."""


_OF_BEFORE = -1
"""When a frame begins that the encoder still holds as another timeline begins: it is of the old one."""


class _Transcoder:
    """What happens in the thread."""

    def __init__(self, bitrate: int) -> None:
        self._bitrate = bitrate
        self._decoder: OpusDecoder | None = None
        self._encoder: AacEncoder | None = None
        self._pcm = PcmTimeline(0)
        self._begins: list[int] = []

    def run(self, jobs: "Sequence[_Job]") -> list[Sample]:
        """The frames that are complete after these jobs."""
        samples: list[Sample] = []
        for at, packet, is_start in jobs:
            if is_start:
                self._pcm = PcmTimeline(at)
                self._begins = [_OF_BEFORE] * len(self._begins)
            elif packet is None:
                self._pcm.silence_until(at)
            else:
                self._decode(at, packet)
            samples += self._encode()
        return samples

    def _decode(self, at: int, packet: bytes) -> None:
        """A packet that cannot be decoded is one that did not come."""
        if self._decoder is None:
            self._decoder = OpusDecoder()
        try:
            left, right = self._decoder.decode(packet)
        except MediaError:
            return
        self._pcm.write(at, left, right)

    def _encode(self) -> list[Sample]:
        if self._encoder is None:
            self._encoder = AacEncoder(self._bitrate)
        samples = []
        for frame in self._pcm.take():
            self._begins.append(frame.begin)
            packets = self._encoder.push(frame.left, frame.right)
            samples += [Sample("audio", self._begins.pop(0), FRAME, True, packet) for packet in packets]
        return [one for one in samples if one.dts != _OF_BEFORE]


class OpusDecoder:
    """Opus packets of one stream to two channels of float, always: mono becomes both."""

    def __init__(self) -> None:
        codec = av.CodecContext.create("libopus", "r")
        assert isinstance(codec, AudioCodecContext)
        codec.sample_rate = AUDIO_TIMESCALE
        codec.layout = "stereo"
        codec.options = {"request_sample_fmt": "flt"}
        self._codec = codec

    def decode(self, packet: bytes) -> tuple[Channel, Channel]:
        """Left and right. Raises MediaError for what is no Opus packet."""
        both = array("f")
        try:
            for frame in self._codec.decode(av.Packet(packet)):
                both.frombytes(memoryview(frame.planes[0])[: frame.samples * 8])
        except av.FFmpegError as error:
            raise MediaError(f"an Opus packet that cannot be decoded: {error.strerror}") from error
        if not both:
            raise MediaError("an Opus packet without sound in it")
        return both[0::2], both[1::2]
