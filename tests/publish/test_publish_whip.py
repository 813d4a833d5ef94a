import aiohttp
import pytest
from aiohttp import web

from edge.publish.whip import WhipClient, WhipError


async def serve(aiohttp_server, post, delete=None):
    app = web.Application()
    app.router.add_post("/whip/a", post)
    if delete:
        app.router.add_delete("/whip/a/s", delete)
    return str((await aiohttp_server(app)).make_url("/whip/a"))


async def test_a_session_from_post_to_delete(aiohttp_server):
    seen = []

    async def post(request):
        seen.append((request.headers["Authorization"], request.content_type, await request.text()))
        headers = {"Location": "/whip/a/s", "ETag": '"1"'}
        return web.Response(status=201, text="v=0", content_type="application/sdp", headers=headers)

    async def delete(request):
        seen.append(request.headers["Authorization"])
        return web.Response()

    url = await serve(aiohttp_server, post, delete)
    async with aiohttp.ClientSession() as http:
        client = WhipClient(http, url, "secret")
        session = await client.post("offer")
        assert (session.url, session.answer, session.etag) == (f"{url}/s", "v=0", '"1"')
        assert await client.delete(session)
    assert seen == [("Bearer secret", "application/sdp", "offer"), "Bearer secret"]


@pytest.mark.parametrize(
    ("status", "sentence", "passing"),
    [
        (401, "give one with --token", False),
        (403, "not valid for this stream", False),
        (404, "check the URL", False),
        (409, "live already", True),
        (422, "H.264 and Opus", False),
        (503, "overloaded", True),
        (200, "not what WHIP answers", False),
        (418, "not what WHIP answers", False),
    ],
)
async def test_refusals_name_the_mend(aiohttp_server, status, sentence, passing):
    async def post(_request):
        return web.json_response({"title": "No", "detail": "because of this"}, status=status)

    url = await serve(aiohttp_server, post)
    async with aiohttp.ClientSession() as http:
        with pytest.raises(WhipError, match=sentence) as refused:
            await WhipClient(http, url, None).post("offer")
    assert "because of this" in refused.value.detail
    assert refused.value.passing is passing


@pytest.mark.parametrize("body", [b"", b"<html>", b"[1]", b'{"detail": 5}', b"\xff"])
async def test_refusals_without_a_reason(aiohttp_server, body):
    async def post(_request):
        return web.Response(status=500, body=body)

    url = await serve(aiohttp_server, post)
    async with aiohttp.ClientSession() as http:
        with pytest.raises(WhipError, match="answered 500: the server has a fault"):
            await WhipClient(http, url, None).post("offer")


async def test_a_201_without_location(aiohttp_server):
    async def post(_request):
        return web.Response(status=201, text="v=0")

    url = await serve(aiohttp_server, post)
    async with aiohttp.ClientSession() as http:
        with pytest.raises(WhipError, match="no Location"):
            await WhipClient(http, url, None).post("offer")


async def test_nobody_there():
    async with aiohttp.ClientSession() as http:
        client = WhipClient(http, "http://127.0.0.1:1/whip/a", None)
        with pytest.raises(WhipError, match=r"Connection refused.*is the server running") as refused:
            await client.post("offer")
        assert refused.value.passing
