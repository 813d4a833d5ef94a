"""AAC-LC from PCM, frame by frame, with the encoder's delay taken out and silence for nothing."""

import av
from av.audio.codeccontext import AudioCodecContext

from edge.media.aac import FRAME
from edge.media.track import AUDIO_TIMESCALE

_SILENT = bytes(FRAME * 4)
_FAST_FROM = 64_000
_FAST = {"aac_coder": "fast", "aac_tns": "0", "aac_pns": "0"}
"""A quarter of the time of FFmpeg's default, and closer to the original at these rates (by 3 dB for a chord
with noise at 128 kbit/s); below them its documentation advises against it."""
_STEADY = 5
"""Silent frames after which the encoder says the same thing over and over."""


class AacEncoder:
    """One frame of 1024 samples in, and the frame of AAC that decodes to it out, one or two calls later.

    The packet of a frame spans that frame and the next (the transform overlaps), and the encoder looks one
    more ahead. Its first packet, the priming, belongs to no frame and is dropped.

    In a stretch of silence every packet is the same, but the encoder works as hard as ever (0.5 ms). So once
    it has settled it rests, and its last packet is repeated: meanwhile its memory is silence, and silence
    is what the decoder has heard, so it goes on where it stopped without a seam.
    """

    def __init__(self, bitrate: int) -> None:
        self._codec = _open(bitrate)
        self._fed = 0
        self._silent_in_a_row = _STEADY
        packets = [packet for _ in range(_STEADY) for packet in self._feed(_SILENT, _SILENT)]
        self._silence = packets[-1]
        # Frames are numbered from the first that is pushed; the encoder counts those that it was fed.
        self._ahead = self._fed
        self._pushed = 0
        self._out = 0

    def push(self, left: bytes, right: bytes) -> list[bytes]:
        """Take the next frame, two planes of 32-bit float; the packets of the oldest frames that are due."""
        self._pushed += 1
        silent = left == _SILENT and right == _SILENT
        if silent and self._silent_in_a_row >= _STEADY:
            self._ahead -= 1
            return self._repeat_silence()
        self._silent_in_a_row = self._silent_in_a_row + 1 if silent else 0
        packets = self._feed(left, right)
        number = self._fed - self._ahead - 3  # the packet for what was fed two frames ago
        due = packets if number == self._out else []
        self._out += len(due)
        return due

    def _repeat_silence(self) -> list[bytes]:
        """All frames but the last are known to be followed by silence."""
        due = self._pushed - 1 - self._out
        self._out += due
        return [self._silence] * due

    def _feed(self, left: bytes, right: bytes) -> list[bytes]:
        frame = av.AudioFrame(format="fltp", layout="stereo", samples=FRAME)
        frame.sample_rate = AUDIO_TIMESCALE
        frame.pts = self._fed * FRAME
        frame.planes[0].update(left)
        frame.planes[1].update(right)
        self._fed += 1
        return [bytes(packet) for packet in self._codec.encode(frame) if (packet.pts or 0) >= 0]


def _open(bitrate: int) -> AudioCodecContext:
    codec = av.CodecContext.create("aac", "w")
    codec.sample_rate = AUDIO_TIMESCALE
    codec.layout = "stereo"
    codec.format = "fltp"
    codec.bit_rate = bitrate
    if bitrate >= _FAST_FROM:
        codec.options = _FAST
    codec.open()
    return codec
