"""Any datagram, from any address, is delivered to whom it is for or dropped; nothing is raised."""

from edge.ingest.inbox import Run
from edge.ingest.mux import Mux, Path, UdpPort
from edge.ingest.slot import LARGEST, Slot
from edge.ingest.stun import StunMessage

SEEDS = [
    bytes.fromhex("000100102112a4420000000000000000000000000006000b6f7572733a74686569727300"),
    bytes.fromhex("16fefd0000000000000000000100"),
    bytes.fromhex("806000010000000100000001") + bytes(40),
    bytes.fromhex("80c80006000000010000000000000000000000000000000000000000"),
]
VALIDATED = ("192.0.2.1", 1)
STRANGER = ("192.0.2.2", 2)


class Taker:
    heard_at = 0.0

    def __init__(self) -> None:
        self.taken: list[bytes] = []

    def receive_check(self, message: StunMessage, _path: Path, _now: float) -> None:
        self.taken.append(message.raw)

    def receive_dtls(self, datagram: bytes, _now: float) -> None:
        self.taken.append(datagram)

    def receive_media(self, datagrams: list[Slot], _now: float) -> None:
        assert all(slot.length[0] >= 12 for slot in datagrams)
        self.taken += [slot.data for slot in datagrams]

    def receive_report(self, datagram: Slot, _now: float) -> None:
        assert datagram.length[0] >= 12
        self.taken.append(datagram.data)

    def crashed(self, error: Exception) -> None:
        raise error


def target(data: bytes) -> None:
    peer = Taker()
    mux = Mux()
    mux.register("ours", peer)
    port = UdpPort.__new__(UdpPort)  # without a socket
    port.routes, port._mux, port._counts = {VALIDATED: peer}, mux, mux.counts
    port._serving = peer
    data = data[:LARGEST]  # as the kernel does
    port.take([Run.of(STRANGER, [data])], 100.0)
    assert all(one[0] < 4 for one in peer.taken), "a stranger gets no further than a check"
    port.take([Run.of(VALIDATED, [data])], 100.0)
    assert len(peer.taken) + sum(mux.counts.dropped.values()) <= mux.counts.received == 2
    assert all(one == data for one in peer.taken)
