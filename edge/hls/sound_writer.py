"""Sound that comes with pictures: it begins with the first of them, and goes into parts that they make."""

from collections import deque

from edge.hls.lane import Lane
from edge.hls.lanes import Lanes
from edge.hls.open_part import OpenPart
from edge.hls.open_segment import OpenSegment
from edge.hls.segment import TICKS, Event
from edge.media.sample import Sample

_EARLY = 256
_PATIENCE = TICKS // 2


class SoundWriter:
    """Takes the samples of the track that is not the lead. The segmenter owns it, and what it is given."""

    def __init__(self, lanes: Lanes, segment: OpenSegment, part: OpenPart) -> None:
        self._lanes = lanes
        self._segment = segment
        self._part = part
        self._early: deque[Sample] = deque(maxlen=_EARLY)
        self._begins: int | None = None

    def new_source(self) -> None:
        """What waits for a picture was of another source."""
        self._early.clear()

    def keep(self, sample: Sample) -> None:
        """Before the first picture: it may belong to that."""
        self._early.append(sample)

    def begin(self, first: Sample) -> list[Event]:
        """The first picture is written: so is what was kept, as far as it belongs to that."""
        sound = self._lanes.sound
        self._begins = -(-first.dts * sound.track.timescale // self._lanes.lead.track.timescale)
        events = [event for early in self._early for event in self.write(sound, early)]
        self._early.clear()
        return events

    def write(self, lane: Lane, sample: Sample) -> list[Event]:
        """Take a sample after that. Its part has closed already, or is closed by pictures or by the clock."""
        events: list[Event] = []
        if self._begins is not None:
            if sample.dts < self._begins:
                return events  # from before the first picture
            self._begins = None
        placed = lane.place(lane.due(sample.dts, self._segment.part_start), sample)
        # Normally the clock closes what waits for pictures; audio alone must not pile up without it.
        while self._part.is_over(lane, lane.ticks(placed.dts), _PATIENCE):
            events += self._part.close_on_clock()
        return events
