import asyncio

from listings import checks, listing, read
from scripted_server import ScriptedServer
from watch_rig import rig

from edge.hls.position import Position
from edge.watch.media_feed import MediaFeed, _start, peak_rate
from edge.watch.player import Player


class Counting(ScriptedServer):
    def __init__(self):
        super().__init__()
        self.asked = []

    async def get_part(self, request, msn, part):
        self.asked.append((msn, part, self.made()))
        return await super().get_part(request, msn, part)


async def test_the_hinted_part_is_asked_for_once_and_before_it_is_there():
    server = Counting()
    async with rig(server) as client:
        playlist = await client.join()
        feed = MediaFeed(client.judge, client.fetcher, Player(0.6, 0.2), 1)
        feed.follow(playlist)
        hinted = playlist.next_position
        await server.until(hinted.msn * 5 + hinted.part + 1)
        feed.follow(await client.join())
        await feed.drain()
        await feed.close()
        requests = [made for msn, part, made in server.asked if (msn, part) == hinted]
        assert len(requests) == 1
        assert requests[0] <= hinted.msn * 5 + hinted.part
        assert client.found() == []
        assert feed.parts >= 5


async def test_loading_starts_at_an_independent_part_the_hold_back_from_the_end():
    assert _start(read(listing(4, 11, 2))) == Position(11, 0)  # 12.0 is 1.0 s from the end, 1.5 s are wanted
    assert _start(read(listing(4, 11, 3))) == Position(12, 0)
    assert _start(read(listing(4, 11, 0))) == Position(11, 0)
    nothing = read("#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\n0.m4s\n")
    assert _start(nothing) == Position(1, 0)


async def test_a_withdrawn_hint_is_let_go():
    async with rig(Counting()) as client:
        playlist = await client.join()
        feed = MediaFeed(client.judge, client.fetcher, Player(0.6, 0.2), 1)
        feed.follow(playlist)
        await asyncio.sleep(0)
        (task,) = feed._hinted.values()
        ended = read(listing(0, 3, 0, tail="#EXT-X-ENDLIST\n"))
        feed._next = Position(99, 0)
        feed.follow(ended)
        await asyncio.gather(task, return_exceptions=True)
        assert task.cancelled()
        await feed.close()


def test_peak_rates():
    assert list(peak_rate(1_250_000, 1_000_000, "main.m3u8")) == []
    assert checks(peak_rate(1_250_001, 1_000_000, "main.m3u8")) == [("LL 63", "peak-above-bandwidth")]
