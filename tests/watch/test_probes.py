from aiohttp import web
from scripted_server import ScriptedServer
from watch_rig import rig

from edge.watch.probes import Probes


async def test_a_right_server_passes_every_probe():
    async with rig(ScriptedServer()) as client:
        await client.join()
        probes = Probes(client.judge, client.fetcher)
        await probes.run()
        assert probes.asked == 10
        assert client.found() == []


class Refuses(ScriptedServer):
    async def get_playlist(self, request):
        if request.query:
            return web.Response(status=418)
        return await super().get_playlist(request)


async def test_a_server_that_refuses_everything_is_told_about_each():
    async with rig(Refuses()) as client:
        await client.join()
        await Probes(client.judge, client.fetcher).run()
        assert {rule for rule, _ in client.found()} == {"LL 38", "LL 37", "LL 35", "LL 34", "LL 31", "LL 32"}


async def test_an_ended_stream_is_asked_nothing():
    server = ScriptedServer()
    server.ends_at = server.first + 9
    async with rig(server) as client:
        playlist = await client.join()
        assert playlist.ended
        probes = Probes(client.judge, client.fetcher)
        await probes.run()
        assert probes.asked == 0
        await probes.after_end(playlist)
        assert client.found() == []
