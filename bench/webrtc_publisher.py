"""A cheap WHIP publisher: real ICE, DTLS and SRTP, pictures encoded before; thousands of packets a second a core."""

import asyncio
import secrets
import socket
import struct
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import aiohttp
from aioice import stun
from aiortc import RTCCertificate, RTCDtlsFingerprint, RTCDtlsParameters, RTCDtlsTransport

MTU = 1200
VIDEO_PT, AUDIO_PT = 96, 111
TWCC_ID = 3
OPUS_PACKET = b"\xfc" + bytes(range(80))
NTP_EPOCH = 2_208_988_800
PAYLOAD_FEEDBACK, PLI = 206, 1  # RFC 4585, 6.1 and 6.3.1


class Datagrams:
    """What aiortc's DTLS transport wants of an ICE transport, over one connected UDP socket."""

    role = "controlling"
    state = "completed"

    def __init__(self, remote: tuple[str, int]) -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setblocking(False)
        self.socket.connect(remote)
        self.queue: asyncio.Queue[bytes] = asyncio.Queue()
        self.take_media: Callable[[bytes], None] = print  # until somebody listens

    async def _recv(self) -> bytes:
        return await self.queue.get()

    async def _send(self, data: bytes) -> None:
        self.socket.send(data)

    def pump(self) -> None:
        while True:
            try:
                data = self.socket.recv(2048)
            except (BlockingIOError, ConnectionRefusedError):
                return
            if data and 20 <= data[0] < 64:
                self.queue.put_nowait(data)
            elif data and 127 < data[0] < 192:
                self.take_media(data)


