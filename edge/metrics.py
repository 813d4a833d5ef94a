"""Prometheus metrics of all rooms: `edge_<room>_<noun>_<unit>`, labels from closed sets only."""

from bisect import bisect_left
from collections.abc import Iterable, Sequence

from prometheus_client import PROCESS_COLLECTOR, REGISTRY, Counter, Gauge, Histogram
from prometheus_client.core import HistogramMetricFamily, Metric

_FAST = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)
_LATENCY = (0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1.0, 1.5, 2.0, 5.0)

REGISTRY.unregister(PROCESS_COLLECTOR)  # see edge.host.process_metrics


class Spread:
    """A histogram of what thousands have in common: told once, for all of them."""

    def __init__(self, name: str, documentation: str, *, buckets: Sequence[float]) -> None:
        self._name = name
        self._documentation = documentation
        self._bounds = buckets
        self._counts = [0] * (len(buckets) + 1)
        self.total = 0.0
        REGISTRY.register(self)

    def observe(self, value: float, times: int = 1) -> None:
        """`value` was seen so many times."""
        self._counts[bisect_left(self._bounds, value)] += times
        self.total += value * times

    def collect(self) -> Iterable[Metric]:
        """See prometheus_client.registry.Collector."""
        family = HistogramMetricFamily(self._name, self._documentation)
        below, buckets = 0, []
        for bound, count in zip([*map(str, self._bounds), "+Inf"], self._counts, strict=True):
            below += count
            buckets.append((bound, float(below)))
        family.add_metric((), buckets, self.total)
        return (family,)

    def describe(self) -> Iterable[Metric]:
        """See prometheus_client.registry.Collector."""
        return (HistogramMetricFamily(self._name, self._documentation),)


# live

LIVE_LATENCY = Spread(
    "edge_live_latency_seconds",
    "From the capture of a part's last picture to the part listed, by the publisher's own clock",
    buckets=_LATENCY,
)
LIVE_LISTING = Spread(
    "edge_live_listing_seconds",
    "From the datagram that completes a part to the part listed and handed to everybody who waits",
    buckets=_FAST,
)
LIVE_WAITERS = Gauge("edge_live_waiters", "Requests that are held until media come")
LIVE_PUBLICATIONS = Gauge("edge_live_publications", "Streams that have not ended")

# web

WEB_REQUESTS = Counter("edge_web_requests", "Answered requests", ["kind", "status"])
WEB_SENDING = Spread(
    "edge_web_sending_seconds",
    "From a held answer being there to its last byte handed to the socket",
    buckets=_FAST,
)
WEB_CONNECTIONS = Gauge("edge_web_connections", "Open connections")
WEB_TURNED_AWAY = Counter(
    "edge_web_turned_away_connections",
    "Connections beyond limits.connections and its kind, or new to a loop that is late",
    ["reason"],
)
WEB_FAILURES = Counter("edge_web_failures", "Requests that ended in a fault of ours")
WEB_SENT = Counter("edge_web_sent_bytes", "Octets of media and playlists handed to sockets", ["kind"])

# ingest

INGEST_SESSIONS = Gauge("edge_ingest_sessions", "WHIP sessions that have not ended", ["state"])
INGEST_ENDED = Counter("edge_ingest_ended_sessions", "WHIP sessions that ended", ["reason"])
INGEST_CONNECTING = Histogram(
    "edge_ingest_connecting_seconds",
    "From the answer to an offer to the end of the DTLS handshake",
    buckets=(0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0),
)
INGEST_ANSWERING = Histogram("edge_ingest_answering_seconds", "Making the answer to an offer", buckets=_FAST)
INGEST_DATAGRAMS = Counter("edge_ingest_datagrams", "UDP datagrams", ["direction"])
INGEST_RECEIVED = Counter("edge_ingest_received_bytes", "Octets of UDP datagrams that came")
INGEST_DROPPED = Counter(
    "edge_ingest_dropped_datagrams", "UDP datagrams that were for nobody or of no use", ["reason"]
)
INGEST_KERNEL_DROPS = Gauge(
    "edge_ingest_kernel_dropped_datagrams", "Datagrams lost because the socket buffer was full"
)
INGEST_PACKETS = Counter(
    "edge_ingest_packets", "RTP and RTCP packets by what became of them", ["kind", "result"]
)
INGEST_UNITS = Counter("edge_ingest_access_units", "Pictures and sound packets", ["kind", "result"])
INGEST_KEY_FRAME_REQUESTS = Counter("edge_ingest_key_frame_requests", "Key frames asked for")
INGEST_WAITING = Spread(
    "edge_ingest_waiting_seconds",
    "From a picture's last packet to the picture going on: what loss and reordering cost",
    buckets=_FAST,
)
INGEST_AUDIO_DROPS = Counter(
    "edge_ingest_dropped_audio_packets", "Opus packets that the encoding thread had no time for"
)

# host

HOST_LAG = Gauge("edge_host_loop_lag_seconds", "How late the event loop is, smoothed over about a second")

# auth

AUTH_REFUSED = Counter("edge_auth_refused_requests", "Requests that were not let in", ["action", "reason"])
AUTH_WEBHOOK = Counter("edge_auth_webhook_answers", "Questions to the webhook by verdict", ["result"])
AUTH_WEBHOOK_ASKING = Histogram(
    "edge_auth_webhook_seconds", "From a question to the webhook to its answer", buckets=_FAST
)
AUTH_JWKS = Counter("edge_auth_jwks_fetches", "Fetches of signing keys", ["result"])

# vod

VOD_BLOCKS = Counter(
    "edge_vod_blocks",
    "Blocks that answers needed, by where they came from; ahead: they were read ahead",
    ["result"],
)
VOD_BAD = Counter("edge_vod_bad_blocks", "Blocks on disk that were torn, altered or unreadable, and went")
VOD_EVICTED = Counter("edge_vod_evicted_blocks", "Blocks that made room for others")
VOD_UNKEPT = Counter("edge_vod_unkept_blocks", "Blocks that were passed on and not kept", ["reason"])
VOD_WRITTEN = Counter("edge_vod_written_bytes", "Octets of blocks written to disk")
VOD_USED = Gauge("edge_vod_used_bytes", "Octets of blocks on disk")
VOD_HELD = Gauge("edge_vod_held_blocks", "Blocks on disk")
VOD_FILLS = Gauge("edge_vod_fills", "Blocks on their way from origins")
VOD_STALE = Counter("edge_vod_stale_answers", "Assets opened by what was known before", ["reason"])
VOD_ORIGIN_RECEIVED = Counter("edge_vod_origin_received_bytes", "Octets that origins sent", ["origin"])
VOD_ORIGIN_FAULTS = Counter("edge_vod_origin_faults", "Attempts at origins that failed", ["origin", "fault"])
VOD_ORIGIN_SECONDS = Histogram(
    "edge_vod_origin_seconds",
    "Of one attempt at an origin, from the question to the first of the answer",
    ["origin", "verb"],
    buckets=(0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0),
)
