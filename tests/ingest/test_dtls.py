import asyncio

import pytest
from aiortc import RTCCertificate, RTCDtlsTransport
from dtls_peer import Pair
from OpenSSL import SSL

from edge.ingest import dtls
from edge.ingest.dtls import HandshakeFailed, Identities, Identity
from edge.ingest.slot import filled

RTP = bytes.fromhex("80600001 00000001 cafebabe") + b"payload"
SENDER_REPORT = bytes.fromhex("80c80006 cafebabe") + bytes(20)


def unprotect(ours, *packets):
    """What comes out, copied from where it lies."""
    return [octets[begin:end] for octets, begin, end in ours.unprotect_rtp(filled(packets))]


def unprotect_rtcp(ours, packet):
    return ours.unprotect_rtcp(*filled([packet]))


@pytest.fixture
async def pair():
    pair = Pair()
    await pair.connect()
    yield pair
    await pair.close()


@pytest.mark.parametrize("is_server", [True, False])
async def test_a_handshake_in_either_role_gives_keys(is_server):
    pair = Pair(is_server=is_server)
    assert not pair.ours.is_connected
    await pair.connect()
    assert pair.ours.is_connected
    assert unprotect(pair.ours, pair.peer._tx_srtp.protect(RTP)) == [RTP]
    assert unprotect_rtcp(pair.ours, pair.peer._tx_srtp.protect_rtcp(SENDER_REPORT)) == SENDER_REPORT
    assert pair.peer._rx_srtp.unprotect_rtcp(pair.ours.protect_rtcp(SENDER_REPORT)) == SENDER_REPORT
    await pair.close()


def test_no_memory_is_asked_for_that_is_written_and_executed(monkeypatch):
    """pyOpenSSL's own callbacks need it, and the unit's MemoryDenyWriteExecute= refuses it."""
    monkeypatch.setattr(SSL, "_VerifyHelper", None)
    ssl_context(Identity.generate().certificate)
    with pytest.raises(TypeError):
        ssl_context(RTCCertificate.generateCertificate())


def ssl_context(certificate):
    return certificate._create_ssl_context(RTCDtlsTransport(Pair().ours._pipe, [certificate])._srtp_profiles)


async def test_forged_and_repeated_packets_are_counted_apart(pair):
    packet = pair.peer._tx_srtp.protect(RTP)
    forged = packet[:-1] + bytes((packet[-1] ^ 1,))
    assert unprotect(pair.ours, forged) == []
    assert unprotect(pair.ours, packet) == [RTP]
    assert unprotect(pair.ours, packet) == []
    assert (pair.ours.unauthentic, pair.ours.replayed) == (1, 1)


async def test_packets_are_opened_where_they_lie_and_what_fails_touches_no_other(pair):
    sent = [RTP[:2] + number.to_bytes(2) + RTP[4:] + bytes(number) for number in range(1, 6)]
    packets = [pair.peer._tx_srtp.protect(one) for one in sent]
    packets[1] = packets[1][:20] + bytes((packets[1][20] ^ 1,)) + packets[1][21:]
    packets[3] = packets[3][:15]
    lie = filled(packets)
    opened = pair.ours.unprotect_rtp(lie)
    assert [(octets, begin) for octets, begin, _ in opened] == [
        (lie[number].octets, lie[number].begin) for number in (0, 2, 4)
    ]
    assert [octets[begin:end] for octets, begin, end in opened] == [sent[0], sent[2], sent[4]]
    assert pair.ours.unauthentic == 2


async def test_a_slot_serves_again_after_it_was_opened(pair):
    (slot,) = filled([b""])
    for number in range(3):
        packet = RTP[:2] + number.to_bytes(2) + RTP[4:] + bytes(3 - number)
        slot.put(pair.peer._tx_srtp.protect(packet))
        ((octets, begin, end),) = pair.ours.unprotect_rtp([slot])
        assert octets[begin:end] == packet


@pytest.mark.parametrize("size", [1, 11, 12, 13, 28, 1500])
async def test_any_length_up_to_a_datagram_is_judged(pair, size):
    packet = (bytes((0x80, 96)) + bytes(1500))[:size]
    assert unprotect(pair.ours, packet) == []
    assert unprotect_rtcp(pair.ours, packet) is None
    assert pair.ours.unauthentic == 2


async def test_before_the_handshake_there_is_no_media():
    ours = Pair().ours
    assert unprotect(ours, RTP) == []
    assert ours.protect_rtcp(SENDER_REPORT) is None
    assert unprotect_rtcp(ours, SENDER_REPORT) is None
    assert (ours.unauthentic, ours.keyless) == (0, 2)
    await ours.close()


async def test_close_notify_is_told_once_and_ends_media(pair):
    packet = pair.peer._tx_srtp.protect(RTP)
    await pair.peer.stop()
    async with asyncio.timeout(5):
        while not pair.closed:
            await asyncio.sleep(0)
    assert not pair.ours.is_connected
    assert unprotect(pair.ours, packet) == []
    await pair.ours.close()
    assert pair.closed == 1


async def test_our_own_close_is_told_to_the_peer_but_not_to_us(pair):
    await pair.ours.close()
    async with asyncio.timeout(5):
        while pair.peer.state != "closed":
            await asyncio.sleep(0)
    assert pair.closed == 0


async def test_another_certificate_than_that_of_the_offer_is_refused():
    pair = Pair(fingerprints=[("sha-256", ":".join(["00"] * 32))])
    with pytest.raises(HandshakeFailed, match="not the one of the offer") as caught:
        await pair.connect()
    assert caught.value.reason == "refused"
    await pair.close()


async def test_fingerprints_are_compared_without_case():
    pair = Pair()
    kind, value = pair.ours._fingerprints[0].algorithm, pair.ours._fingerprints[0].value
    pair.ours._fingerprints[:] = [type(pair.ours._fingerprints[0])(kind.upper(), value.lower())]
    await pair.connect()
    assert pair.ours.is_connected
    await pair.close()


async def test_silence_is_given_up(monkeypatch):
    monkeypatch.setattr(dtls, "HANDSHAKE_S", 0.01)
    pair = Pair()
    with pytest.raises(HandshakeFailed) as caught:
        await pair.ours.handshake()
    assert caught.value.reason == "timeout"
    await pair.close()


async def test_garbage_before_and_after_the_handshake_harms_nobody():
    pair = Pair()
    for _ in range(200):
        pair.ours.receive(b"\x16garbage")
    await pair.connect()
    for _ in range(200):
        pair.ours.receive(b"\x17garbage")
        await asyncio.sleep(0)
    assert unprotect(pair.ours, pair.peer._tx_srtp.protect(RTP)) == [RTP]
    await pair.close()


def test_a_refused_curve_is_told_with_its_mend():
    failure = dtls._explain(["wrong curve"])
    assert failure.reason == "wrong_curve"
    assert "-cert_file" in failure.detail


def test_one_certificate_serves_a_day():
    identities = Identities()
    first = identities.current(now=1000.0)
    assert identities.current(now=1000.0 + 86_399) is first
    second = identities.current(now=1000.0 + 86_400)
    assert second.fingerprint != first.fingerprint
    assert identities.current(now=1000.0 + 90_000) is second


def test_the_fingerprint_is_written_as_sdp_writes_it():
    octets = Identity.generate().fingerprint.split(":")
    assert len(octets) == 32
    assert all(len(one) == 2 and one == one.upper() for one in octets)
