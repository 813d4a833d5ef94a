"""Metrics by stream, made when they are asked for: a stream that is gone leaves no series behind.

The label is bounded by `live.max_publications`.
"""

from collections.abc import Callable, Iterator

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric

from edge.live.hub import Hub
from edge.live.publication import Publication
from edge.live.summary import recent_bitrate
from edge.web.viewing import BUFFER_BOUNDS_S, START_BOUNDS_S, Felt, Viewing

_LABEL = ("stream",)
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
    """Asked by a registry at each scrape; yields between families, so that the loop can breathe."""

    def __init__(self, hub: Hub, viewing: Viewing) -> None:
        self._hub = hub
        self._viewing = viewing

    def collect(self) -> Iterator[Metric]:
        """One family at a time."""
        streams = self._hub.list()
        self._viewing.keep_only({each.name for each in streams})
        for name, text, read in _GAUGES:
            family = GaugeMetricFamily(f"edge_stream_{name}", text, labels=_LABEL)
            for each in streams:
                if (value := read(each)) is not None:
                    family.add_metric((each.name,), value)
            yield family
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
            counter = CounterMetricFamily(name, text, labels=_LABEL)
            for stream, one in felt:
                counter.add_metric((stream,), read(one))
            yield counter
        bitrate = GaugeMetricFamily(
            "edge_stream_player_bits_per_second", "Mean of what players say they play", labels=_LABEL
        )
        for stream, one in felt:
            if one.bit_reports:
                bitrate.add_metric((stream,), one.bits / one.bit_reports)
        yield bitrate
        yield _histogram(
            "edge_stream_player_buffer_seconds", "Media ahead of what is played", BUFFER_BOUNDS_S,
            [(stream, one.buffers, one.buffer_s) for stream, one in felt],
        )  # fmt: skip
        yield _histogram(
            "edge_stream_player_start_seconds", "From the wish to play to the first picture", START_BOUNDS_S,
            [(stream, one.starts, one.start_s) for stream, one in felt],
        )  # fmt: skip


def stream_registry(hub: Hub, viewing: Viewing) -> CollectorRegistry:
    """Of this application only: tests make many."""
    registry = CollectorRegistry()
    registry.register(StreamCollector(hub, viewing))
    return registry


def _histogram(
    name: str, text: str, bounds: tuple[float, ...], rows: list[tuple[str, list[int], float]]
) -> HistogramMetricFamily:
    family = HistogramMetricFamily(name, text, labels=_LABEL)
    labels = ["+Inf" if bound == float("inf") else str(bound) for bound in bounds]
    for stream, counts, total in rows:
        family.add_metric((stream,), list(zip(labels, map(float, counts), strict=True)), total)
    return family
