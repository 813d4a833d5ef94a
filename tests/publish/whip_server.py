"""A WHIP server by aiortc: another implementation than the product's, and one that can be made to misbehave."""

import asyncio
from contextlib import asynccontextmanager

from aiohttp import web
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import MediaStreamError
from aiortc.rtcrtpreceiver import RTCRtpReceiver

from edge.publish.aiortc_peer import _loopback_addresses


class WhipServer:
    def __init__(self):
        self.offers: list[str] = []
        self.deleted = 0
        self.refuse_with: list[int] = []
        """Statuses for the next POSTs, before they are accepted again."""
        self.connections: list[RTCPeerConnection] = []
        self.frames: dict[str, list] = {"video": [], "audio": []}
        self._tasks = set()

    async def post(self, request):
        self.offers.append(await request.text())
        if self.refuse_with:
            return web.Response(status=self.refuse_with.pop(0))
        connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self.connections.append(connection)
        connection.on("track", self._keep)
        await connection.setRemoteDescription(RTCSessionDescription(self.offers[-1], "offer"))
        with _loopback_addresses():
            await connection.setLocalDescription(await connection.createAnswer())
        headers = {"Location": f"/whip/a/{len(self.connections) - 1}", "ETag": '"1"'}
        return web.Response(
            status=201, text=connection.localDescription.sdp, content_type="application/sdp", headers=headers
        )

    def _keep(self, track):
        async def run():
            try:
                while True:
                    self.frames[track.kind].append(await track.recv())
            except MediaStreamError:
                pass

        task = asyncio.create_task(run())
        self._tasks.add(task)

    async def delete(self, request):
        self.deleted += 1
        await self.connections[int(request.match_info["session"])].close()
        return web.Response()

    def receiver(self, kind) -> RTCRtpReceiver:
        return next(each.receiver for each in self.connections[-1].getTransceivers() if each.kind == kind)

    async def ask_for_key_frame(self):
        receiver = self.receiver("video")
        (ssrc,) = [source.source for source in receiver.getSynchronizationSources()]
        await receiver._send_rtcp_pli(ssrc)

    @asynccontextmanager
    async def running(self):
        """Yields the endpoint's URL."""
        app = web.Application()
        app.router.add_post("/whip/a", self.post)
        app.router.add_delete("/whip/a/{session}", self.delete)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        try:
            yield f"http://127.0.0.1:{runner.addresses[0][1]}/whip/a"
        finally:
            for connection in self.connections:
                await connection.close()
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            await runner.cleanup()
