import logging

import pytest
from aiohttp import web

from edge.errors import Overloaded, Unauthorised
from edge.metrics import WEB_FAILURES, WEB_REQUESTS
from edge.web.middleware import kind_of


@pytest.fixture
def routes() -> list[web.AbstractRouteDef]:
    async def broken(_):
        raise ZeroDivisionError("secret")

    async def full(_):
        raise Overloaded("Come back later", retry_after_s=7)

    async def closed(_):
        raise Unauthorised("Send a token")

    async def moved(_):
        raise web.HTTPFound("/elsewhere")

    async def large(request):
        return web.Response(text=str(len(await request.read())))

    return [
        web.get("/broken", broken),
        web.get("/vod/broken", broken),
        web.get("/vod/full", full),
        web.get("/full", full),
        web.get("/closed", closed),
        web.get("/moved", moved),
        web.post("/large", large),
    ]


async def test_an_error_of_ours(client) -> None:
    answer = await client.get("/full")
    assert (answer.status, answer.headers["Retry-After"]) == (503, "7")
    assert (await answer.json(content_type=None))["detail"] == "Come back later"
    assert (await client.get("/closed")).headers["WWW-Authenticate"] == "Bearer"


async def test_a_fault_of_ours_shows_nothing_and_is_logged(client, caplog) -> None:
    before = WEB_FAILURES._value.get()
    answer = await client.get("/broken", headers={"Accept": "text/html"})
    text = await answer.text()
    assert answer.status == 500
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert "secret" not in text
    assert "Traceback" not in text
    (record,) = [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert record.exc_info
    assert WEB_FAILURES._value.get() == before + 1


async def test_what_aiohttp_refuses(client) -> None:
    missing = await client.get("/no/such/thing", headers={"Accept": "text/html"})
    assert missing.status == 404
    assert missing.headers["Content-Type"] == "application/problem+json"
    wrong = await client.put("/full")
    assert wrong.status == 405
    assert set(wrong.headers["Allow"].split(",")) == {"GET", "HEAD"}
    huge = await client.post("/large", data=b"x" * 300_000)
    assert huge.status == 413
    assert (await huge.json(content_type=None))["status"] == 413


async def test_a_redirect_is_no_problem(client) -> None:
    answer = await client.get("/moved", allow_redirects=False)
    assert (answer.status, answer.headers["Location"]) == (302, "/elsewhere")


async def test_every_answer_is_counted(client) -> None:
    def count() -> float:
        return WEB_REQUESTS.labels("playlist", 404)._value.get()

    before = count()
    await client.get("/live/nobody/main.m3u8")
    assert count() == before + 1


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/live/a/index.m3u8", "multivariant"),
        ("/live/a/main.m3u8", "playlist"),
        ("/live/a/abc/1.m4s", "segment"),
        ("/live/a/abc/part10.m4s", "part"),
        ("/live/a/abc/init0.mp4", "init"),
        ("/live/a/whatever", "other"),
        ("/live/", "other"),
        ("/whip/a", "whip"),
        ("/api/v1/streams", "api"),
        ("/metrics", "metrics"),
        ("/", "page"),
        ("/watch/a", "page"),
        ("/anything/a/guest/types", "page"),
    ],
)
def test_kinds_are_a_closed_set(path, kind) -> None:
    assert kind_of(path) == kind


@pytest.mark.parametrize(("path", "status"), [("/vod/broken", 500), ("/vod/full", 503)])
async def test_pages_of_every_origin_may_read_why_media_do_not_come(client, path, status) -> None:
    answer = await client.get(path, headers={"Origin": "https://player.example"})
    assert (answer.status, answer.headers["Access-Control-Allow-Origin"]) == (status, "*")
    assert "Access-Control-Allow-Origin" not in (await client.get("/broken")).headers
