"""When parts were whole in the server, when each viewer had them, and what that makes of latency.

Without coordinated omission: the clock of a part starts when it is complete, whoever is ready to ask for it
or not, and a viewer who never gets a part that he should counts as one who waits for ever.
"""

from array import array
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise


@dataclass
class Arrivals:
    """By part (its request target): the moments (monotonic seconds) at which viewers had its last octet."""

    by_part: dict[bytes, array] = field(default_factory=dict)

    def note(self, target: bytes, at: float) -> None:
        times = self.by_part.get(target)
        if times is None:
            times = self.by_part[target] = array("d")
        times.append(at)

    def first(self) -> dict[bytes, float]:
        """A reference clock where the server has none: the first viewer who had it."""
        return {target: min(times) for target, times in self.by_part.items()}


@dataclass(frozen=True)
class Latency:
    """Of all viewers and all parts of a window of time. `missed`: expected and never there."""

    expected: int
    missed: int
    ordered_s: list[float]

    def percentile_ms(self, share: float) -> float | None:
        """What `share` of the expected arrivals did not exceed; None where that is one who waits for ever."""
        at = min(self.expected - 1, int(share * self.expected))
        return self.ordered_s[at] * 1e3 if 0 <= at < len(self.ordered_s) else None


def latency(
    complete: Mapping[bytes, float],
    arrivals: Arrivals,
    viewers_of: Mapping[bytes, int],
    since: float,
    until: float,
) -> Latency:
    """Of the parts that were complete in [since, until). `viewers_of`: who should get each of them."""
    found: list[float] = []
    expected = 0
    for target, at in complete.items():
        if since <= at < until:
            wanted = viewers_of.get(target, 0)
            expected += wanted
            found += sorted(moment - at for moment in arrivals.by_part.get(target, ()))[:wanted]
    found.sort()
    return Latency(expected, expected - len(found), found)


def spread_ms(
    complete: Mapping[bytes, float], arrivals: Arrivals, since: float, until: float
) -> float | None:
    """Mean time from the first to the last viewer of a part: how long waking and writing all of them takes."""
    spans = [
        max(times) - min(times)
        for target, times in arrivals.by_part.items()
        if since <= complete.get(target, -1.0) < until
    ]
    return sum(spans) / len(spans) * 1e3 if spans else None


def gaps_s(moments: list[float]) -> list[float]:
    """Between neighbours: the cadence of a source."""
    return [later - earlier for earlier, later in pairwise(moments)]
