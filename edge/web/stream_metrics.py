"""Metrics by stream, made when they are asked for: a stream that is gone leaves no series behind.

The label is bounded by `live.max_publications`.
"""

from collections.abc import Callable, Iterable, Iterator

from prometheus_client import CollectorRegistry
from prometheus_client.core import Metric
from prometheus_client.samples import Sample

from edge.live.hub import Hub
from edge.live.publication import Publication
from edge.live.summary import recent_bitrate
from edge.web.viewing import BUFFER_BOUNDS_S, START_BOUNDS_S, Felt, Viewing

_GAUGES: tuple[tuple[str, str, Callable[[Publication], float | None]], ...] = (
    ("up", "1: its publisher sends; 0: viewers wait for it", lambda one: float(one.state == "live")),
    ("viewers", "About how many watch", lambda one: one.rendition.audience.viewers),
    ("waiting_requests", "Requests that are held at this moment", lambda one: one.rendition.waiting),
    ("bits_per_second", "Of the newest segments", lambda one: recent_bitrate(one.rendition.window)),
    ("latency_seconds", "From capture to listed, of the newest part", lambda one: one.rendition.latency_s),
    ("discontinuities", "Holes in this life", lambda one: one.rendition.window.discontinuity_sequence),
    ("age_seconds", "Since the publisher came first", lambda one: one.age_s),
)
"""Read one by one: a whole summary of 200 streams would hold the loop for 10 ms."""


class StreamCollector:
    """Asked by a registry at each scrape. Samples are made while they are read, each once, so that whoever
    writes them down can let the loop breathe in between.
    """

    def __init__(self, hub: Hub, viewing: Viewing) -> None:
        self._hub = hub
        self._viewing = viewing

    def collect(self) -> Iterator[Metric]:
        """One family at a time."""
        streams = self._hub.list()
        self._viewing.keep_only({each.name for each in streams})
        for name, text, read in _GAUGES:
            yield _family(f"edge_stream_{name}", text, "gauge", _values(f"edge_stream_{name}", streams, read))
        yield from self._felt()

    def describe(self) -> Iterator[Metric]:
        """Names only: nothing is collected when the registry is made."""
        return self.collect()

    def _felt(self) -> Iterator[Metric]:
        felt = sorted(self._viewing.streams.items())
        counters: tuple[tuple[str, str, Callable[[Felt], float]], ...] = (
            ("edge_stream_player_reports", "Reports of players (CMCD)", lambda one: one.reports),
            ("edge_stream_player_stalls", "Reports that tell of a buffer run dry", lambda one: one.stalls),
        )
        for name, text, read in counters:
            samples = (Sample(f"{name}_total", {"stream": stream}, float(read(one))) for stream, one in felt)
            yield _family(name, text, "counter", samples)
        name = "edge_stream_player_bits_per_second"
        means = (
            Sample(name, {"stream": stream}, one.bits / one.bit_reports)
            for stream, one in felt
            if one.bit_reports
        )
        yield _family(name, "Mean of what players say they play", "gauge", means)
        buffers = ((stream, one.buffers, one.buffer_s) for stream, one in felt)
        yield _histogram(
            "edge_stream_player_buffer_seconds", "Media ahead of what is played", BUFFER_BOUNDS_S, buffers
        )
        starts = ((stream, one.starts, one.start_s) for stream, one in felt)
        yield _histogram(
            "edge_stream_player_start_seconds",
            "From the wish to play to the first picture",
            START_BOUNDS_S,
            starts,
        )


def _values(
    name: str, streams: Iterable[Publication], read: Callable[[Publication], float | None]
) -> Iterator[Sample]:
    for each in streams:
        if (value := read(each)) is not None:
            yield Sample(name, {"stream": each.name}, value)


def stream_registry(hub: Hub, viewing: Viewing) -> CollectorRegistry:
    """Of this application only: tests make many."""
    registry = CollectorRegistry()
    registry.register(StreamCollector(hub, viewing))
    return registry


def _family(name: str, text: str, kind: str, samples: Iterable[Sample]) -> Metric:
    family = Metric(name, text, kind)
    family.samples = samples  # type: ignore[assignment]  # read once, in order
    return family


def _histogram(
    name: str, text: str, bounds: tuple[float, ...], rows: Iterable[tuple[str, list[int], float]]
) -> Metric:
    labels = ["+Inf" if bound == float("inf") else str(bound) for bound in bounds]

    def samples() -> Iterator[Sample]:
        for stream, counts, total in rows:
            for label, count in zip(labels, counts, strict=True):
                yield Sample(f"{name}_bucket", {"le": label, "stream": stream}, float(count))
            yield Sample(f"{name}_count", {"stream": stream}, float(counts[-1]))
            yield Sample(f"{name}_sum", {"stream": stream}, total)

    return _family(name, text, "histogram", samples())