@dataclass
class Publisher:
    """One publisher of a clip that begins with its only key frame, and again when one is asked for.

    So it has key frames when they are asked for, as an encoder of a browser, and else where the clip ends.
    """

    clip: list[list[bytes]]
    fps: int
    packets_sent: int = 0
    post_s: float = 0.0
    connected_at: float = 0.0
    first_key_at: float = 0.0
    sent_at: list[float] = field(default_factory=list)
    """Monotonic seconds at which the last packet of each picture was sent."""
    key_requests: int = 0
    picture: int = 0
    sequence: dict[int, int] = field(default_factory=lambda: {VIDEO_PT: 0, AUDIO_PT: 0})
    transport_sequence: int = 0

    async def connect(self, http: aiohttp.ClientSession, url: str) -> None:
        """POST, check, handshake. AssertionError where the server refuses."""
        await self._connect_media(await self.post(http, url))

    async def post(self, http: aiohttp.ClientSession, url: str) -> str:
        """The server's answer to an offer. AssertionError where it refuses."""
        self.certificate = RTCCertificate.generateCertificate()
        self.ufrag, password = secrets.token_hex(4), secrets.token_hex(16)
        self.ssrc = {VIDEO_PT: secrets.randbits(32), AUDIO_PT: secrets.randbits(32)}
        offer = _offer(self.ufrag, password, self.certificate.getFingerprints()[0].value, self.ssrc)
        started = time.perf_counter()
        async with http.post(url, data=offer, headers={"Content-Type": "application/sdp"}) as response:
            answer = await response.text()
            self.post_s = time.perf_counter() - started
            assert response.status == 201, answer
            self.resource = str(response.url.join(response.url.__class__(response.headers["Location"])))
        return answer

    async def _connect_media(self, answer: str) -> None:
        lines = answer.splitlines()
        value = lambda name: next(line for line in lines if line.startswith(name)).removeprefix(name)  # noqa: E731
        address = value("a=candidate:").split()[4:6]
        self.ice = Datagrams((address[0], int(address[1])))
        asyncio.get_running_loop().add_reader(self.ice.socket, self.ice.pump)
        self.check = _check(f"{value('a=ice-ufrag:')}:{self.ufrag}", value("a=ice-pwd:"))
        self.ice.socket.send(self.check)
        self.dtls = RTCDtlsTransport(self.ice, [self.certificate])
        self.dtls._set_role("client")
        algorithm, fingerprint = value("a=fingerprint:").split()
        remote = RTCDtlsParameters(
            [RTCDtlsFingerprint(algorithm=algorithm, value=fingerprint)], role="server"
        )
        await self.dtls.start(remote)
        assert self.dtls.state == "connected", self.dtls.state
        self.connected_at = time.monotonic()
        self.ice.take_media = self._take_feedback

    def _take_feedback(self, data: bytes) -> None:
        """Begin the clip again where the server asks for a key frame: compound packets are not looked into."""
        report = self.dtls._rx_srtp.unprotect_rtcp(data)
        if report[1] == PAYLOAD_FEEDBACK and report[0] & 31 == PLI:
            self.key_requests += 1
            self.picture = 0

    async def run(self, seconds: float, *, phase_s: float = 0.0) -> None:
        """Send pictures and Opus packets on their clock."""
        await asyncio.sleep(phase_s)
        loop = asyncio.get_running_loop()
        start = loop.time()
        audio_sent = 0
        last_report = start - 1
        self.first_key_at = time.monotonic()
        for index in range(int(seconds * self.fps)):
            due = start + index / self.fps
            if (wait := due - loop.time()) > 0:
                await asyncio.sleep(wait)
            self._send_picture(self.clip[self.picture % len(self.clip)], index * 90_000 // self.fps)
            self.sent_at.append(time.monotonic())
            self.picture += 1
            while audio_sent * 0.02 <= loop.time() - start:
                self._send(AUDIO_PT, audio_sent * 960, True, OPUS_PACKET)
                audio_sent += 1
            if due - last_report >= 1:
                last_report = due
                self._report(index * 90_000 // self.fps, int((due - start) * 48_000))

    def sent_before(self, media_s: float) -> float | None:
        """When the last packet of the picture was sent that ends this far into the media."""
        index = round(media_s * self.fps) - 1
        return self.sent_at[index] if 0 <= index < len(self.sent_at) else None

    def _send_picture(self, nals: list[bytes], timestamp: int) -> None:
        for at, nal in enumerate(nals):
            last_nal = at == len(nals) - 1
            if len(nal) <= MTU:
                self._send(VIDEO_PT, timestamp, last_nal, nal)
                continue
            indicator, header = nal[0] & 0xE0 | 28, nal[0] & 0x1F
            for offset in range(1, len(nal), MTU):
                piece = nal[offset : offset + MTU]
                start, end = (offset == 1) << 7, (offset + MTU >= len(nal)) << 6
                self._send(
                    VIDEO_PT,
                    timestamp,
                    bool(last_nal and end),
                    bytes((indicator, header | start | end)) + piece,
                )

    def _send(self, payload_type: int, timestamp: int, marker: bool, payload: bytes) -> None:
        sequence = self.sequence[payload_type] = self.sequence[payload_type] + 1 & 0xFFFF
        self.transport_sequence = self.transport_sequence + 1 & 0xFFFF
        head = struct.pack(
            "!BBHIIHHBHB", 0x90, payload_type | marker << 7, sequence, timestamp & 0xFFFFFFFF, self.ssrc[payload_type],
            0xBEDE, 1, TWCC_ID << 4 | 1, self.transport_sequence, 0,
        )  # fmt: skip
        self._transmit(self.dtls._tx_srtp.protect(head + payload))
        self.packets_sent += 1

    def _report(self, video_time: int, audio_time: int) -> None:
        now = time.time() + NTP_EPOCH
        ntp = int(now * 2**32) & 2**64 - 1
        for payload_type, timestamp in ((VIDEO_PT, video_time), (AUDIO_PT, audio_time)):
            report = struct.pack("!BBHIQIII", 0x80, 200, 6, self.ssrc[payload_type], ntp, timestamp, 1, 1)
            self._transmit(self.dtls._tx_srtp.protect_rtcp(report))
        self.ice.socket.send(self.check)

    def _transmit(self, data: bytes) -> None:
        try:
            self.ice.socket.send(data)
        except BlockingIOError:
            pass

    async def close(self, http: aiohttp.ClientSession) -> None:
        async with http.delete(self.resource) as response:
            assert response.status == 200
        await self.dtls.stop()
        asyncio.get_running_loop().remove_reader(self.ice.socket)
        self.ice.socket.close()


def _check(username: str, password: str) -> bytes:
    message = stun.Message(message_method=stun.Method.BINDING, message_class=stun.Class.REQUEST)
    message.attributes["USERNAME"] = username
    message.attributes["PRIORITY"] = 1
    message.attributes["ICE-CONTROLLING"] = 1
    message.attributes["USE-CANDIDATE"] = None
    message.add_message_integrity(password.encode())
    return bytes(message)


def _offer(ufrag: str, password: str, fingerprint: str, ssrc: dict[int, int]) -> str:
    transport = [
        f"a=ice-ufrag:{ufrag}", f"a=ice-pwd:{password}", f"a=fingerprint:sha-256 {fingerprint}", "a=setup:active",
        "a=sendonly", "a=rtcp-mux", f"a=extmap:{TWCC_ID} http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01",
    ]  # fmt: skip
    video = [
        f"m=video 9 UDP/TLS/RTP/SAVPF {VIDEO_PT}", "c=IN IP4 0.0.0.0", "a=mid:0", *transport,
        f"a=rtpmap:{VIDEO_PT} H264/90000",
        f"a=fmtp:{VIDEO_PT} level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f",
        f"a=rtcp-fb:{VIDEO_PT} nack", f"a=rtcp-fb:{VIDEO_PT} nack pli", f"a=rtcp-fb:{VIDEO_PT} transport-cc",
        f"a=ssrc:{ssrc[VIDEO_PT]} cname:bench",
    ]  # fmt: skip
    audio = [
        f"m=audio 9 UDP/TLS/RTP/SAVPF {AUDIO_PT}", "c=IN IP4 0.0.0.0", "a=mid:1", *transport,
        f"a=rtpmap:{AUDIO_PT} opus/48000/2", f"a=rtcp-fb:{AUDIO_PT} transport-cc", f"a=ssrc:{ssrc[AUDIO_PT]} cname:bench",
    ]  # fmt: skip
    head = ["v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=-", "t=0 0", "a=group:BUNDLE 0 1"]
    return "\r\n".join([*head, *video, *audio, ""])
