"""Assets from outside, over real sockets."""

import asyncio
import os
import time

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from edge.auth.tokens import mint
from edge.config import AuthConfig, load
from edge.http.message import Streaming
from edge.server import running
from edge.web.middleware import problems
from edge.web.vod import vod_routes

BODY = os.urandom(8 * 1024 * 1024)


@pytest.fixture
async def folder(tmp_path):
    path = tmp_path / "clip.mp4"
    path.write_bytes(BODY)
    os.utime(path, (1_000_000_000, 1_000_000_000))
    return tmp_path


@pytest.fixture
async def serve(folder):
    entered = []

    async def started(*settings):
        origins = f'vod.origins=[{{prefix = "/", kind = "file", root = "{folder}"}}]'
        node = running(load(environment={}, overrides=["server.listen=127.0.0.1:0", origins, *settings]))
        entered.append(node)
        return f"http://{await node.__aenter__()}"

    yield started
    for node in entered:
        await node.__aexit__(None, None, None)


@pytest.fixture
async def http():
    async with aiohttp.ClientSession() as session:
        yield session


async def settled():
    """Until the file is old enough for a strong validator: see file_origin."""
    await asyncio.sleep(1.05)


async def test_a_download_goes_on_where_it_broke(serve, http):
    address = await serve()
    await settled()
    async with http.get(f"{address}/vod/clip.mp4") as response:
        etag = response.headers["ETag"]
        begun = await response.content.readexactly(1_000_000)
        response.close()
    assert etag.startswith('"')
    fields = {"Range": f"bytes={len(begun)}-", "If-Range": etag}
    async with http.get(f"{address}/vod/clip.mp4", headers=fields) as response:
        assert response.status == 206
        assert int(response.headers["Content-Length"]) == len(BODY) - len(begun)
        assert begun + await response.read() == BODY


async def test_another_version_is_given_from_its_start(serve, http, folder):
    address = await serve()
    async with http.head(f"{address}/vod/clip.mp4") as response:
        etag = response.headers["ETag"].removeprefix("W/")
        assert int(response.headers["Content-Length"]) == len(BODY)
    (folder / "clip.mp4").write_bytes(b"new")
    fields = {"Range": "bytes=1-", "If-Range": etag}
    async with http.get(f"{address}/vod/clip.mp4", headers=fields) as response:
        assert (response.status, await response.read()) == (200, b"new")


async def test_a_file_that_changes_amid_an_answer_cuts_it(serve, http, folder):
    address = await serve()
    async with http.get(f"{address}/vod/clip.mp4") as response:
        begun = await response.content.readexactly(1000)
        os.truncate(folder / "clip.mp4", 1000)
        with pytest.raises(aiohttp.ClientPayloadError):
            await response.read()
    assert begun == BODY[:1000]


@pytest.mark.parametrize(
    ("target", "status"),
    [
        ("/vod/../etc/passwd", 400),
        ("/vod/%2e%2e/%2e%2e/etc/passwd", 400),
        ("/vod/..%2f..%2fetc/passwd", 400),
        ("/vod/%252e%252e/x", 404),
        ("/vod/a%00b", 400),
        ("/vod/", 400),
        ("/vod/%ff", 400),
        ("/vod/none.mp4", 404),
    ],
)
async def test_hostile_targets_have_a_defined_answer(serve, target, status):
    host, _, port = (await serve()).removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(f"GET {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
    head, _, body = (await reader.read()).partition(b"\r\n\r\n")
    writer.close()
    assert head.startswith(f"HTTP/1.1 {status} ".encode())
    assert b"application/problem+json" in head
    assert b'"detail"' in body


async def test_a_slow_reader_holds_nobody_up(serve, http):
    address = await serve()
    slow = [await http.get(f"{address}/vod/clip.mp4") for _ in range(20)]
    began = time.monotonic()
    async with http.get(f"{address}/vod/clip.mp4", headers={"Range": "bytes=0-99"}) as response:
        assert await response.read() == BODY[:100]
    assert time.monotonic() - began < 2
    for response in slow:
        response.close()


async def test_only_who_may_play_gets_an_asset(serve, http):
    address = await serve('auth.play=["a-key-of-length"]')
    for path, status in (
        ("/vod/clip.mp4", 401),
        ("/vod/none.mp4", 401),
        ("/vod/clip.mp4?token=wrong-key", 401),
        ("/vod/clip.mp4?token=a-key-of-length", 200),
        ("/vod/~a-key-of-length/clip.mp4", 200),
    ):
        async with http.head(f"{address}{path}") as response:
            assert (path, response.status) == (path, status)


async def test_a_token_for_a_stream_is_none_for_an_asset_of_its_name(serve, http):
    secret = "0123456789-0123456789-0123456789"
    address = await serve('auth.play="tokens"', f'auth.token_secrets=["{secret}"]')
    config = AuthConfig(token_secrets=(secret,))
    for names, status in (
        (["clip.mp4"], 403), (["*"], 403), (["/other/"], 403), (["/clip.mp4/"], 403),
        (["/clip.mp4"], 200), (["/*"], 200), (["cam", "/clip.mp4"], 200),
    ):  # fmt: skip
        token = mint(config, "play", names, ttl_s=60, now=time.time())
        async with http.head(f"{address}/vod/~{token}/clip.mp4") as response:
            assert (names, response.status) == (names, status)


async def test_nothing_is_written_to_assets(serve, http):
    address = await serve()
    async with http.put(f"{address}/vod/clip.mp4", data=b"x") as response:
        assert response.status == 405
        assert "GET" in response.headers["Allow"]
    async with http.options(f"{address}/vod/clip.mp4") as response:
        assert response.status == 204


async def test_a_fault_of_ours_amid_an_answer_cuts_it_and_before_is_an_answer():
    """In aiohttp's lane. A second head amid the octets would be taken for some of them."""

    class Gate:
        async def copied(self, head):
            async def pieces():
                for piece in [b"a" * 1000] * int(head.path[-1]):
                    yield piece
                raise KeyError("of ours")

            return Streaming(200, (), 3000, pieces)

    app = web.Application(middlewares=[problems])
    app.add_routes(vod_routes(Gate()))
    async with TestServer(app) as server:
        for count, started in ((0, b"HTTP/1.1 500 "), (1, b"HTTP/1.1 200 ")):
            reader, writer = await asyncio.open_connection(server.host, server.port)
            writer.write(f"GET /vod/{count} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
            answer = await reader.read()
            writer.close()
            assert answer.startswith(started)
            assert answer.count(b"HTTP/1.1") == 1
