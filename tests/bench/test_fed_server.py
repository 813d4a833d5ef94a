import asyncio
from itertools import pairwise

import aiohttp

from bench.server_process import fed_server


async def test_it_tells_when_each_part_was_complete_and_listed() -> None:
    async with fed_server(part_ms=200, part_bytes=5000, history_s=10, core=None) as server:
        async with asyncio.timeout(20):
            while len(server.parts) < 6:
                await asyncio.sleep(0.05)
        told = list(server.parts.items())
        async with aiohttp.ClientSession() as http, http.get(server.base + told[-1][0].decode()) as response:
            body = await response.read()
    assert 4950 < len(body) <= 5000
    for (_, earlier), (_, later) in pairwise(told):
        assert earlier.complete <= earlier.listed
        assert earlier.complete < later.complete
        assert 0.199 <= round(later.ends - earlier.ends, 5) <= 0.2, (
            "the first of a segment is a little shorter"
        )


async def test_published_streams_are_told_of_by_their_names() -> None:
    async with fed_server(streams=2, history_s=10, core=None) as server:
        async with asyncio.timeout(20):
            while len({target.split(b"/")[2] for target in server.parts}) < 2:
                await asyncio.sleep(0.05)
    assert {target.split(b"/")[2] for target in server.parts} == {b"s0", b"s1"}
