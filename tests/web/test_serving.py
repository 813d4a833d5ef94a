"""Both lanes over real sockets: plain, TLS, and a Unix socket behind a proxy; and the worst of clients."""

import asyncio
import socket
import ssl
import subprocess
from collections.abc import AsyncIterator

import pytest

from edge.auth.admission import Admission
from edge.config import Address, Config
from edge.host.sockets import bound
from edge.live.hub import Hub
from edge.web.readiness import Readiness
from edge.web.serving import Serving

HEAD = b"Host: a\r\n\r\n"
PLAYLIST = b"GET /live/cam/main.m3u8 HTTP/1.1\r\n" + HEAD


@pytest.fixture
def config() -> Config:
    return Config.model_validate(
        {"server": {"trusted_proxies": ["unix:"]}, "limits": {"waiters_per_address": 1}}
    )


@pytest.fixture
async def serving(config, hub) -> AsyncIterator[Serving]:
    admission = Admission(config.auth)
    one = await Serving.begin(config, hub, ready=Readiness(), admission=admission)
    yield one
    hub.end_all()
    await one.close()
    await admission.close()


@pytest.fixture
def hub(config) -> Hub:
    return Hub(config)


@pytest.fixture
async def address(serving, camera) -> Address:
    return await serving.listen(bound(Address("127.0.0.1", 0)), None)


async def whole(reader: asyncio.StreamReader) -> tuple[bytes, bytes]:
    head = await reader.readuntil(b"\r\n\r\n")
    length = next(line for line in head.split(b"\r\n") if line.startswith(b"Content-Length"))
    return head, await reader.readexactly(int(length.split()[1]))


async def test_one_connection_through_both_lanes(address):
    reader, writer = await asyncio.open_connection(*address)
    for request, body in (
        (PLAYLIST, b"#EXTM3U"),
        (PLAYLIST, b"#EXTM3U"),
        (b"GET /healthz HTTP/1.1\r\n" + HEAD, b"ok"),
    ):
        writer.write(request)
        head, content = await whole(reader)
        assert head.startswith(b"HTTP/1.1 200 ")
        assert content.startswith(body)
    writer.close()
    await writer.wait_closed()


async def test_metrics_count_what_the_fast_lane_answered(address):
    reader, writer = await asyncio.open_connection(*address)

    async def answered() -> float:
        writer.write(b"GET /metrics HTTP/1.1\r\n" + HEAD)
        _, text = await whole(reader)
        name = b'edge_web_requests_total{kind="playlist",status="200"} '
        return sum(float(line.removeprefix(name)) for line in text.splitlines() if line.startswith(name))

    before = await answered()
    fast_reader, fast = await asyncio.open_connection(*address)
    for _ in range(3):
        fast.write(PLAYLIST)
        await whole(fast_reader)
    assert await answered() == before + 3
    for each in (writer, fast):
        each.close()


async def test_who_waits_at_the_end_is_answered(serving, hub, camera, address):
    reader, writer = await asyncio.open_connection(*address)
    position = hub.get("cam").rendition.window.next_position
    writer.write(
        f"GET /live/cam/main.m3u8?_HLS_msn={position.msn}&_HLS_part={position.part} HTTP/1.1\r\n".encode()
        + HEAD
    )
    while not hub.waiting:
        await asyncio.sleep(0)
    await serving.close(hub.let_go)
    head, body = await whole(reader)
    assert head.startswith(b"HTTP/1.1 200 ")
    assert body.startswith(b"#EXTM3U")
    assert await reader.read() == b""
    writer.close()


async def test_tls(serving, camera, tmp_path):
    names = tmp_path / "cert.pem", tmp_path / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
         "-subj", "/CN=localhost", "-days", "1", "-out", names[0], "-keyout", names[1]],
        check=True, capture_output=True,
    )  # fmt: skip
    ours = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ours.load_cert_chain(*names)
    theirs = ssl.create_default_context(cafile=names[0])
    address = await serving.listen(bound(Address("127.0.0.1", 0)), ours)
    reader, writer = await asyncio.open_connection(*address, ssl=theirs, server_hostname="localhost")
    prefix = camera.publication.rendition.prefix.encode()
    for request in (
        PLAYLIST,
        b"GET /live/cam/" + prefix + b"/1.m4s HTTP/1.1\r\n" + HEAD,
        b"GET /healthz HTTP/1.1\r\n" + HEAD,
    ):
        writer.write(request)
        head, body = await whole(reader)
        assert head.startswith(b"HTTP/1.1 200 ")
        assert body
    writer.close()


async def test_a_unix_socket_behind_a_proxy_that_is_trusted(serving, camera, tmp_path, hub, until):
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(tmp_path / "edge.sock"))
    await serving.listen(listener, None)
    msn, part = camera.publication.rendition.window.next_position
    ask = (
        f"GET /live/cam/main.m3u8?_HLS_msn={msn}&_HLS_part={part} HTTP/1.1\r\nX-Forwarded-For: %s\r\n".encode()
        + HEAD
    )
    writers = []
    for client, held in ((b"192.0.2.1", 1), (b"192.0.2.2", 2), (b"192.0.2.1", 2)):
        reader, writer = await asyncio.open_unix_connection(tmp_path / "edge.sock")
        writer.write(ask % client)
        writers.append(writer)
        await until(lambda held=held: hub.waiting == held)
    head, _ = await whole(reader)
    assert head.startswith(b"HTTP/1.1 503 ")
    for writer in writers:
        writer.close()


async def test_hostile_clients_disturb_nobody(address, serving):
    """Heads an octet at a time, heads of a megabyte, connections that never ask, readers that stop."""
    crowd = []
    for kind in range(40):
        _, writer = await asyncio.open_connection(*address)
        crowd.append(writer)
        if kind % 4 == 1:
            writer.write(b"GET /live/cam/main.m3u8 HTTP/1.1\r\nX: " + b"y" * 1_000_000)
        elif kind % 4 == 2:
            writer.write(PLAYLIST * 2000)  # and reads nothing
        elif kind % 4 == 3:
            writer.write(b"G")
    reader, writer = await asyncio.open_connection(*address)
    for _ in range(50):
        writer.write(PLAYLIST)
        async with asyncio.timeout(2):
            head, _ = await whole(reader)
        assert head.startswith(b"HTTP/1.1 200 ")
    for _ in range(25):
        serving.tick(serving.lane.now + 1.0)
    writer.write(PLAYLIST)
    assert (await whole(reader))[0].startswith(b"HTTP/1.1 200 ")
    writer.close()
    async with asyncio.timeout(5):
        while not serving.lane.wheel.is_empty:
            serving.tick(serving.lane.now + 1.0)
            await asyncio.sleep(0.01)
    for each in crowd:
        each.close()
