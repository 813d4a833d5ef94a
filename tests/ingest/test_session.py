"""One session with a mux without sockets; the peer's DTLS is aiortc's."""

import asyncio
import logging

import pytest
from aiortc import RTCCertificate, RTCDtlsFingerprint, RTCDtlsParameters, RTCDtlsTransport
from dtls_peer import Link
from short_offers import offer
from test_ice import check
from test_intake import STAP_A, VIDEO, rtp, sender_report
from units import FakePublication

from edge.errors import NameTaken
from edge.ingest.dtls import Identity
from edge.ingest.ice import MOST_PATHS
from edge.ingest.mux import Mux, Path
from edge.ingest.sdp import negotiate, parse_offer
from edge.ingest.session import CONNECT_S, MOST_SSRCS, SILENT_S, WhipSession, silence_allowed
from edge.ingest.slot import filled

HERE = ("192.0.2.1", 1000)
THERE = ("192.0.2.2", 2000)
IDENTITY = Identity.generate()
CERTIFICATE = RTCCertificate.generateCertificate()


class FakePort:
    def __init__(self):
        self.routes = {}
        self.sent = []
        self.forward = lambda datagram: None

    def send(self, datagram, source):
        self.sent.append((source, datagram))
        if datagram[0] > 3:
            self.forward(datagram)


class FakeIntake:
    def __init__(self):
        self.received = []
        self.reports = []
        self.ticks = []
        self.requested = 0
        self.refusal = None
        self.ssrcs = set()
        self.video = self.audio = None

    def rtp(self, pieces, now):
        if self.refusal:
            raise self.refusal
        packets = [octets[begin:end] for octets, begin, end in pieces]
        self.received += packets
        self.ssrcs.update(int.from_bytes(packet[8:12]) for packet in packets)

    def rtcp(self, data, now):
        self.reports.append(data)

    def tick(self, now, heard_at):
        if self.refusal:
            raise self.refusal
        self.ticks.append((now, heard_at))

    def request_key_frame(self, now):
        self.requested += 1


class Rig:
    def __init__(self):
        fingerprint = next(one.value for one in CERTIFICATE.getFingerprints() if one.algorithm == "sha-256")
        self.now = 100.0
        self.mux, self.port = Mux(), FakePort()
        self.intake, self.publication = FakeIntake(), FakePublication()
        self.ended, self.closed = [], []
        self.session = WhipSession(
            "mine",
            negotiate(parse_offer(offer(fingerprint=fingerprint))),
            client="192.0.2.1",
            mux=self.mux,
            identity=IDENTITY,
            clock=lambda: self.now,
            ended=lambda session, reason: self.ended.append(reason),
        )
        self.session.feed(self.publication, self.intake, lambda: self.closed.append(True))
        self.link = Link()
        self.link.deliver = lambda datagram: self.session.receive_dtls(datagram, self.now)
        self.port.forward = self.link.incoming.put_nowait
        self.peer = RTCDtlsTransport(self.link, [CERTIFICATE])
        self.peer._set_role("client")

    def check(self, source=HERE, *, their_ufrag="them", **attributes):
        ours = self.session.credentials
        message = check(f"{ours.ufrag}:{their_ufrag}", ours.password, **attributes)
        self.session.receive_check(message, Path(self.port, source), self.now)

    async def connect(self):
        self.check(USE_CANDIDATE=None)
        await self.peer.start(RTCDtlsParameters([RTCDtlsFingerprint("sha-256", IDENTITY.fingerprint)]))
        await until(lambda: self.session.is_connected)

    def send(self, packet):
        if packet[1] == 200:
            (report,) = filled([self.peer._tx_srtp.protect_rtcp(packet)])
            self.session.receive_report(report, self.now)
        else:
            self.session.receive_media(filled([self.peer._tx_srtp.protect(packet)]), self.now)


async def until(condition):
    async with asyncio.timeout(5):
        while not condition():
            await asyncio.sleep(0.001)


@pytest.fixture
async def rig():
    rig = Rig()
    yield rig
    rig.session.end("shutdown")
    await rig.session.closed()
    await rig.peer.stop()


