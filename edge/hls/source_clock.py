"""Where a source's time falls on our timeline, which goes on from one source to the next without a hole."""

from edge.hls.lanes import Lanes
from edge.hls.open_segment import OpenSegment
from edge.hls.segment import TICKS
from edge.media.sample import Sample

SPLICE = 6_000
"""Offsets between timelines are multiples of 1/6000 s: whole ticks at 90 kHz and at 48 kHz."""


class SourceClock:
    """Of the source that fills a segmenter, which owns the lanes and the segment that go by it."""

    def __init__(self, lanes: Lanes, segment: OpenSegment) -> None:
        self.runs = False
        """Whether a sample of this source is on our timeline."""
        self.wall_clock_zero = 0.0
        """The Unix time of the source's time 0."""
        self._lanes = lanes
        self._segment = segment
        self._offset = 0

    def ticks(self, source_time_s: float) -> int:
        """The source's seconds on our timeline (90 kHz)."""
        return int(source_time_s * TICKS) + self._offset

    def seconds(self, ticks: int) -> float:
        """A time of our timeline (90 kHz) in the source's seconds."""
        return (ticks - self._offset) / TICKS

    def splice(self, first: Sample, reach: int) -> None:
        """The first sample of the lead falls where the last source ended, at `reach` (ticks)."""
        lead = self._lanes.lead
        self._offset = 0
        for lane in self._lanes.all:
            lane.new_source()
        self.leave_out(lead.ticks(first.dts) - reach)
        if lead.end is None:
            lead.end = lead.units(reach)
        self.runs = True

    def leave_out(self, ticks: int) -> None:
        """What comes falls so much earlier (rounded down)."""
        splices = ticks * SPLICE // TICKS
        self._offset -= splices * (TICKS // SPLICE)
        for lane in self._lanes.all:
            lane.offset -= splices * (lane.track.timescale // SPLICE)
        self._segment.set_clock(self.wall_clock_zero, self._offset)

    def correct(self, wall_clock_zero: float) -> None:
        """The same zero, known better: segments to come have it."""
        self.wall_clock_zero = wall_clock_zero
        if self.runs:
            self._segment.correct_clock(wall_clock_zero, self._offset)
