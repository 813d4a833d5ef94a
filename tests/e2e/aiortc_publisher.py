"""A peer connection of aiortc as it comes: its encoders, its choice of codecs, nothing of `edge publish`.

python aiortc_publisher.py URL SECONDS: picture and sound as in ffmpeg_publisher.py.
"""

import asyncio
import sys
import time
from urllib.parse import urljoin

import aiohttp
import aioice.ice
import av
from aiortc import (
    MediaStreamTrack,
    RTCConfiguration,
    RTCPeerConnection,
    RTCSessionDescription,
    VideoStreamTrack,
)
from ffmpeg_publisher import FRAME_RATE, picture, sound

# By itself aioice leaves loopback out, where alone the server is.
aioice.ice.get_host_addresses = lambda use_ipv4, use_ipv6: ["127.0.0.1"]


class Picture(VideoStreamTrack):
    async def recv(self) -> av.VideoFrame:
        pts, time_base = await self.next_timestamp()
        frame = picture(round(pts * time_base * FRAME_RATE))
        frame.pts, frame.time_base = pts, time_base
        return frame


class Sound(MediaStreamTrack):
    kind = "audio"

    def __init__(self) -> None:
        super().__init__()
        self.number, self.began = 0, time.monotonic()

    async def recv(self) -> av.AudioFrame:
        await asyncio.sleep(max(0.0, self.began + 0.02 * (self.number + 1) - time.monotonic()))
        self.number += 1
        return sound(self.number - 1)


async def publish(url: str, seconds: float) -> None:
    peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    connected = asyncio.Event()
    peer.on("connectionstatechange", lambda: peer.connectionState == "connected" and connected.set())
    peer.addTrack(Picture())
    peer.addTrack(Sound())
    await peer.setLocalDescription(await peer.createOffer())
    async with aiohttp.ClientSession(headers={"Content-Type": "application/sdp"}) as http:
        async with http.post(url, data=peer.localDescription.sdp) as response:
            answer = await response.text()
            assert response.status == 201, answer
            session = urljoin(url, response.headers["Location"])
        await peer.setRemoteDescription(RTCSessionDescription(answer, "answer"))
        await asyncio.wait_for(connected.wait(), 10)
        print("live", flush=True)
        await asyncio.sleep(seconds)
        async with http.delete(session) as response:
            assert response.status == 200, response.status
    await peer.close()


if __name__ == "__main__":
    asyncio.run(publish(sys.argv[1], float(sys.argv[2])))
