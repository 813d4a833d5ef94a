"""A simulated player: it starts PART-HOLD-BACK from the live edge, plays in real time, and stalls when it
runs dry.
"""

from collections import deque
from dataclasses import dataclass, field

_RESUME_PARTS = 2
_KEPT = 20_000


@dataclass(slots=True)
class Measures:
    """Numbers of one kind, the newest twenty thousand."""

    values: deque[float] = field(default_factory=lambda: deque(maxlen=_KEPT))

    def add(self, value: float) -> None:
        self.values.append(value)

    @property
    def last(self) -> float | None:
        return self.values[-1] if self.values else None

    def quantile(self, share: float) -> float | None:
        """The smallest value that at least `share` of all are not above; None where there are none."""
        if not self.values:
            return None
        ordered = sorted(self.values)
        return ordered[min(len(ordered) - 1, max(0, -int(-share * len(ordered) // 1) - 1))]


@dataclass(slots=True)
class Player:
    """Media time is seconds since the first part that came; `now` is monotonic seconds, `wall` Unix seconds.

    `hold_back_s` is PART-HOLD-BACK, `part_s` PART-TARGET.
    """

    hold_back_s: float
    part_s: float
    stalls: int = 0
    stalled_s: float = 0.0
    jitter: Measures = field(default_factory=Measures)
    """Of part arrivals: seconds between two, less the first one's duration, as a size."""
    latency: Measures = field(default_factory=Measures)
    """Seconds from capture (EXT-X-PROGRAM-DATE-TIME) to play, at each part's arrival."""
    edge_latency: Measures = field(default_factory=Measures)
    """Seconds from the capture of a part's last frame to our having it."""
    _loaded_s: float = 0.0
    _played_s: float = 0.0
    _playing: bool = False
    _at: float | None = None
    _arrived_at: float | None = None
    _started: bool = False

    def arrived(self, duration_s: float, now: float, wall: float, end_date: float | None) -> None:
        """A part is here. `end_date`: Unix seconds of its end by the playlist's dates."""
        self.advance(now)
        if self._arrived_at is not None:
            self.jitter.add(abs(now - self._arrived_at - duration_s))
        self._arrived_at = now
        self._loaded_s += duration_s
        needed = _RESUME_PARTS * self.part_s if self._started else self.hold_back_s
        if not self._playing and self.buffer_s >= needed - 1e-6:
            self._playing = self._started = True
            # After a stall a good player takes up its distance to the edge again.
            self._played_s = max(self._played_s, self._loaded_s - self.hold_back_s)
        if end_date is not None:
            self.edge_latency.add(wall - end_date)
            if self._playing:
                self.latency.add(wall - end_date + self.buffer_s)

    def advance(self, now: float) -> None:
        """Play on until `now`."""
        passed = now - self._at if self._at is not None else 0.0
        self._at = now
        if not self._started:
            return
        if not self._playing:
            self.stalled_s += passed
            return
        self._played_s += passed
        if self._played_s > self._loaded_s:
            self.stalls += 1
            self.stalled_s += self._played_s - self._loaded_s
            self._played_s = self._loaded_s
            self._playing = False

    def preload(self, duration_s: float) -> None:
        """A part of the past, loaded when joining: it fills the buffer; play begins with a live one."""
        self._loaded_s += duration_s

    def correct(self, seconds: float) -> None:
        """What was loaded lasts so much longer, by its segment, than its parts said."""
        self._loaded_s += seconds

    @property
    def playing(self) -> bool:
        return self._playing

    @property
    def buffer_s(self) -> float:
        """Seconds loaded and not played."""
        return self._loaded_s - self._played_s
