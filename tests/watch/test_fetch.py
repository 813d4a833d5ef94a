import asyncio
import zlib

import pytest
from aiohttp import web

from edge.watch.exchange import Asked
from edge.watch.fetch import Fetcher, FetchError, query_variables, with_query
from edge.watch.playlist import ByteRange


async def serve(aiohttp_server, handler):
    app = web.Application()
    app.router.add_get("/{name:.*}", handler)
    server = await aiohttp_server(app)
    return str(server.make_url("/x"))


async def test_the_facts_of_an_answer(aiohttp_server):
    async def handler(request):
        assert request.query_string == "token=1&_HLS_msn=7&_HLS_part=2"
        assert request.headers["Accept-Encoding"] == "gzip"
        assert request.headers["Origin"].startswith("https://")
        packer = zlib.compressobj(wbits=31)
        body = packer.compress(b"#EXTM3U\n") + packer.flush()
        return web.Response(body=body, headers={"Content-Encoding": "gzip", "X-Case": "kept"})

    url = await serve(aiohttp_server, handler)
    async with Fetcher() as fetcher:
        exchange = await fetcher.get(f"{url}?token=1", "playlist", timeout_s=5, asked=Asked(7, 2))
    assert (exchange.status, exchange.body, exchange.encoding) == (200, b"#EXTM3U\n", "gzip")
    assert exchange.headers["x-case"] == "kept"
    assert exchange.sent_at <= exchange.first_at <= exchange.done_at
    assert not exchange.redirected


async def test_media_is_asked_for_without_gzip_and_by_range(aiohttp_server):
    async def handler(request):
        assert request.headers["Accept-Encoding"] == "identity"
        return web.Response(status=206, text=request.headers["Range"])

    url = await serve(aiohttp_server, handler)
    async with Fetcher() as fetcher:
        exact = await fetcher.get(url, "part", timeout_s=5, byte_range=ByteRange(20, 10))
        endless = await fetcher.get(url, "part", timeout_s=5, byte_range=ByteRange(None, 30))
    assert exact.body == b"bytes=10-29"
    assert endless.body == b"bytes=30-9007199254740991"


async def test_redirects_are_seen(aiohttp_server):
    async def handler(request):
        if request.path == "/x":
            raise web.HTTPFound("/y")
        return web.Response()

    url = await serve(aiohttp_server, handler)
    async with Fetcher() as fetcher:
        exchange = await fetcher.get(url, "part", timeout_s=5)
    assert exchange.redirected
    assert exchange.url.endswith("/y")


async def test_no_whole_answer_is_an_error_with_a_sentence(aiohttp_server):
    async def handler(request):
        if request.query_string == "slow":
            await asyncio.sleep(5)
        return web.Response(body=b"no gzip", headers={"Content-Encoding": "gzip"})

    url = await serve(aiohttp_server, handler)
    async with Fetcher() as fetcher:
        with pytest.raises(FetchError, match="gzip"):
            await fetcher.get(url, "playlist", timeout_s=5)
        with pytest.raises(FetchError, match="no answer within"):
            await fetcher.get(f"{url}?slow", "playlist", timeout_s=0.1)
        with pytest.raises(FetchError, match=r"^/x: Connection refused$"):
            await fetcher.get("http://127.0.0.1:1/x", "playlist", timeout_s=5)


async def test_bodies_are_bounded(aiohttp_server):
    async def handler(_request):
        packer = zlib.compressobj(wbits=31)
        bomb = packer.compress(bytes(32 << 20)) + packer.flush()
        return web.Response(body=bomb, headers={"Content-Encoding": "gzip"})

    url = await serve(aiohttp_server, handler)
    async with Fetcher() as fetcher:
        exchange = await fetcher.get(url, "playlist", timeout_s=5)
    assert len(exchange.body) <= 8 << 20


def test_queries():
    assert with_query("http://a/b", "") == "http://a/b"
    assert with_query("http://a/b", "c=1") == "http://a/b?c=1"
    assert with_query("http://a/b?x=2", "c=1") == "http://a/b?x=2&c=1"
    assert query_variables("http://a/b?x=2&y=&z") == {"x": "2", "y": "", "z": ""}
