import asyncio
import socket
from pathlib import Path

import pytest
import uvloop
from hypothesis import given
from hypothesis import strategies as st

from edge.config import Address
from edge.ingest import mux as module
from edge.ingest.inbox import AT_ONCE, Run
from edge.ingest.mux import LONGEST_DATAGRAM, RECEIVE_BUFFER_BYTES, Mux
from edge.ingest.reading import Reading

SOURCE = ("192.0.2.1", 1000)
CHECK = bytes.fromhex("0001 0010 2112a442") + bytes(12) + bytes.fromhex("0006 000b") + b"ours:theirs\0"
INDICATION = bytes.fromhex("0011 0000 2112a442") + bytes(12)
DTLS = bytes((22,)) + b"hello"
SRTP = bytes((0x80, 96)) + bytes(30)
SRTCP = bytes((0x80, 200)) + bytes(30)


class FakePeer:
    def __init__(self, heard_at: float = 0.0, fault: Exception | None = None) -> None:
        self.heard_at = heard_at
        self.fault = fault
        self.received: list[object] = []
        self.crashes: list[Exception] = []
        self.batches = 0

    def receive_check(self, message, path, now):
        self._take(("check", message.username, path.source))

    def receive_dtls(self, datagram, now):
        self._take(datagram)

    def receive_media(self, datagrams, now):
        self.batches += 1
        for datagram in datagrams:
            self._take(datagram.data)

    def receive_report(self, datagram, now):
        self._take(datagram.data)

    def crashed(self, error):
        self.crashes.append(error)

    def _take(self, what):
        self.received.append(what)
        if self.fault:
            raise self.fault


@pytest.fixture
async def mux():
    mux = Mux(clock=lambda: 100.0)
    mux.open(Address("127.0.0.1", 0))
    yield mux
    mux.close()


@pytest.fixture
def peer(mux):
    peer = FakePeer()
    mux.register("ours", peer)
    return peer


def validated(mux, peer, source=SOURCE):
    mux.route(module.Path(mux.ports[0], source), peer)


def send(mux, *datagrams, source=SOURCE):
    mux.ports[0].take([Run.of(source, datagrams)], 100.0)


async def test_a_check_finds_its_session_by_our_ufrag(mux, peer):
    send(mux, CHECK)
    assert peer.received == [("check", b"ours:theirs", SOURCE)]


async def test_nothing_but_a_check_passes_from_an_address_that_was_not_validated(mux, peer):
    send(mux, DTLS, SRTP)
    assert peer.received == []
    assert mux.counts.dropped == {"not_validated": 2}


async def test_the_first_byte_tells_media_from_dtls(mux, peer):
    validated(mux, peer)
    send(mux, DTLS, SRTP)
    assert peer.received == [DTLS, SRTP]
    assert (mux.counts.received, mux.counts.bytes) == (2, len(DTLS) + len(SRTP))


@pytest.mark.parametrize(
    ("datagram", "reason"),
    [
        (b"", "empty"),
        (SRTP + bytes(LONGEST_DATAGRAM), "oversized"),
        (SRTP[:11], "malformed"),
        (SRTCP[:11], "malformed"),
        (bytes(20), "malformed"),
        (CHECK.replace(b"ours", b"none"), "unknown_ufrag"),
        (b"\x01\x01" + CHECK[2:], "no_check"),
        (b"\x00\x03" + CHECK[2:], "no_check"),
        (b"\x40\x00\x00\x00", "unknown_protocol"),
        (b"\xff" * 40, "unknown_protocol"),
    ],
)
async def test_what_is_for_nobody_is_dropped_and_counted(mux, peer, datagram, reason):
    validated(mux, peer)
    send(mux, datagram)
    assert peer.received == []
    assert mux.counts.dropped == {reason: 1}


async def test_indications_keep_a_binding_open_and_say_nothing(mux, peer):
    validated(mux, peer)
    send(mux, INDICATION)
    assert peer.received == []
    assert mux.counts.dropped == {}


async def test_who_is_gone_gets_nothing(mux, peer):
    path = module.Path(mux.ports[0], SOURCE)
    mux.route(path, peer)
    other = FakePeer()
    mux.unroute(path, other)  # not its own
    send(mux, SRTP)
    mux.unroute(path, peer)
    mux.unregister("ours")
    send(mux, SRTP, CHECK)
    assert peer.received == [SRTP]


async def test_a_publisher_cannot_take_the_path_of_another_who_is_heard(mux, peer):
    victim = FakePeer(heard_at=99.0)
    validated(mux, victim)
    send(mux, CHECK)
    assert peer.received == []
    assert mux.counts.dropped == {"path_taken": 1}
    victim.heard_at = 90.0
    send(mux, CHECK)
    assert len(peer.received) == 1


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "::"])
@pytest.mark.parametrize("loop_type", [asyncio.SelectorEventLoop, uvloop.new_event_loop])
def test_both_families_and_both_loops_over_real_sockets(host, loop_type):
    async def main():
        mux = Mux()
        peer = FakePeer()
        address = mux.open(Address(host, 0))
        mux.register("ours", peer)
        family = socket.AF_INET6 if host == "::1" else socket.AF_INET
        with socket.socket(family, socket.SOCK_DGRAM) as client:
            client.setblocking(False)
            client.connect(("::1" if host == "::1" else "127.0.0.1", address.port))
            client.send(b"")
            client.send(bytes(9000))
            client.send(CHECK)
            await until(lambda: peer.received)
            source = peer.received[0][2]
            assert source[1] == client.getsockname()[1]
            path = module.Path(mux.ports[0], source)
            mux.route(path, peer)
            for _ in range(200):
                client.send(SRTP)
            await until(lambda: len(peer.received) == 201)
            assert 0 < peer.batches <= 200
            path.send(b"reply")
            assert await asyncio.get_running_loop().sock_recv(client, 100) == b"reply"
        assert mux.counts.dropped == {"empty": 1, "oversized": 1}
        assert mux.kernel_drops() == 0
        mux.close()
        path.send(b"too late")
        assert mux.counts.dropped["unsendable"] == 1

    with asyncio.Runner(loop_factory=loop_type) as runner:
        runner.run(main())


