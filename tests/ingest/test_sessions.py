"""Real publishers over real sockets; the hub is the real one too."""

import asyncio
import logging
import re
import socket
import time

import pytest
from aiortc import RTCRtpSender
from aiortc.rtp import RTCP_PSFB_APP, RtcpPsfbPacket, unpack_remb_fci
from peer import Publisher
from short_offers import offer
from test_ice import check

from edge.config import Address, Config
from edge.errors import (
    BadFragment,
    NameTaken,
    NotFound,
    Overloaded,
    PreconditionFailed,
    PreconditionRequired,
    TooManyRequests,
    UnsupportedCodec,
)
from edge.fmp4.inspect import parse_fragment
from edge.hls.segment import Part
from edge.ingest import bitrate_limit, room
from edge.ingest import session as session_module
from edge.ingest import sessions as module
from edge.ingest.ice import IceCredentials
from edge.ingest.inbox import Run
from edge.ingest.sessions import WhipSessions
from edge.live.hub import Hub


class Node:
    """Sessions, a hub, and what both need to run."""

    def __init__(self, **options: object) -> None:
        self.config = Config.model_validate(options)
        self.hub = Hub(self.config)
        self.sessions = WhipSessions(self.config, self.hub)
        self.ticking: asyncio.Task[None] | None = None

    async def open(self) -> None:
        await self.sessions.open(Address("127.0.0.1", 0))
        self.ticking = asyncio.create_task(self.tick())

    async def tick(self) -> None:
        while True:
            self.hub.tick(time.monotonic())
            await asyncio.sleep(0.05)

    async def close(self) -> None:
        await self.sessions.close()
        if self.ticking:
            self.ticking.cancel()

    async def post(self, body: bytes, *, stream: str = "mine", client: str = "192.0.2.1"):
        return await self.sessions.create(
            stream, body, token=None, client=client, base_url="http://edge", now=time.monotonic()
        )

    async def publish(self, publisher: Publisher, **options: str):
        created = await self.post(await publisher.offer(), **options)
        await publisher.accept(created.answer)
        return created

    def parts(self, stream: str = "mine") -> list[Part]:
        window = self.hub.get(stream).rendition.window
        numbers = range(window.media_sequence, window.last_complete + 1)
        return [part for number in numbers for part in window.segment(number).parts]


@pytest.fixture
async def node(request):
    node = Node(**getattr(request, "param", {}))
    await node.open()
    yield node
    await node.close()


@pytest.fixture
async def publisher():
    publisher = Publisher()
    yield publisher
    await publisher.close()


async def until(condition, timeout_s: float = 15.0):
    async with asyncio.timeout(timeout_s):
        while not (found := condition()):
            await asyncio.sleep(0.01)
        return found


def credentials(answer: str) -> IceCredentials:
    return IceCredentials(
        re.search(r"a=ice-ufrag:(\S+)", answer)[1], re.search(r"a=ice-pwd:(\S+)", answer)[1]
    )


async def test_a_publisher_becomes_a_playable_stream(node, publisher, caplog):
    with caplog.at_level(logging.INFO, "edge"):
        created = await node.publish(publisher)
        publication = await until(
            lambda: (p := node.hub.get("mine")) and p.rendition.window.is_playable and p
        )
    assert publication.state == "live"
    assert [track.codec_string[:4] for track in publication.tracks] == ["avc1", "mp4a"]
    assert (publication.tracks[0].width, publication.tracks[0].height) == (320, 240)
    assert [record.message for record in caplog.records][:2] == ["publisher.coming", "publisher.connected"]
    await publisher.close()
    await until(lambda: publication.state == "reconnecting")
    assert node.sessions.list() == []
    await node.sessions.delete("mine", created.session_id)
    await node.sessions.delete("mine", created.session_id)


async def test_the_answer_tells_where_we_are(node):
    created = await node.post(offer())
    port = node.sessions.mux.ports[0].address.port
    assert re.search(rf"a=candidate:.* 127\.0\.0\.1 {port} typ host", created.answer)
    assert "a=setup:passive" in created.answer
    assert "a=ice-lite" in created.answer
    assert re.fullmatch(r"[\w-]{32}", created.session_id)
    assert re.fullmatch(r'"\w+"', created.etag)


