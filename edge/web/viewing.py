"""What viewers feel, by stream: the reports of players, added up."""

from bisect import bisect_left
from dataclasses import dataclass, field

from edge.http.cmcd import PlayerReport

BUFFER_BOUNDS_S = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0, float("inf"))
START_BOUNDS_S = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0, float("inf"))


@dataclass(slots=True)
class Felt:
    """Of one stream, since it was first reported on. Counts are of reports that fall between two bounds."""

    reports: int = 0
    stalls: int = 0
    bits: int = 0
    bit_reports: int = 0
    buffer_s: float = 0.0
    buffers: list[int] = field(default_factory=lambda: [0] * len(BUFFER_BOUNDS_S))
    start_s: float = 0.0
    starts: list[int] = field(default_factory=lambda: [0] * len(START_BOUNDS_S))


class Viewing:
    """At most `capacity` streams: only those that exist are told of, and forgotten when they are gone."""

    def __init__(self, capacity: int = 1000) -> None:
        self._capacity = capacity
        self.streams: dict[str, Felt] = {}

    def note(self, stream: str, report: PlayerReport) -> None:
        """One report of one player."""
        felt = self.streams.get(stream)
        if felt is None:
            if len(self.streams) >= self._capacity:
                return
            felt = self.streams[stream] = Felt()
        felt.reports += 1
        felt.stalls += report.starved
        if report.bitrate is not None:
            felt.bits += report.bitrate
            felt.bit_reports += 1
        if report.buffer_s is not None:
            felt.buffer_s += report.buffer_s
            felt.buffers[bisect_left(BUFFER_BOUNDS_S, report.buffer_s)] += 1
        if report.started_after_s is not None:
            felt.start_s += report.started_after_s
            felt.starts[bisect_left(START_BOUNDS_S, report.started_after_s)] += 1

    def keep_only(self, streams: set[str]) -> None:
        """Forget the others."""
        for gone in self.streams.keys() - streams:
            del self.streams[gone]
