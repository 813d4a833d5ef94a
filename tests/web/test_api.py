import pytest
from aiohttp.test_utils import make_mocked_request

from edge.auth.admission import Admission
from edge.config import AuthConfig
from edge.errors import Forbidden, Unauthorised
from edge.web.api import admit

TOKEN = {"Authorization": "Bearer correct horse"}


def guarded(admin: str | None) -> Admission:
    return Admission(AuthConfig(admin=admin))


def request_from(remote: str, host: str = "127.0.0.1:8080", **headers: str):
    fields = {"Host": host, **{name.replace("_", "-"): value for name, value in headers.items()}}
    return make_mocked_request("GET", "/api/v1/streams", headers=fields).clone(remote=remote)


@pytest.mark.parametrize(
    ("remote", "host"),
    [("127.0.0.1", "127.0.0.1:8080"), ("127.9.9.9", "localhost:8080"), ("::1", "[::1]:8080"), ("::ffff:127.0.0.1", "localhost")],
)  # fmt: skip
async def test_whoever_sits_at_the_machine_needs_no_token(remote, host) -> None:
    await admit(request_from(remote, host), guarded("correct horse"))
    await admit(request_from(remote, host), guarded(None))


@pytest.mark.parametrize(
    ("remote", "host", "headers"),
    [
        ("192.0.2.7", "127.0.0.1:8080", {}),
        ("127.0.0.1", "edge.example:8080", {}),
        ("127.0.0.1", "127.0.0.1:8080", {"X_Forwarded_For": "192.0.2.7"}),
        ("127.0.0.1", "127.0.0.1:8080", {"Forwarded": "for=192.0.2.7"}),
        ("::ffff:192.0.2.7", "localhost", {}),
        ("2001:db8::1", "[::1]:8080", {}),
    ],
)
async def test_whoever_does_not_needs_it(remote, host, headers) -> None:
    with pytest.raises(Unauthorised, match=r"auth\.admin"):
        await admit(request_from(remote, host, **headers), guarded("correct horse"))
    with pytest.raises(Forbidden, match=r"set auth\.admin"):
        await admit(request_from(remote, host, **headers), guarded(None))
    await admit(
        request_from(remote, host, **headers, Authorization="bearer correct horse"), guarded("correct horse")
    )


@pytest.mark.parametrize(
    "value", ["Bearer wrong", "Bearer", "Bearer ", "Basic correct horse", "Bearer correct horsé"]
)
async def test_a_wrong_token_is_refused_even_at_the_machine(value) -> None:
    with pytest.raises(Forbidden):
        await admit(request_from("127.0.0.1", Authorization=value), guarded("correct horse"))


async def test_no_token_opens_what_has_none() -> None:
    with pytest.raises(Forbidden):
        await admit(request_from("127.0.0.1", Authorization="Bearer None"), guarded(None))


async def test_streams(client, camera, hub) -> None:
    answer = await client.get("/api/v1/streams", headers=TOKEN)
    assert answer.status == 200
    assert answer.headers["Cache-Control"] == "no-store"
    assert "Access-Control-Allow-Origin" not in answer.headers
    (stream,) = (await answer.json())["streams"]
    assert (stream["name"], stream["state"]) == ("cam", "live")
    assert stream["playlist"] == "/live/cam/index.m3u8"
    assert stream["tracks"][0]["codec_string"] == "avc1.64001f"
    assert stream["bitrate"] > 0
    assert (await client.get(stream["playlist"])).status == 200
    assert await (await client.get("/api/v1/streams/cam")).json() == stream


async def test_a_stream_that_is_not(client) -> None:
    answer = await client.get("/api/v1/streams/nobody")
    assert answer.status == 404
    assert (await answer.json(content_type=None))["title"] == "Not found"


async def test_over_a_socket_with_a_foreign_name(client) -> None:
    for path in ("/api/v1/streams", "/api/v1/streams/cam", "/api/v1/openapi.json"):
        answer = await client.get(path, headers={"Host": "rebound.example"})
        assert answer.status == 401
        assert answer.headers["WWW-Authenticate"] == "Bearer"
        assert answer.headers["Content-Type"] == "application/problem+json"
