import asyncio
import re

import aiohttp
import aioice.ice
from whip_server import WhipServer

from edge.publish import clock_strip
from edge.publish.aiortc_peer import Peer, _loopback_addresses
from edge.publish.moving_clock import MovingClock
from edge.publish.whip import WhipClient


def source():
    return MovingClock(320, 180, fps=30, bitrate=200_000, gop_s=0)


async def until(condition, seconds=10.0):
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.02)


async def test_the_offer_is_h264_and_opus_without_a_stun_server():
    peer = Peer(source().open(), lambda _: None)
    offer = await peer.offer(loopback=True)
    await peer.close()
    assert set(re.findall(r"a=rtpmap:\d+ ([A-Za-z0-9]+)/", offer)) == {"H264", "rtx", "opus"}
    assert offer.count("a=sendonly") == 2
    assert "127.0.0.1" in offer
    assert "srflx" not in offer
    assert "a=group:BUNDLE 0 1" in offer


def test_loopback_addresses_are_put_back():
    before = aioice.ice.get_host_addresses
    with _loopback_addresses():
        found = aioice.ice.get_host_addresses(use_ipv4=True, use_ipv6=False)
        assert found[0] == "127.0.0.1"
        assert found.count("127.0.0.1") == 1
    assert aioice.ice.get_host_addresses is before


async def test_media_gets_through_and_key_frames_come_when_asked():
    """The contract with aiortc: encoded packets are sent as they are, and PLI reaches the feed."""
    server, states = WhipServer(), []
    async with server.running() as url, aiohttp.ClientSession() as http:
        peer = Peer(source().open(), states.append)
        client = WhipClient(http, url, None)
        session = await client.post(await peer.offer(loopback=True))
        await peer.accept(session.answer)
        await until(lambda: len(server.frames["video"]) > 10 and len(server.frames["audio"]) > 10)
        assert states[-1] == "connected"
        keys = sum(frame.key_frame for frame in server.frames["video"])
        await server.ask_for_key_frame()
        await until(lambda: sum(frame.key_frame for frame in server.frames["video"]) > keys)
        stats = await peer.stats()
        assert stats.packets_sent > 20
        assert stats.bytes_sent > 5000
        assert not peer.ended
        await client.delete(session)
        await peer.close()
        assert peer.ended
    frame = server.frames["video"][-1]
    plane = frame.planes[0]
    octets, stride = bytes(plane), plane.line_size
    assert clock_strip.read(lambda x, y: octets[y * stride + x], 320, 180) is not None
