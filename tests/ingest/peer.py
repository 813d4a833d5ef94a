"""A real WebRTC publisher, aiortc's, on loopback."""

from unittest import mock

import av
from aiortc import RTCConfiguration, RTCPeerConnection, RTCRtpSender, RTCSessionDescription
from aiortc.mediastreams import AudioStreamTrack, VideoStreamTrack


class Picture(VideoStreamTrack):
    """320x240 at 30 frames a second; every picture is another grey."""

    async def recv(self):
        pts, time_base = await self.next_timestamp()
        frame = av.VideoFrame(320, 240, "yuv420p")
        frame.pts, frame.time_base = pts, time_base
        for plane in frame.planes:
            plane.update(bytes((pts // 3000 % 200 + 20,)) * plane.buffer_size)
        return frame


class Publisher:
    """Offers audio and video, and is answered."""

    def __init__(self, *, video: bool = True, audio: bool = True) -> None:
        self.connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        if audio:
            self.connection.addTransceiver(AudioStreamTrack(), direction="sendonly")
        if video:
            transceiver = self.connection.addTransceiver(Picture(), direction="sendonly")
            codecs = RTCRtpSender.getCapabilities("video").codecs
            transceiver.setCodecPreferences([codec for codec in codecs if codec.mimeType == "video/H264"])

    async def offer(self) -> bytes:
        """aiortc leaves loopback out of its candidates, and there may be no other interface."""
        with mock.patch("aioice.ice.get_host_addresses", return_value=["127.0.0.1"]):
            await self.connection.setLocalDescription(await self.connection.createOffer())
        return self.connection.localDescription.sdp.encode()

    async def accept(self, answer: str) -> None:
        await self.connection.setRemoteDescription(RTCSessionDescription(answer, "answer"))

    async def close(self) -> None:
        await self.connection.close()
