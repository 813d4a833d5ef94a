"""Opus passed through: packets that follow one another exactly, with silent ones where some are missing."""

from collections.abc import Sequence

from edge.ingest.aac import Deliver
from edge.media.opus import SILENCE, opus_track, packet_duration
from edge.media.sample import Sample
from edge.media.track import AUDIO_TIMESCALE

_SILENCE_SAMPLES = 960
_OUT_OF_STEP = _SILENCE_SAMPLES // 2
_LONGEST_FILL = 10 * AUDIO_TIMESCALE


class OpusPath:
    """The audio path of one publisher that keeps Opus (see AudioPath).

    Packets cannot be cut: each begins where the one before ends, and is at most 10 ms from where it belongs.
    """

    def __init__(self, deliver: Deliver) -> None:
        self.track = opus_track()
        self._deliver = deliver
        self._position = 0

    def start(self, at: int) -> None:
        """See AudioPath."""
        self._position = at

    def write(self, at: int, packet: bytes) -> None:
        """See AudioPath."""
        duration = packet_duration(packet)
        ahead = at - self._position
        if ahead > _OUT_OF_STEP:
            self._deliver(self._silence((ahead + _OUT_OF_STEP) // _SILENCE_SAMPLES))
        if ahead >= -_OUT_OF_STEP:
            begin = self._position
            self._position += duration
            self._deliver((Sample("audio", begin, duration, True, packet),))

    def advance(self, at: int) -> None:
        """See AudioPath."""
        missing = (at - self._position) // _SILENCE_SAMPLES
        if missing > 0:
            self._deliver(self._silence(missing))

    def close(self) -> None:
        """See AudioPath."""
        self._deliver = _ignore

    def _silence(self, packets: int) -> list[Sample]:
        """So many silent packets from here on; a very long pause is left out."""
        if packets * _SILENCE_SAMPLES > _LONGEST_FILL:
            self._position += packets * _SILENCE_SAMPLES
            return []
        begin = self._position
        self._position += packets * _SILENCE_SAMPLES
        starts = range(begin, self._position, _SILENCE_SAMPLES)
        return [Sample("audio", start, _SILENCE_SAMPLES, True, SILENCE) for start in starts]


def _ignore(samples: Sequence[Sample]) -> None:
    """Nobody listens any more."""
