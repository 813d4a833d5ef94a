"""Any datagram, from any address, is delivered to whom it is for or dropped; nothing is raised."""

from types import SimpleNamespace

from edge.ingest.mux import Mux, UdpPort

SEEDS = [
    bytes.fromhex("000100102112a4420000000000000000000000000006000b6f7572733a74686569727300"),
    bytes.fromhex("16fefd0000000000000000000100"),
    bytes.fromhex("806000010000000100000001") + bytes(40),
    bytes.fromhex("80c80006000000010000000000000000000000000000000000000000"),
]
VALIDATED = ("192.0.2.1", 1)
STRANGER = ("192.0.2.2", 2)


def target(data: bytes) -> None:
    taken: list[bytes] = []
    peer = SimpleNamespace(
        heard_at=0.0,
        receive_check=lambda message, _path, _now: taken.append(message.raw),
        receive_dtls=lambda datagram, _now: taken.append(datagram),
        receive_media=lambda datagrams, _now: taken.extend(datagrams),
    )
    mux = Mux()
    mux.register("ours", peer)
    port = UdpPort.__new__(UdpPort)  # without a socket
    port.routes, port._mux, port._counts = {VALIDATED: peer}, mux, mux.counts
    port.dispatch(data, STRANGER, 100.0)
    assert all(one[0] < 4 for one in taken), "a stranger gets no further than a check"
    port.dispatch(data, VALIDATED, 100.0)
    assert len(taken) + sum(mux.counts.dropped.values()) <= mux.counts.received == 2