@pytest.mark.parametrize("node", [{"webrtc": {"max_bitrate": "1kbit"}}], indirect=True)
async def test_who_sends_more_than_allowed_is_asked_for_less_and_then_told_to_go(
    node, publisher, monkeypatch, caplog
):
    """Over sockets, in periods of a tenth: aiortc takes REMB as a limit of its encoder, which has a floor."""
    monkeypatch.setattr(bitrate_limit, "PERIOD_S", 0.2)
    asked = []
    handle = RTCRtpSender._handle_rtcp_packet

    async def heard(sender, packet):
        if isinstance(packet, RtcpPsfbPacket) and packet.fmt == RTCP_PSFB_APP:
            asked.append(unpack_remb_fci(packet.fci)[0])
        await handle(sender, packet)

    monkeypatch.setattr(RTCRtpSender, "_handle_rtcp_packet", heard)
    with caplog.at_level(logging.INFO, "edge"):
        await node.publish(publisher)
        await until(lambda: len(node.sessions.list()) == 1)
        await until(lambda: not node.sessions.list())
    (gone,) = [record for record in caplog.records if record.message == "publisher.gone"]
    assert gone.reason == "refused"
    assert "webrtc.max_bitrate" in gone.detail
    assert asked
    assert all(each <= 1000 for each in asked)


@pytest.mark.parametrize("node", [{"audio": {"codec": "opus"}}], indirect=True)
async def test_opus_passes_through_where_it_is_wanted(node, publisher):
    await node.publish(publisher)
    publication = await until(lambda: (p := node.hub.get("mine")) and p.tracks and p)
    assert publication.tracks[1].codec == "opus"


async def test_pictures_alone_come_with_silence(node):
    publisher = Publisher(audio=False)
    await node.publish(publisher)
    publication = await until(lambda: (p := node.hub.get("mine")) and p.rendition.window.is_playable and p)
    assert [track.kind for track in publication.tracks] == ["video", "audio"]
    runs = [run for part in node.parts() for run in parse_fragment(part.body)]
    assert {run.track_id for run in runs} == {1, 2}
    await publisher.close()


async def test_sound_alone_is_a_stream(node):
    publisher = Publisher(video=False)
    await node.publish(publisher)
    publication = await until(lambda: (p := node.hub.get("mine")) and p.rendition.window.is_playable and p)
    assert [track.kind for track in publication.tracks] == ["audio"]
    await publisher.close()


async def test_a_healthy_publisher_keeps_its_name(node, publisher):
    await node.publish(publisher)
    await until(lambda: (p := node.hub.get("mine")) and p.tracks)
    with pytest.raises(NameTaken):
        await node.post(offer())
    assert len(node.sessions.list()) == 1


@pytest.mark.parametrize("node", [{"live": {"takeover": True}}], indirect=True)
async def test_a_takeover_ends_the_first(node, publisher):
    await node.publish(publisher)
    await until(lambda: (p := node.hub.get("mine")) and p.tracks)
    first = node.sessions.list()[0]
    second = Publisher()
    await node.publish(second)
    assert first.reason == "replaced"
    await until(lambda: [one.is_connected for one in node.sessions.list()] == [True])
    await second.close()


@pytest.mark.parametrize(
    "node",
    [{"live": {"takeover": takeover}, "webrtc": {"max_sessions": 1}} for takeover in (True, False)],
    indirect=True,
)
async def test_on_a_full_server_who_is_replaced_gives_its_place_too(node, publisher):
    """A publisher that dropped and is back at once, before it was missed."""
    await node.publish(publisher)
    publication = await until(lambda: (p := node.hub.get("mine")) and p.tracks and p)
    (first,) = node.sessions.list()
    with pytest.raises(Overloaded, match="max_sessions"):
        await node.post(offer(), stream="other")
    if not node.config.live.takeover:
        with pytest.raises(Overloaded, match="max_sessions"):
            await node.post(offer())
        first._mux.close()  # its network is away
        await until(lambda: publication.state == "reconnecting")
    await node.post(offer())
    assert first.reason == "replaced"
    assert len(node.sessions.list()) == 1
    with pytest.raises(Overloaded, match="max_sessions"):
        await node.post(offer(), stream="other")


