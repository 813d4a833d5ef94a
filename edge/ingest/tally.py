"""Counts into metrics, once a second: nothing is looked up per packet, and no series twice."""

from collections.abc import Iterable
from functools import cache, partial

from prometheus_client import Counter

from edge import metrics
from edge.ingest.intake import Intake
from edge.ingest.mux import Mux
from edge.ingest.session import WhipSession
from edge.rtp.receiver import AudioReceiver, VideoReceiver

INTERVAL_S = 1.0
_COUNTED = ("packets", "lost", "recovered", "discarded", "nacked", "malformed")
_ENCRYPTED = ("unauthentic", "replayed", "keyless")


class Tally:
    """Remembers what was reported, and reports what came since."""

    def __init__(self, mux: Mux) -> None:
        self._mux = mux
        self._before: dict[object, int] = {}
        self._received = metrics.INGEST_DATAGRAMS.labels("in")
        self._sent = metrics.INGEST_DATAGRAMS.labels("out")

    def flush(self, sessions: Iterable[WhipSession]) -> None:
        """Report all of these, and the sockets."""
        connected = connecting = 0
        for session in sessions:
            connected += session.is_connected
            connecting += not session.is_connected
            self._session(session)
        metrics.INGEST_SESSIONS.labels("connected").set(connected)
        metrics.INGEST_SESSIONS.labels("connecting").set(connecting)
        counts = self._mux.counts
        self._received.inc(self._since("in", counts.received))
        self._sent.inc(self._since("out", counts.sent))
        metrics.INGEST_RECEIVED.inc(self._since("bytes", counts.bytes))
        for reason, count in counts.dropped.items():
            metrics.INGEST_DROPPED.labels(reason).inc(self._since(("dropped", reason), count))
        metrics.INGEST_KERNEL_DROPS.set(self._mux.kernel_drops())

    def last(self, session: WhipSession) -> None:
        """Report a session that ended, and forget it."""
        self._session(session)
        metrics.INGEST_ENDED.labels(session.reason or "closed").inc()
        for key in [key for key in self._before if isinstance(key, tuple) and key[0] == session.id]:
            del self._before[key]

    def _session(self, session: WhipSession) -> None:
        packets = partial(self._add, session.id, metrics.INGEST_PACKETS)
        for name in _ENCRYPTED:
            packets("encrypted", name, getattr(session.dtls, name))
        packets("encrypted", "unknown_source", session.unknown_ssrcs)
        intake = session.intake
        if intake is not None:
            self._unreceived(session.id, intake)
            self._receiver(session.id, "video", intake.video)
            self._receiver(session.id, "audio", intake.audio)

    def _unreceived(self, session_id: str, intake: Intake) -> None:
        """What did not get as far as a receiver, or went through one and was of no use."""
        packets = partial(self._add, session_id, metrics.INGEST_PACKETS)
        packets("rtp", "malformed", intake.malformed)
        packets("rtp", "unknown_payload_type", intake.unknown_payload_types)
        packets("rtp", "unnamed_layer", intake.unnamed_layers)
        packets("rtcp", "malformed", intake.malformed_reports)
        for kind, count in intake.pump.malformed.items():
            self._add(session_id, metrics.INGEST_UNITS, kind, "malformed", count)

    def _receiver(self, session_id: str, kind: str, receiver: VideoReceiver | AudioReceiver | None) -> None:
        if receiver is None:
            return
        counts = receiver.counts()
        for name in _COUNTED:
            self._add(session_id, metrics.INGEST_PACKETS, kind, name, getattr(counts, name))
        for result, value in (("taken", counts.units), ("dropped", counts.units_dropped)):
            self._add(session_id, metrics.INGEST_UNITS, kind, result, value)
        if kind == "video":
            requests = self._since((session_id, "requests"), counts.key_requests)
            metrics.INGEST_KEY_FRAME_REQUESTS.inc(requests)

    def _add(self, session_id: str, counter: Counter, kind: str, result: str, value: int) -> None:
        _series(counter, kind, result).inc(self._since((session_id, counter, kind, result), value))

    def _since(self, key: object, value: int) -> int:
        """How much more than last time; a counter that went back counts nothing."""
        before = self._before.get(key, 0)
        self._before[key] = value
        return max(0, value - before)


@cache
def _series(counter: Counter, kind: str, result: str) -> Counter:
    """Looked up once: labels are from closed sets."""
    return counter.labels(kind, result)
