import socket

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from edge.cache.client import ApiError, Unreachable, connected
from edge.cache.server import Server


async def test_what_the_api_says(server, cache):
    async with connected(server) as client:
        lines = [line async for line in client.warm("clips/1.mp4", None)]
        assert lines[-1]["held_bytes"] == 25_001
        listed = await client.assets("clips/*", 10)
        assert [one["asset"] for one in listed["assets"]] == ["clips/1.mp4"]
        assert (await client.stats())["blocks"] == 3
        assert await client.purge("*") == 3
        assert cache.stats()["blocks"] == 0


async def test_a_fault_of_an_asset_is_a_sentence_whenever_it_comes(server):
    async with connected(server) as client:
        with pytest.raises(ApiError, match="no such asset"):
            [line async for line in client.warm("none.mp4", None)]
        with pytest.raises(ApiError, match="too slow: nothing came"):
            [line async for line in client.warm("torn.mp4", None)]


@pytest.mark.parametrize("token", ["wrong horse", "two\u2028lines"])
async def test_a_wrong_token_names_where_one_is_given(base, token):
    async with connected(Server(base, token)) as client:
        with pytest.raises(Unreachable, match=r"--token, EDGE_TOKEN, or -c"):
            await client.stats()


async def test_a_server_that_is_not_there():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        base = f"http://127.0.0.1:{probe.getsockname()[1]}"
        async with connected(Server(base, None)) as client:
            with pytest.raises(
                Unreachable, match=r"start the server, or say where it is with --url or EDGE_URL"
            ):
                await client.stats()


async def test_a_server_without_tls_is_told_as_that(base):
    async with connected(Server(base.replace("http://", "https://"), None)) as client:
        with pytest.raises(Unreachable, match="is it http://"):
            await client.stats()


async def not_found(_):
    raise web.HTTPNotFound


async def moved(_):
    raise web.HTTPFound("http://192.0.2.1/")


async def page(_):
    return web.Response(text="<html>", content_type="text/html")


async def row(_):
    return web.Response(text="[1]")


async def nothing(_):
    return web.Response(text="{}")


async def cut(request):
    request.transport.abort()
    return web.Response()


@pytest.mark.parametrize("handler", [not_found, moved, page, row, nothing, cut])
async def test_another_kind_of_server_is_told_as_such(handler):
    app = web.Application()
    app.router.add_route("*", "/{anything:.*}", handler)
    async with (
        TestServer(app) as other,
        connected(Server(str(other.make_url("")).rstrip("/"), "t")) as client,
    ):
        for asked in (client.stats(), client.assets("*", 1), client.purge("*")):
            with pytest.raises(Unreachable, match="is it an edge server"):
                await asked


async def test_a_server_that_ends_amid_an_asset_is_not_taken_for_done():
    async def half(_):
        return web.Response(text='{"asset": "a", "size_bytes": 2, "done_bytes": 1}\n')

    app = web.Application()
    app.router.add_route("*", "/{anything:.*}", half)
    async with (
        TestServer(app) as other,
        connected(Server(str(other.make_url("")).rstrip("/"), None)) as client,
    ):
        with pytest.raises(ApiError, match="before it was done"):
            [line async for line in client.warm("a", None)]
