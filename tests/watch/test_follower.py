import asyncio

from aiohttp import web
from scripted_server import ScriptedServer
from watch_rig import rig

from edge.watch import follower
from edge.watch.follower import Follower


async def test_it_follows_to_the_end():
    server = ScriptedServer()
    server.ends_at = server.first + 11
    async with rig(server) as client:
        await client.join()
        following = Follower(client.judge, client.fetcher)
        await asyncio.wait_for(following.run(), 10)
        assert client.judge.current.ended
        assert client.judge.current.last_complete_msn == server.ends_at - 1
        assert following.feed.parts >= 10
        assert client.found() == []


class Vanishes(ScriptedServer):
    async def get_playlist(self, request):
        if "_HLS_msn" in request.query and self.made() > 82:
            return web.Response(status=404)
        return await super().get_playlist(request)


async def test_a_playlist_that_is_gone_ends_it(monkeypatch):
    monkeypatch.setattr(follower, "_PAUSE_S", 0.01)
    async with rig(Vanishes()) as client:
        await client.join()
        await asyncio.wait_for(Follower(client.judge, client.fetcher).run(), 15)
        assert ("LL 33", "blocked-refused") in client.found()


async def test_cancelling_leaves_nothing_behind():
    async with rig(ScriptedServer()) as client:
        await client.join()
        task = asyncio.create_task(Follower(client.judge, client.fetcher).run())
        await asyncio.sleep(0.4)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        others = [each for each in asyncio.all_tasks() if "edge.watch" in repr(each.get_coro())]
        assert others == []