async def test_a_valid_check_is_answered_and_begins_the_handshake(rig):
    assert set(rig.mux.by_ufrag.values()) == {rig.session}
    await rig.connect()
    assert rig.port.routes == {HERE: rig.session}
    assert rig.session.heard_at == 100.0
    rig.send(rtp(1, STAP_A))
    rig.send(sender_report(VIDEO))
    assert rig.intake.received == [rtp(1, STAP_A)]
    assert rig.intake.reports == [sender_report(VIDEO)]


async def test_a_check_that_is_not_valid_changes_nothing(rig):
    rig.check(their_ufrag="stranger")
    assert rig.port.sent == []
    assert rig.port.routes == {}
    assert rig.mux.counts.dropped == {"unauthentic_check": 1}


async def test_checks_and_handshakes_beyond_what_one_peer_needs_are_counted(rig):
    for _ in range(205):
        rig.check(their_ufrag="stranger")
    for _ in range(70):
        rig.session.receive_dtls(b"\x16garbage", rig.now)
    assert rig.mux.counts.dropped == {"unauthentic_check": 200, "too_many_checks": 5, "dtls_queue_full": 6}


async def test_only_what_is_authentic_keeps_a_session_alive(rig):
    await rig.connect()
    rig.now = 105.0
    rig.session.receive_media(filled([b"\x80\x60" + bytes(60)]), rig.now)
    rig.session.receive_report(*filled([b"\x80\xc8" + bytes(60)]), rig.now)
    rig.session.receive_dtls(b"\x17garbage", rig.now)
    rig.check(their_ufrag="stranger")
    assert rig.session.heard_at == 100.0
    assert rig.intake.received == []
    for sign_of_life in (lambda: rig.send(rtp(1)), lambda: rig.send(sender_report(VIDEO)), rig.check):
        rig.now += 1
        sign_of_life()
        assert rig.session.heard_at == rig.now


async def test_a_session_that_moves_is_answered_at_its_new_address(rig):
    await rig.connect()
    rig.check(THERE, USE_CANDIDATE=None)
    assert rig.port.routes == {HERE: rig.session, THERE: rig.session}
    rig.port.sent.clear()
    rig.session.send_rtcp(sender_report(1))
    assert [source for source, _ in rig.port.sent] == [THERE]


async def test_silence_is_the_end(rig):
    await rig.connect()
    rig.session.tick(100.0 + SILENT_S)
    assert rig.intake.ticks == [(100.0 + SILENT_S, 100.0)]
    rig.session.tick(100.1 + SILENT_S)
    assert rig.ended == ["silent"]
    rig.session.tick(101.0 + SILENT_S)
    assert len(rig.intake.ticks) == 1


@pytest.mark.parametrize(("window_s", "allowed_s"), [(0, 2), (2, 2), (3, 3), (12, 12), (30, 12)])
def test_silence_is_allowed_while_viewers_are_kept_and_another_may_not_take_over(window_s, allowed_s):
    assert silence_allowed(window_s) == allowed_s


async def test_where_viewers_are_kept_for_three_seconds_so_is_a_silent_publisher(rig):
    rig.session._silence_s = silence_allowed(3)
    await rig.connect()
    rig.send(rtp(1))
    rig.session.tick(103.0)
    assert rig.ended == []
    rig.now = 103.1
    rig.session.tick(rig.now)
    assert rig.ended == ["silent"]
    assert rig.publication.left == [(103.1, 100.0)], "and when it was last heard is told"


async def test_a_publisher_may_take_its_time_until_its_first_media(rig):
    rig.session._silence_s = silence_allowed(0)
    await rig.connect()
    rig.session.tick(100.0 + SILENT_S)
    assert rig.ended == []


async def test_what_comes_too_late_is_not_taken(rig):
    """It was silent for five seconds where three are allowed: it has to publish again, as after twelve."""
    rig.session._silence_s = silence_allowed(3)
    await rig.connect()
    rig.send(rtp(1))
    rig.now = 105.0
    rig.session.tick(rig.now)
    rig.send(rtp(2))
    rig.check(USE_CANDIDATE=None)
    assert rig.ended == ["silent"]
    assert rig.intake.received == [rtp(1)]
    assert rig.mux.by_ufrag == {}
    await rig.session.closed()
    assert rig.port.routes == {}


