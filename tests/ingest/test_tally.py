from types import SimpleNamespace

import pytest
from prometheus_client import REGISTRY

from edge.ingest.mux import Mux
from edge.ingest.tally import Tally
from edge.rtp.receiver import ReceiverCounts


def metric(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(f"edge_ingest_{name}", labels) or 0.0


def counts(packets: int, *, requests: int = 0) -> ReceiverCounts:
    return ReceiverCounts(packets, 1, 0, 0, 0, 12, requests, packets // 2, 0, 0.0, None)


class FakeSession:
    def __init__(self) -> None:
        self.id = "one"
        self.reason = None
        self.is_connected = True
        self.dtls = SimpleNamespace(unauthentic=3, replayed=0, keyless=4)
        self.unknown_ssrcs = 5
        self.packets = 10
        video = SimpleNamespace(counts=lambda: counts(self.packets, requests=2))
        self.intake = SimpleNamespace(
            video=video,
            audio=None,
            malformed=6,
            malformed_reports=7,
            unknown_payload_types=8,
            unnamed_layers=9,
            pump=SimpleNamespace(malformed={"video": 10, "audio": 11}),
        )


def test_what_came_since_the_last_time_is_counted_once():
    mux, session = Mux(), FakeSession()
    tally = Tally(mux)
    names = {
        "video": lambda: metric("packets_total", kind="video", result="packets"),
        "units": lambda: metric("access_units_total", kind="video", result="taken"),
        "forged": lambda: metric("packets_total", kind="encrypted", result="unauthentic"),
        "requests": lambda: metric("key_frame_requests_total"),
        "datagrams": lambda: metric("datagrams_total", direction="in"),
        "oversized": lambda: metric("dropped_datagrams_total", reason="oversized"),
    }
    before = {name: read() for name, read in names.items()}
    mux.counts.received = 100
    mux.counts.drop("oversized")
    tally.flush([session])
    tally.flush([session])
    session.packets = 15
    mux.counts.received = 130
    tally.flush([session])
    found = {name: read() - before[name] for name, read in names.items()}
    assert found == {"video": 15, "units": 7, "forged": 3, "requests": 2, "datagrams": 130, "oversized": 1}
    assert metric("sessions", state="connected") == 1
    assert metric("sessions", state="connecting") == 0


@pytest.mark.parametrize(
    ("name", "kind", "result", "expected"),
    [
        ("packets", "encrypted", "unauthentic", 3),
        ("packets", "encrypted", "keyless", 4),
        ("packets", "encrypted", "unknown_source", 5),
        ("packets", "rtp", "malformed", 6),
        ("packets", "rtcp", "malformed", 7),
        ("packets", "rtp", "unknown_payload_type", 8),
        ("packets", "rtp", "unnamed_layer", 9),
        ("packets", "video", "malformed", 12),
        ("access_units", "video", "malformed", 10),
        ("access_units", "audio", "malformed", 11),
    ],
)
def test_what_is_dropped_on_its_way_is_told_once(name, kind, result, expected):
    tally, session = Tally(Mux()), FakeSession()
    before = metric(f"{name}_total", kind=kind, result=result)
    tally.flush([session])
    tally.last(session)
    assert metric(f"{name}_total", kind=kind, result=result) - before == expected


def test_an_ended_session_is_counted_and_forgotten():
    tally, session = Tally(Mux()), FakeSession()
    tally.flush([session])
    before = metric("ended_sessions_total", reason="silent")
    packets = metric("packets_total", kind="video", result="packets")
    session.reason = "silent"
    session.packets = 25
    tally.last(session)
    assert metric("ended_sessions_total", reason="silent") == before + 1
    assert metric("packets_total", kind="video", result="packets") == packets + 15
    assert not [key for key in tally._before if isinstance(key, tuple) and key[0] == "one"]
