"""Sound without gaps: pieces of PCM that come with a time each, to frames that follow one another exactly."""

from array import array
from typing import NamedTuple, TypeAlias

from edge.media.aac import FRAME
from edge.media.track import AUDIO_TIMESCALE

TOLERANCE = AUDIO_TIMESCALE // 500
"""Samples that a piece may be off without being moved: 2 ms are neither heard nor add up."""

LONGEST_FILL = 10 * AUDIO_TIMESCALE
"""A longer pause is left out: it was not the sound that paused, but the machine."""

_FADE_OUT = AUDIO_TIMESCALE // 200
_FADE_IN = AUDIO_TIMESCALE // 400
_SAMPLE_BYTES = 4
_FRAME_BYTES = FRAME * _SAMPLE_BYTES

Channel: TypeAlias = "array[float]"
"""Samples of 32-bit float, array("f")."""


class PcmFrame(NamedTuple):
    """1024 samples a channel from `begin` on, as an encoder's planes take them."""

    begin: int
    left: bytes
    right: bytes


class PcmTimeline:
    """Two channels of 48 kHz. Times are samples of the source's timeline; what is before `start` is cut."""

    def __init__(self, start: int) -> None:
        self.position = start
        """Where the sound that is known ends."""
        self._begin = start  # where what is buffered begins
        self._left = bytearray()
        self._right = bytearray()
        self._last = (0.0, 0.0)
        self._frames: list[PcmFrame] = []

    def write(self, at: int, left: Channel, right: Channel) -> None:
        """Put a piece where it belongs: a pause before it becomes silence, what overlaps is dropped."""
        late = self.position - at
        if late > TOLERANCE:
            if late >= len(left):
                return
            left, right = left[late:], right[late:]
        elif late < -TOLERANCE:
            self.silence_until(at)
            left, right = _faded_in(left), _faded_in(right)
        self._append(left, right)

    def silence_until(self, at: int) -> None:
        """Nothing more comes before `at`. What was sounding fades out within 5 ms, so that nothing clicks."""
        missing = at - self.position
        if missing <= 0:
            return
        if missing > LONGEST_FILL:
            self._pad()
            self._begin = self.position = at
            return
        if self._last != (0.0, 0.0):
            left, right = self._last
            size = min(missing, _FADE_OUT)
            self._append(_decay(left, size), _decay(right, size))
            self._last = (0.0, 0.0)
            missing -= size
        self._add(bytes(missing * _SAMPLE_BYTES), bytes(missing * _SAMPLE_BYTES))

    def take(self) -> list[PcmFrame]:
        """The frames that are complete since the last call."""
        taken, self._frames = self._frames, []
        return taken

    def _append(self, left: Channel, right: Channel) -> None:
        self._last = (left[-1], right[-1])
        self._add(left.tobytes(), right.tobytes())

    def _add(self, left: bytes, right: bytes) -> None:
        self._left += left
        self._right += right
        self.position += len(left) // _SAMPLE_BYTES
        while len(self._left) >= _FRAME_BYTES:
            frame = PcmFrame(self._begin, bytes(self._left[:_FRAME_BYTES]), bytes(self._right[:_FRAME_BYTES]))
            del self._left[:_FRAME_BYTES], self._right[:_FRAME_BYTES]
            self._frames.append(frame)
            self._begin += FRAME

    def _pad(self) -> None:
        """Complete the frame that has begun."""
        missing = bytes(-len(self._left) % _FRAME_BYTES)
        self._add(missing, missing)
        self._last = (0.0, 0.0)


def _faded_in(channel: Channel) -> Channel:
    faded = channel[:]
    size = min(len(faded), _FADE_IN)
    for at in range(size):
        faded[at] *= at / size
    return faded


def _decay(last: float, size: int) -> Channel:
    """From the last sample to nothing."""
    return array("f", [last * (1 - step / _FADE_OUT) for step in range(1, size + 1)])