async def test_what_nobody_can_play_is_refused_and_takes_no_name(node):
    vp8 = offer(audio=False).replace(b"H264/90000", b"VP8/90000")
    with pytest.raises(UnsupportedCodec):
        await node.post(vp8)
    assert node.sessions.list() == []
    await node.post(offer())


async def test_an_answer_that_cannot_be_made_gives_the_name_back(node, monkeypatch):
    def broken(session):
        raise RuntimeError("broken")

    with monkeypatch.context() as patch:
        patch.setattr(node.sessions, "_answer", broken)
        with pytest.raises(RuntimeError):
            await node.post(offer())
    assert node.sessions.list() == []
    await node.post(offer())


async def test_who_never_connects_is_forgotten(node, monkeypatch):
    monkeypatch.setattr(session_module, "CONNECT_S", 0.05)
    created = await node.post(offer())
    session = node.sessions.list()[0]
    await until(lambda: session.reason)
    assert session.reason == "unreachable"
    assert node.sessions.mux.by_ufrag == {}
    await node.sessions.delete("mine", created.session_id)
    await node.post(offer())


async def test_unconnected_sessions_of_an_address_are_bounded(node, monkeypatch):
    monkeypatch.setattr(room, "MOST_PENDING", 3)
    for number in range(3):
        await node.post(offer(), stream=f"s{number}")
    with pytest.raises(TooManyRequests):
        await node.post(offer(), stream="s4")
    await node.post(offer(), stream="s4", client="192.0.2.99")


@pytest.mark.parametrize("node", [{"webrtc": {"max_sessions": 2}}], indirect=True)
async def test_sessions_are_bounded(node):
    for number in range(2):
        await node.post(offer(), stream=f"s{number}")
    with pytest.raises(Overloaded, match="max_sessions"):
        await node.post(offer(), stream="s3")


@pytest.mark.parametrize("node", [{"limits": {"publishers_per_address": 2}}], indirect=True)
async def test_sessions_of_an_address_are_bounded(node):
    """Of an IPv6 host: of all the addresses that it has to itself."""
    for number in range(2):
        await node.post(offer(), stream=f"s{number}", client=f"2001:db8::{number}")
        await node.post(offer(), stream=f"t{number}", client="127.0.0.1")
    with pytest.raises(Overloaded, match="publishers_per_address"):
        await node.post(offer(), stream="s3", client="2001:db8::99")
    await node.post(offer(), stream="s3", client="2001:db8:0:1::1")
    await node.post(offer(), stream="t3", client="127.0.0.1")


@pytest.mark.parametrize("node", [{"limits": {"ingest_bitrate": "1Mbit"}}], indirect=True)
async def test_what_publishers_send_together_is_bounded(node, publisher, monkeypatch):
    """Who has just come counts as much as it may send, then as much as it sends."""
    monkeypatch.setattr(bitrate_limit, "PERIOD_S", 0.2)
    await node.publish(publisher)
    (session,) = node.sessions.list()
    assert session.bitrate == 8_000_000
    with pytest.raises(Overloaded, match=r"8\.0 Mbit/s .* limits\.ingest_bitrate\)"):
        await node.post(offer(), stream="s2")
    await until(lambda: 0 < session.bitrate < 1_000_000)
    await node.post(offer(), stream="s2")
    with pytest.raises(Overloaded, match="ingest_bitrate"):
        await node.post(offer(), stream="s3")
    assert session.reason is None, "who is here stays"


