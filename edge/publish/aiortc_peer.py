"""aiortc's peer connection behind one small face; the only file here that touches aiortc's and aioice's
privates.

Private: `RTCRtpSender._send_keyframe` (called on PLI and FIR; tests/publish holds it to that) and the module
function
`aioice.ice.get_host_addresses`, which leaves loopback addresses out.
"""

import asyncio
import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from ipaddress import ip_address

import aioice.ice
import av
from aiortc import (
    MediaStreamTrack,
    RTCConfiguration,
    RTCPeerConnection,
    RTCRtpSender,
    RTCRtpTransceiver,
    RTCSessionDescription,
)
from aiortc.mediastreams import MediaStreamError

from edge.publish.feeds import EndOfMedia, Feed, Packet, SourceError

_VIDEO = {"video/h264", "video/rtx"}
_AUDIO = {"audio/opus"}


@dataclass(frozen=True, slots=True)
class PeerStats:
    """Since the connection was made. `lost` and `rtt_s` are the receiver's; `reported` its newest report
    (monotonic).
    """

    packets_sent: int = 0
    bytes_sent: int = 0
    lost: int = 0
    rtt_s: float | None = None
    reported: float | None = None


class Peer:
    """One connection that sends `feeds`, which it closes. `on_state` hears aiortc's connection states."""

    def __init__(self, feeds: list[Feed], on_state: Callable[[str], None]) -> None:
        # An empty list: None would mean a public STUN server.
        # Not max-bundle: aiortc then loses candidates that an answer has in its first section only.
        configuration = RTCConfiguration(iceServers=[])
        self._connection = RTCPeerConnection(configuration)
        self._connection.on("connectionstatechange", lambda: on_state(self._connection.connectionState))
        self._tracks = [_FeedTrack(feed) for feed in feeds]
        for track in self._tracks:
            transceiver = self._connection.addTransceiver(track, direction="sendonly")
            _prefer(transceiver, _VIDEO if track.kind == "video" else _AUDIO)
            vars(transceiver.sender)["_send_keyframe"] = track.feed.request_key_frame
        self._newest: tuple[object, float] | None = None

    @property
    def failure(self) -> SourceError | None:
        """Why a feed ended, if by a fault."""
        return next((track.failure for track in self._tracks if track.failure), None)

    @property
    def ended(self) -> bool:
        """Whether every feed has come to its end."""
        return all(track.readyState == "ended" for track in self._tracks)

    async def offer(self, *, loopback: bool) -> str:
        """The offer, candidates in it; with `loopback` those of this machine's loopback interface too."""
        with _loopback_addresses() if loopback else contextlib.nullcontext():
            await self._connection.setLocalDescription(await self._connection.createOffer())
        return self._connection.localDescription.sdp

    async def accept(self, answer: str) -> None:
        """Start connecting. Raises ValueError (or another of aiortc's) for an answer that is none."""
        await self._connection.setRemoteDescription(RTCSessionDescription(answer, "answer"))

    async def stats(self) -> PeerStats:
        """Of all senders together."""
        packets = octets = lost = 0
        rtt: float | None = None
        newest: object = None
        for sender in self._connection.getSenders():
            for report in (await sender.getStats()).values():
                if report.type == "outbound-rtp":
                    packets += report.packetsSent
                    octets += report.bytesSent
                elif report.type == "remote-inbound-rtp":
                    lost += max(0, report.packetsLost)
                    rtt = report.roundTripTime if rtt is None else rtt
                    newest = report.timestamp if newest is None else max(newest, report.timestamp)
        return PeerStats(packets, octets, lost, rtt, self._reported(newest))

    async def close(self) -> None:
        """Say goodbye and close the feeds."""
        await self._connection.close()
        for track in self._tracks:
            track.stop()
            track.feed.close()

    def _reported(self, newest: object) -> float | None:
        """When the newest report came, on our clock: aiortc stamps it with wall time, which may step."""
        if newest is None:
            return None
        if self._newest is None or self._newest[0] != newest:
            self._newest = (newest, asyncio.get_running_loop().time())
        return self._newest[1]


class _FeedTrack(MediaStreamTrack):
    """A feed as aiortc wants to see it. It asks for the next packet when the last one is sent."""

    def __init__(self, feed: Feed) -> None:
        self.kind = feed.kind
        super().__init__()
        self.feed = feed
        self.failure: SourceError | None = None

    async def recv(self) -> Packet:
        if self.readyState != "live":
            raise MediaStreamError
        try:
            return await self.feed.next()
        except EndOfMedia:
            self.stop()
            raise MediaStreamError from None
        except (SourceError, av.FFmpegError) as error:
            self.failure = SourceError(str(error))
            self.stop()
            raise MediaStreamError from error


def _prefer(transceiver: RTCRtpTransceiver, names: set[str]) -> None:
    codecs = RTCRtpSender.getCapabilities(transceiver.kind).codecs
    transceiver.setCodecPreferences([codec for codec in codecs if codec.mimeType.lower() in names])


@contextlib.contextmanager
def _loopback_addresses() -> Iterator[None]:
    """Of its own accord aioice gathers no loopback addresses, and a server on loopback can be reached from
    nowhere else.
    """
    gather = aioice.ice.get_host_addresses

    def with_loopback(use_ipv4: bool, use_ipv6: bool) -> list[str]:
        extra = ["127.0.0.1"] * use_ipv4 + ["::1"] * use_ipv6
        return [*extra, *(address for address in gather(use_ipv4, use_ipv6) if _usable(address))]

    aioice.ice.get_host_addresses = with_loopback
    try:
        yield
    finally:
        aioice.ice.get_host_addresses = gather


def _usable(address: str) -> bool:
    return not ip_address(address.partition("%")[0]).is_loopback
