import time

import aiohttp
from aiohttp.test_utils import TestServer

from bench.slow_origin import SlowOrigin, content


async def test_it_is_slow_and_tells_what_it_sent_when():
    origin = SlowOrigin(200_000, delay_s=0.1, rate=1e6)
    async with TestServer(origin.app()) as server, aiohttp.ClientSession() as http:
        began = time.monotonic()
        async with http.get(server.make_url("/asset-3.mp4"), headers={"Range": "bytes=10-150009"}) as answer:
            assert answer.status == 206
            assert answer.headers["Content-Range"] == "bytes 10-150009/200000"
            assert answer.headers["ETag"] == '"3"'
            assert await answer.read() == content(3, 200_000)[10:150_010]
        took_s = time.monotonic() - began
        async with http.head(server.make_url("/asset-3.mp4")) as answer:
            assert answer.headers["Content-Length"] == "200000"
        async with http.get(server.make_url("/told")) as answer:
            told = await answer.json()
        async with http.get(server.make_url("/told")) as answer:
            assert (await answer.json())["sent_bytes"] == 0, "told is told once"
    assert took_s >= 0.1 + 131_072 / 1e6
    assert told["ranges"] == [[10, 150_010]]
    assert told["sent_bytes"] == 150_000
    assert began + 0.1 <= told["first_octet_at"] < began + took_s


def test_assets_differ_and_stay_the_same():
    assert content(1, 1_000) == content(1, 1_000) != content(2, 1_000)
