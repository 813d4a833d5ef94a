"""Counts of the fast lane: plain integers on the way, metrics a few times a second."""

from collections.abc import Iterable, Iterator

from prometheus_client import Metric

from edge.metrics import WEB_REQUESTS, WEB_SENT


class Count:
    """Answers of one kind and status since the last `flush`."""

    __slots__ = ("octets", "requests")

    def __init__(self) -> None:
        self.requests = 0
        self.octets = 0


class Tally:
    """Kinds and statuses are closed sets, so this is small."""

    def __init__(self) -> None:
        self._counts: dict[tuple[str, int], Count] = {}

    def of(self, kind: str, status: int) -> Count:
        """To be added to, now and later."""
        count = self._counts.get((kind, status))
        if count is None:
            count = self._counts[kind, status] = Count()
        return count

    def flush(self) -> None:
        """Hand what was counted to the metrics."""
        for (kind, status), count in self._counts.items():
            if count.requests:
                WEB_REQUESTS.labels(kind, status).inc(count.requests)
            if count.octets:
                WEB_SENT.labels(kind).inc(count.octets)
            count.requests = count.octets = 0

    def collect(self) -> Iterable[Metric]:
        """A registry's collector without families: being asked first, it brings the others up to date."""
        self.flush()
        return ()

    def describe(self) -> Iterator[Metric]:
        """Nothing of its own."""
        return iter(())