async def test_a_session_is_found_by_its_own_address_only(node):
    created = await node.post(offer())
    for stream, session_id in (("other", created.session_id), ("mine", "unknown")):
        with pytest.raises(NotFound):
            await node.sessions.delete(stream, session_id)
        with pytest.raises(NotFound):
            await node.sessions.trickle_or_restart(stream, session_id, b"", "*")
    await node.sessions.delete("mine", created.session_id)
    with pytest.raises(NotFound):
        await node.sessions.delete("other", created.session_id)
    with pytest.raises(NotFound):
        await node.sessions.trickle_or_restart("mine", created.session_id, b"", "*")


async def test_an_ended_session_is_forgotten_after_a_while(node, monkeypatch):
    monkeypatch.setattr(module, "GRACE_S", -1.0)
    monkeypatch.setattr(module, "INTERVAL_S", 0.0)
    created = await node.post(offer())
    await node.sessions.delete("mine", created.session_id)
    await until(lambda: not node.sessions._ended)
    with pytest.raises(NotFound):
        await node.sessions.delete("mine", created.session_id)


def fragment(ufrag: str = "them", password: str = "their-password-of-32-characters+") -> bytes:
    return f"a=ice-ufrag:{ufrag}\r\na=ice-pwd:{password}\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:0\r\n".encode()


async def test_candidates_are_taken_and_not_needed(node):
    created = await node.post(offer())
    candidates = fragment() + b"a=candidate:1 1 udp 2130706431 192.0.2.1 1000 typ host\r\n"
    patched = await node.sessions.trickle_or_restart("mine", created.session_id, candidates, created.etag)
    assert (patched.status, patched.body, patched.etag) == (204, None, None)
    with pytest.raises(PreconditionRequired):
        await node.sessions.trickle_or_restart("mine", created.session_id, candidates, None)
    with pytest.raises(PreconditionFailed):
        await node.sessions.trickle_or_restart("mine", created.session_id, candidates, '"another"')


async def test_a_restart_gives_new_credentials_and_keeps_the_old_until_they_are_used(node):
    created = await node.post(offer())
    body = fragment("again", "another-password-of-32-characters")
    patched = await node.sessions.trickle_or_restart("mine", created.session_id, body, "*")
    old, new = credentials(created.answer), credentials(patched.body)
    assert patched.status == 200
    assert patched.etag != created.etag
    assert old.ufrag != new.ufrag
    assert "a=candidate:" in patched.body
    with socket.socket(type=socket.SOCK_DGRAM) as client:
        client.connect(tuple(node.sessions.mux.ports[0].address))
        client.setblocking(False)
        loop = asyncio.get_running_loop()
        for username, password in (
            (f"{old.ufrag}:them", old.password),
            (f"{new.ufrag}:again", new.password),
        ):
            client.send(check(username, password, USE_CANDIDATE=None).raw)
            assert await asyncio.wait_for(loop.sock_recv(client, 2000), 5)
    assert set(node.sessions.mux.by_ufrag) == {new.ufrag.encode()}
    await node.sessions.trickle_or_restart("mine", created.session_id, body, patched.etag)


async def test_a_restart_that_fails_leaves_the_session_as_it_was(node, publisher):
    created = await node.publish(publisher)
    (session,) = node.sessions.list()
    await until(lambda: session.is_connected)
    before = session.credentials, session.entity_tag
    for body, if_match, error in (
        (fragment("again"), '"another"', PreconditionFailed),
        (fragment("again"), None, PreconditionRequired),
        (b"a=ice-ufrag:again", "*", BadFragment),
    ):
        with pytest.raises(error):
            await node.sessions.trickle_or_restart("mine", created.session_id, body, if_match)
    assert (session.credentials, session.entity_tag) == before
    assert session.is_connected
    assert len(node.sessions.mux.by_ufrag) == 1