async def test_a_handshake_counts_as_heard(rig):
    """It may take longer than silence is allowed; the checks were before it."""
    rig.check(USE_CANDIDATE=None)
    rig.now = 107.0
    await rig.peer.start(RTCDtlsParameters([RTCDtlsFingerprint("sha-256", IDENTITY.fingerprint)]))
    await until(lambda: rig.session.is_connected)
    assert rig.session.heard_at == 107.0


async def test_who_is_not_reached_in_time_is_given_up(rig):
    rig.session.tick(100.0 + CONNECT_S)
    assert rig.ended == []
    rig.session.tick(100.1 + CONNECT_S)
    assert rig.ended == ["unreachable"]


async def test_the_end_leaves_nothing_behind(rig):
    await rig.connect()
    rig.session.end("deleted")
    rig.session.end("silent")
    await rig.session.closed()
    assert rig.ended == ["deleted"]
    assert rig.closed == [True]
    assert rig.publication.calls == [("detach", rig.session)]
    assert rig.mux.by_ufrag == {}
    assert rig.port.routes == {}
    await until(lambda: rig.peer.state == "closed")
    rig.session.receive_media(filled([b"\x80\x60" + bytes(60)]), rig.now)
    rig.session.receive_report(*filled([b"\x80\xc8" + bytes(60)]), rig.now)
    assert not rig.session.is_connected


async def test_close_notify_ends_it_at_once(rig):
    await rig.connect()
    await rig.peer.stop()
    await until(lambda: rig.ended)
    assert rig.ended == ["closed"]


async def test_a_handshake_that_fails_is_told(rig, caplog):
    rig.session.dtls._fingerprints[0].value = "00"
    with caplog.at_level(logging.WARNING):
        rig.check(USE_CANDIDATE=None)
        await rig.peer.start(RTCDtlsParameters([RTCDtlsFingerprint("sha-256", IDENTITY.fingerprint)]))
        await until(lambda: rig.ended)
    assert rig.ended == ["handshake"]
    assert "not the one of the offer" in caplog.records[0].detail


async def test_a_restart_is_complete_with_the_first_check_that_uses_it(rig):
    await rig.connect()
    before = rig.session.credentials, rig.session.entity_tag
    rig.session.restart("again", "p" * 22)
    assert (rig.session.credentials, rig.session.entity_tag) != before
    assert len(rig.mux.by_ufrag) == 2
    rig.session.restart("more", "q" * 22)
    assert len(rig.mux.by_ufrag) == 2
    rig.check(THERE, their_ufrag="more")
    assert list(rig.mux.by_ufrag) == [rig.session.credentials.ufrag.encode()]
    assert rig.session.remote_credentials == ("more", "q" * 22)
    rig.send(rtp(1))
    assert len(rig.intake.received) == 1, "media goes on"


async def test_sources_are_bounded_and_the_bound_is_not_for_strangers_to_use_up(rig):
    await rig.connect()
    for ssrc in range(1000):
        forged = b"\x80\x60" + bytes(6) + ssrc.to_bytes(4) + bytes(40)
        rig.session.receive_media(filled([forged]), rig.now)
    for ssrc in range(MOST_SSRCS + 5):
        rig.send(rtp(1, ssrc=ssrc))
    assert len(rig.intake.received) == MOST_SSRCS
    assert rig.session.unknown_ssrcs == 5


@pytest.mark.parametrize("when", ["packet", "tick"])
async def test_what_the_publication_refuses_ends_it(rig, when):
    await rig.connect()
    rig.intake.refusal = NameTaken("someone else publishes")
    if when == "packet":
        rig.send(rtp(1))
    else:
        rig.session.tick(100.0)
    assert rig.ended == ["refused"]


async def test_a_fault_ends_it_with_a_traceback(rig, caplog):
    with caplog.at_level(logging.ERROR):
        try:
            raise RuntimeError("planted")
        except RuntimeError as error:
            rig.session.crashed(error)
    assert rig.ended == ["fault"]
    assert "planted" in caplog.text


async def test_a_publication_may_ask_and_dismiss(rig):
    rig.session.request_key_frame()
    assert rig.intake.requested == 1
    rig.session.close("taken over")
    assert rig.ended == ["replaced"]


async def test_paths_that_are_forgotten_are_not_routed(rig):
    for port in range(1, 30):
        rig.check(("192.0.2.9", port))
    assert len(rig.port.routes) == MOST_PATHS
