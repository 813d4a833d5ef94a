"""Metrics by stream, made when they are asked for: a stream that is gone leaves no series behind.

The label is bounded by `live.max_publications`.
"""

from collections.abc import Callable, Iterable, Iterator
from itertools import accumulate

from prometheus_client import CollectorRegistry, Metric
from prometheus_client.utils import floatToGoString

from edge.live.hub import Hub
from edge.live.publication import Publication
from edge.live.summary import recent_bitrate
from edge.web.exposition import Written
from edge.web.viewing import BUFFER_BOUNDS_S, START_BOUNDS_S, Viewing

_GAUGES: tuple[tuple[str, str, Callable[[Publication], float | None]], ...] = (
    ("up", "1: its publisher sends; 0: viewers wait for it", lambda one: float(one.state == "live")),
    ("viewers", "About how many watch", lambda one: one.rendition.audience.viewers),
    ("waiting_requests", "Requests that are held at this moment", lambda one: one.rendition.waiting),
    ("bits_per_second", "Of the newest segments", lambda one: recent_bitrate(one.rendition.window)),
    (
        "latency_seconds",
        "From capture to listed, of the newest part's last picture",
        lambda one: one.latency_s,
    ),
    (
        "discontinuities",
        "Holes since viewers came, restarts of the server included",
        lambda one: one.rendition.window.discontinuities,
    ),
    ("age_seconds", "Since the publisher came first", lambda one: one.age_s),
)
"""Read one by one: a whole summary of 200 streams would hold the loop for 10 ms."""


class StreamCollector:
    """Asked by a registry at each scrape. Samples are made while they are written, each once, so that whoever
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
            rows = ((each.name, read(each)) for each in streams)
            yield _single(f"edge_stream_{name}", text, "gauge", rows)
        yield from self._felt()

    def describe(self) -> Iterator[Metric]:
        """Names only: nothing is collected when the registry is made."""
        return self.collect()

    def _felt(self) -> Iterator[Metric]:
        felt = sorted(self._viewing.streams.items())
        yield _single(
            "edge_stream_player_reports",
            "Reports of players (CMCD)",
            "counter",
            ((stream, one.reports) for stream, one in felt),
        )
        yield _single(
            "edge_stream_player_stalls",
            "Reports that tell of a buffer run dry",
            "counter",
            ((stream, one.stalls) for stream, one in felt),
        )
        yield _single(
            "edge_stream_player_bits_per_second",
            "Mean of what players say they play",
            "gauge",
            ((stream, one.bits / one.bit_reports if one.bit_reports else None) for stream, one in felt),
        )
        yield _histogram(
            "edge_stream_player_buffer_seconds",
            "Media ahead of what is played",
            BUFFER_BOUNDS_S,
            ((stream, one.buffers, one.buffer_s) for stream, one in felt),
        )
        yield _histogram(
            "edge_stream_player_start_seconds",
            "From the wish to play to the first picture",
            START_BOUNDS_S,
            ((stream, one.starts, one.start_s) for stream, one in felt),
        )


def stream_registry(hub: Hub, viewing: Viewing) -> CollectorRegistry:
    """Of this application only: tests make many."""
    registry = CollectorRegistry()
    registry.register(StreamCollector(hub, viewing))
    return registry


def _single(name: str, text: str, kind: str, rows: Iterable[tuple[str, float | None]]) -> Metric:
    """One sample of each stream; None: it has none."""
    sample = f'{name}_total{{stream="' if kind == "counter" else f'{name}{{stream="'
    lines = (f'{sample}{stream}"}} {_number(value)}\n' for stream, value in rows if value is not None)
    return Written(name, text, kind, lines)


def _histogram(
    name: str, text: str, bounds: tuple[float, ...], rows: Iterable[tuple[str, list[int], float]]
) -> Metric:
    """`rows`: stream, counts between the bounds, sum. One text with gaps; `@` stands for the name."""
    labels = ["+Inf" if bound == float("inf") else str(bound) for bound in bounds]
    buckets = [f'{name}_bucket{{le="{label}",stream="@"}} %d.0\n' for label in labels]
    each = "".join([*buckets, f'{name}_count{{stream="@"}} %d.0\n', f'{name}_sum{{stream="@"}} %s\n'])
    lines = (
        each.replace("@", stream) % (*accumulate(counts), sum(counts), _number(total))
        for stream, counts, total in rows
    )
    return Written(name, text, "histogram", lines)


def _number(value: float) -> str:
    if value < 1e6:
        return repr(float(value))
    return floatToGoString(value)  # type: ignore[no-untyped-call,no-any-return]