async def test_hostile_datagrams_harm_nobody(node, publisher):
    created = await node.publish(publisher)
    session = node.sessions.list()[0]
    await until(lambda: session.is_connected)
    ours = credentials(created.answer)
    wrong = check(f"{ours.ufrag}:them", "wrong").raw
    hostile = [
        b"",
        bytes((0x80,)) * 1501,
        b"\x80",
        b"\x16",
        b"\x00" * 20,
        b"\xff" * 100,
        wrong,
        b"\x80\xc8" + bytes(30),
    ]
    path = next(iter(node.sessions.mux.ports[0].routes))
    with socket.socket(type=socket.SOCK_DGRAM) as stranger:
        stranger.connect(tuple(node.sessions.mux.ports[0].address))
        for datagram in hostile:
            stranger.send(datagram)
            forged = Run.of(path, [datagram])
            node.sessions.mux.ports[0].take([forged], time.monotonic())
    received = session.intake.video.counts().packets
    await until(lambda: session.intake.video.counts().packets > received + 30)
    assert session.is_connected
    assert session.dtls.unauthentic >= 1
    dropped = node.sessions.mux.counts.dropped
    assert dropped["empty"] >= 2
    assert dropped["oversized"] >= 2
    assert dropped["malformed"] >= 2
    assert dropped["not_validated"] >= 2


async def test_media_from_another_address_does_not_reach_a_session(node, publisher):
    await node.publish(publisher)
    session = node.sessions.list()[0]
    await until(lambda: session.is_connected)
    before = session.dtls.unauthentic
    with socket.socket(type=socket.SOCK_DGRAM) as stranger:
        stranger.connect(tuple(node.sessions.mux.ports[0].address))
        for _ in range(50):
            stranger.send(b"\x80\x60" + bytes(100))
    await until(lambda: node.sessions.mux.counts.dropped.get("not_validated", 0) >= 50)
    assert session.dtls.unauthentic == before


async def test_a_fault_of_one_session_ends_only_that_one(node, publisher, caplog):
    other = Publisher()
    await node.publish(publisher)
    await node.publish(other, stream="other")
    await until(lambda: [one.is_connected for one in node.sessions.list()] == [True, True])
    broken, healthy = node.sessions.list()

    def fail(data, now):
        raise RuntimeError("planted")

    broken.intake.rtp = fail
    with caplog.at_level(logging.ERROR):
        await until(lambda: broken.reason)
    assert broken.reason == "fault"
    assert "planted" in caplog.text
    assert healthy.is_connected
    assert node.sessions.list() == [healthy]
    await other.close()


async def test_silence_of_the_network_ends_a_session(node, publisher):
    await node.publish(publisher)
    session = node.sessions.list()[0]
    await until(lambda: session.is_connected and session.intake.ssrcs)
    session._silence_s = -1.0
    await until(lambda: session.reason)
    assert session.reason == "silent"


@pytest.mark.parametrize("node", [{"live": {"reconnect_window": "3s"}}], indirect=True)
async def test_a_silent_publisher_has_as_long_as_its_viewers_and_then_publishes_anew(node):
    """The one that comes back late by an ICE restart finds its session gone (RFC 9725, 4.3), its name free."""
    created = await node.post(offer())
    (session,) = node.sessions.list()
    assert session._silence_s == 3
    session.connected_at, session.heard_at = session.began_at, time.monotonic() - 5
    session.intake.ssrcs.add(1)
    await until(lambda: session.reason)
    assert session.reason == "silent"
    with pytest.raises(NotFound):
        await node.sessions.trickle_or_restart("mine", created.session_id, fragment("again"), "*")
    await node.sessions.delete("mine", created.session_id)
    await node.post(offer())


async def test_closing_ends_everything(publisher):
    node = Node()
    await node.open()
    await node.publish(publisher)
    session = node.sessions.list()[0]
    await until(lambda: session.is_connected)
    await node.close()
    assert session.reason == "shutdown"
    assert node.sessions.mux.ports == []
    await until(lambda: publisher.connection.connectionState == "closed")


async def test_making_an_answer_is_quick(node):
    took = []
    for number in range(30):
        began = time.perf_counter()
        created = await node.post(offer(), stream=f"s{number}", client=f"192.0.2.{number}")
        took.append(time.perf_counter() - began)
        await node.sessions.delete(f"s{number}", created.session_id)
    assert sorted(took)[len(took) // 2] < 0.015