async def until(condition):
    async with asyncio.timeout(5):
        while not condition():
            await asyncio.sleep(0.001)


async def test_a_fault_of_one_session_is_its_own():
    mux = Mux()
    address = mux.open(Address("127.0.0.1", 0))
    bad, good = FakePeer(fault=RuntimeError("broken")), FakePeer()
    with socket.socket(type=socket.SOCK_DGRAM) as one, socket.socket(type=socket.SOCK_DGRAM) as other:
        for client, peer in ((one, bad), (other, good)):
            client.connect(tuple(address))
            mux.route(module.Path(mux.ports[0], client.getsockname()), peer)
            client.send(SRTP)
        await until(lambda: good.received)
    assert [str(error) for error in bad.crashes] == ["broken"]
    assert good.crashes == []
    mux.close()


async def test_a_fault_in_a_handshake_costs_nobody_what_was_read_with_it():
    mux = Mux()
    address = mux.open(Address("127.0.0.1", 0))
    bad, good = FakePeer(fault=RuntimeError("broken")), FakePeer()
    with socket.socket(type=socket.SOCK_DGRAM) as one, socket.socket(type=socket.SOCK_DGRAM) as other:
        for client, peer, datagram in ((one, bad, DTLS), (other, good, DTLS), (other, good, SRTP)):
            client.connect(tuple(address))
            mux.route(module.Path(mux.ports[0], client.getsockname()), peer)
            client.send(datagram)
        mux.catch_up()
    assert [str(error) for error in bad.crashes] == ["broken"]
    assert good.received == [DTLS, SRTP]
    mux.close()


def test_a_busy_port_is_an_os_error():
    with socket.socket(type=socket.SOCK_DGRAM) as holder:
        holder.bind(("127.0.0.1", 0))
        with pytest.raises(OSError, match="in use"):
            module._bind(Address(*holder.getsockname()))


def test_a_large_receive_buffer_is_asked_for():
    with module._bind(Address("127.0.0.1", 0)) as opened:
        granted = opened.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF) // 2
    most = int(Path("/proc/sys/net/core/rmem_max").read_text())
    assert granted == min(RECEIVE_BUFFER_BYTES, most)


@given(
    st.lists(
        st.binary(max_size=60) | st.sampled_from([CHECK, DTLS, SRTP, SRTCP, INDICATION]),
        min_size=1,
        max_size=30,
    )
)
def test_any_datagrams_are_delivered_or_counted(datagrams):
    async def main():
        mux = Mux(clock=lambda: 100.0)
        mux.open(Address("127.0.0.1", 0))
        peer = FakePeer()
        mux.register("ours", peer)
        validated(mux, peer)
        send(mux, *datagrams)
        mux.close()
        assert mux.counts.received == len(datagrams)
        indications = sum(data == INDICATION for data in datagrams)
        assert len(peer.received) + sum(mux.counts.dropped.values()) + indications == len(datagrams)

    asyncio.run(main())


async def test_media_among_other_datagrams_stay_in_order_and_come_last(mux, peer):
    validated(mux, peer)
    media = [bytes((0x80, 96)) + bytes((number,)) * 20 for number in range(4)]
    send(mux, media[0], CHECK, media[1], SRTP[:5], media[2], SRTCP, DTLS, media[3])
    assert peer.received == [("check", b"ours:theirs", SOURCE), SRTCP, DTLS, *media]
    assert peer.batches == 1
    assert mux.counts.dropped == {"malformed": 1}


async def test_nothing_is_read_over_what_is_being_worked_on() -> None:
    """A peer whose work leads to another read finds its datagrams as they were; what waits is read later."""

    class Greedy(FakePeer):
        def receive_media(self, datagrams, now):
            mux.catch_up()
            super().receive_media(datagrams, now)

    mux = Mux()
    address = mux.open(Address("127.0.0.1", 0))
    peer = Greedy()
    packets = [SRTP + bytes((number,)) for number in range(AT_ONCE + 3)]
    with socket.socket(type=socket.SOCK_DGRAM) as client:
        client.connect(tuple(address))
        mux.route(module.Path(mux.ports[0], client.getsockname()), peer)
        for packet in packets:
            client.send(packet)
        mux.catch_up()
    assert peer.received == packets
    assert peer.batches == 2
    mux.close()


async def test_catching_up_reads_all_that_waits_without_a_turn_of_the_loop() -> None:
    mux = Mux()
    address = mux.open(Address("127.0.0.1", 0))
    with socket.socket(type=socket.SOCK_DGRAM) as sender:
        for _ in range(150):
            sender.sendto(b"\x99nobody's", tuple(address))
        mux.catch_up()
    assert mux.counts.received == 150
    mux.close()


async def test_it_is_pressed_where_one_of_its_ports_is(monkeypatch) -> None:
    pressed = []
    monkeypatch.setattr(Reading, "is_pressed", property(lambda reading: reading in pressed))
    mux = Mux()
    assert not mux.is_pressed()
    for _ in range(2):
        mux.open(Address("127.0.0.1", 0))
    assert not mux.is_pressed()
    pressed.append(next(iter(mux.ports))._reading)
    assert mux.is_pressed()
    mux.close()
