"""What aiohttp refuses by itself, over a real socket: in our words, counted, and without a traceback."""

import asyncio
import json
from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from prometheus_client import REGISTRY

from edge.auth.admission import Admission
from edge.config import Address, Config
from edge.host.sockets import bound
from edge.live.hub import Hub
from edge.web.readiness import Readiness
from edge.web.serving import Serving

HOST = b"Host: x\r\n"


async def read(request: web.Request) -> web.Response:
    return web.Response(body=await request.read())


async def broken(_: web.Request) -> web.Response:
    raise web.HTTPInternalServerError


async def garbled(_: web.Request) -> web.Response:
    """As reading the body does."""
    raise web.RequestPayloadError


@pytest.fixture
async def address() -> AsyncIterator[Address]:
    config = Config()
    hub, admission = Hub(config), Admission(config.auth)
    routes = [web.post("/read", read), web.get("/broken", broken), web.get("/garbled", garbled)]
    serving = await Serving.begin(config, hub, ready=Readiness(), admission=admission, routes=routes)
    yield await serving.listen(bound(Address("127.0.0.1", 0)), None)
    await serving.close()
    await admission.close()


def counted(kind: str, status: int) -> float:
    labels = {"kind": kind, "status": str(status)}
    return REGISTRY.get_sample_value("edge_web_requests_total", labels) or 0.0


async def asked(address: Address, request: bytes) -> tuple[int, dict[str, str], bytes]:
    reader, writer = await asyncio.open_connection(*address)
    writer.write(request)
    head = (await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 5)).decode()
    line, *fields = head.strip().split("\r\n")
    headers = dict(field.split(": ", 1) for field in fields)
    body = await asyncio.wait_for(reader.readexactly(int(headers["Content-Length"])), 5)
    if b"malformed" in body or headers.get("Connection") == "close":
        assert await asyncio.wait_for(reader.read(), 5) == b""  # and hung up
    writer.close()
    return int(line.split()[1]), headers, body


@pytest.mark.parametrize(
    ("request_", "word"),
    [
        (b"GET / HTTP/9.9\r\n" + HOST + b"\r\n", "malformed"),
        (b"GET / HTTP/1.1\r\nX: <script>secret</script>\r\n\r\n", "Host"),
        (b"GET / HTTP/1.1\r\nHost: secret@x\r\n\r\n", "Host"),
        (b"GET / HTTP/1.1\r\nHost: a, b\r\n\r\n", "Host"),
        (b"GET / HTTP/1.0\r\nHost: a/b\r\n\r\n", "Host"),
        (b"GET / HTTP/1.1\nHost: x\n\n", "malformed"),
        (b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "malformed"),
        (b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: -3\r\n\r\n", "malformed"),
        (b"GET / HTTP/1.1\r\n" + HOST + b"<secret>\r\n\r\n", "malformed"),
        (b"\x16\x03\x01\x02\x00\x01secret\r\n\r\n", "TLS"),
    ],
)  # fmt: skip
async def test_what_is_no_http(address, caplog, request_, word):
    before = counted("malformed", 400)
    status, headers, body = await asked(address, request_)
    assert status == 400
    assert headers["Content-Type"] == "application/problem+json"
    document = json.loads(body)
    assert document["status"] == 400
    assert word in document["detail"]
    assert b"secret" not in body
    assert caplog.text == ""
    assert counted("malformed", 400) == before + 1


@pytest.mark.parametrize("size", [8_100, 70_000])
@pytest.mark.parametrize(
    ("start", "end", "status"),
    [
        (b"GET /secret", b" HTTP/1.1\r\n" + HOST, 414),
        (b"GET /live/secret", b" HTTP/1.1\r\n" + HOST, 414),
        (b"GET /healthz HTTP/1.1\r\n" + HOST + b"X: /secret", b"secret" * 20 + b"\r\n", 431),
    ],
)
async def test_what_is_too_long(address, caplog, start, end, status, size):
    """RFC 9112, 3; RFC 6585, 5. Fields: of their name and value together."""
    before = counted("malformed", status)
    got, _, body = await asked(address, start + b"a" * size + end + b"\r\n")
    assert got == status
    assert b"too long" in body
    assert b"secret" not in body
    assert caplog.text == ""
    assert counted("malformed", status) == before + 1


@pytest.mark.parametrize(
    ("request_", "status", "word"),
    [
        (b"GET /nothing HTTP/1.1\r\n" + HOST + b"\r\n", 404, "nothing at this address"),
        (b"GET /read HTTP/1.1\r\n" + HOST + b"\r\n", 405, "POST"),
        (b"POST /read HTTP/1.1\r\n" + HOST + b"Content-Length: 300000\r\n\r\n" + b"x" * 300_000, 413, "send less"),
        (b"POST /read HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n\r\n", 400, "framing"),
        (b"GET /healthz HTTP/1.1\r\n" + HOST + b"Expect: miracles\r\n\r\n", 417, "Expect"),
        (b"GET /garbled HTTP/1.1\r\n" + HOST + b"\r\n", 400, "framed"),
        (b"GET /broken HTTP/1.1\r\n" + HOST + b"\r\n", 500, ""),
    ],
)  # fmt: skip
async def test_what_aiohttp_refuses(address, caplog, request_, status, word):
    got, headers, body = await asked(address, request_)
    assert got == status
    assert headers["Content-Type"] == "application/problem+json"
    document = json.loads(body)
    assert document["status"] == status
    assert word in document["detail"]
    assert "Traceback" not in caplog.text


@pytest.mark.parametrize("version", [b"2.0", b"0.9"])
async def test_no_answer_claims_to_be_of_another_version(address, version):
    reader, writer = await asyncio.open_connection(*address)
    writer.write(b"GET /healthz HTTP/" + version + b"\r\n" + HOST + b"Connection: close\r\n\r\n")
    assert (await reader.readline()).startswith(b"HTTP/1.1 200 ")
    writer.close()
    await writer.wait_closed()


async def test_no_version_is_told(client):
    for path in ("/healthz", "/metrics", "/nothing", "/live/x/index.m3u8"):
        async with client.get(path) as answer:
            assert answer.headers.getall("Server") == ["edge"]
