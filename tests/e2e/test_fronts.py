"""nginx and Caddy in front, as config/ ships them: HTTP/2 over TLS, held requests, the client's address."""

import asyncio
import shutil
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from edge.config import load
from edge.server import started

sys.path.insert(0, str(Path(__file__).parents[1] / "host"))
from tls_material import write_pair

CONFIG = Path(__file__).parents[2] / "config"
HELD = 1000


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def nginx(folder: Path, port: int, upstream: int) -> list[str]:
    chain, key = write_pair(folder)
    lines = (CONFIG / "nginx.conf").read_text().splitlines()
    site = "\n".join(line for line in lines if "listen [::]" not in line)
    site = site.replace("listen 443 ssl", f"listen 127.0.0.1:{port} ssl").replace(
        "listen 80", f"listen 127.0.0.1:{free_port()}"
    )
    site = site.replace("127.0.0.1:8080", f"127.0.0.1:{upstream}").replace("edge.example.net;", "localhost;")
    site = site.replace("/etc/letsencrypt/live/edge.example.net/fullchain.pem", str(chain))
    site = site.replace("/etc/letsencrypt/live/edge.example.net/privkey.pem", str(key))
    main = folder / "nginx.conf"
    temporary = "".join(
        f"{name}_temp_path {folder};" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    main.write_text(
        f"daemon off; pid {folder}/pid; error_log stderr warn; worker_rlimit_nofile 8192;"
        f"events {{ worker_connections 4096; }} http {{ {temporary} \n{site}\n }}"
    )
    return ["nginx", "-c", str(main), "-p", str(folder)]


def caddy(folder: Path, port: int, upstream: int) -> list[str]:
    chain, key = write_pair(folder)
    text = (CONFIG / "Caddyfile").read_text().replace("127.0.0.1:8080", f"127.0.0.1:{upstream}")
    text = text.replace("edge.example.net {", f"https://localhost:{port} {{\n\ttls {chain} {key}")
    options = f"{{\n\tadmin off\n\tauto_https disable_redirects\n\tstorage file_system {folder}\n}}\n"
    (folder / "Caddyfile").write_text(options + text)
    return ["caddy", "run", "--config", str(folder / "Caddyfile"), "--adapter", "caddyfile"]


@pytest.fixture
async def edge():
    overrides = ["server.listen=127.0.0.1:0", 'server.trusted_proxies=["127.0.0.1"]', "auth.publish=open"]
    async with started(load(environment={}, overrides=overrides)) as node:
        yield node


@pytest.fixture(params=[nginx, caddy], ids=["nginx", "caddy"])
async def front(request, edge, tmp_path) -> AsyncIterator[str]:
    port = free_port()
    command = request.param(tmp_path, port, edge.address.port)
    environment = {"HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path), "PATH": "/usr/sbin:/usr/bin:/bin"}
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
        try:
            for _ in range(500):
                if process.poll() is not None:
                    pytest.fail((tmp_path / "log").read_text())
                try:
                    socket.create_connection(("127.0.0.1", port), 1).close()
                    break
                except OSError:
                    await asyncio.sleep(0.02)
            yield f"https://localhost:{port}"
        finally:
            process.terminate()
            process.wait(10)


@pytest.fixture
async def http(tmp_path, front):
    trust = ssl.create_default_context(cafile=str(tmp_path / "chain.pem"))
    connector = aiohttp.TCPConnector(ssl=trust, limit=0)
    async with aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout(total=30)) as session:
        yield session


async def test_http_2_over_tls_1_3(front, edge, tmp_path):
    curl = ["curl", "-sS", "--cacert", str(tmp_path / "chain.pem"), "--http2", "-o", "/dev/null", "-v"]
    process = await asyncio.create_subprocess_exec(
        *curl, "-w", "%{http_version} %{http_code}", f"{front}/readyz", stdout=-1, stderr=-1
    )
    out, talk = await process.communicate()
    assert out == b"2 200"
    assert b"TLSv1.3" in talk


async def test_the_clients_address_is_kept_and_not_believed_from_the_client(front, edge, http):
    """An address that a client writes itself must not open the API, which the real one does not."""
    for spoofed in ({}, {"X-Forwarded-For": "127.0.0.1"}, {"X-Forwarded-For": "192.0.2.7, 127.0.0.1"}):
        async with http.get(f"{front}/api/v1/streams", headers=spoofed) as answer:
            assert answer.status == 403


async def test_the_clients_address_arrives(front, edge, tmp_path):
    """From another address of this machine than the front's, and whatever the client itself says it is."""
    trust = ssl.create_default_context(cafile=str(tmp_path / "chain.pem"))
    offer = (Path(__file__).parents[1] / "ingest" / "offers" / "chromium_156.sdp").read_bytes()
    connector = aiohttp.TCPConnector(ssl=trust, local_addr=("127.0.0.9", 0), family=socket.AF_INET)
    async with aiohttp.ClientSession(connector=connector) as http:
        for number, spoofed in enumerate(
            ({}, {"X-Forwarded-For": "192.0.2.7"}, {"Forwarded": "for=192.0.2.7"})
        ):
            headers = {"Content-Type": "application/sdp", **spoofed}
            async with http.post(f"{front}/whip/cam{number}", data=offer, headers=headers) as answer:
                assert answer.status == 201
    assert [one["client"] for one in edge.sessions()] == ["127.0.0.9"] * 3


async def test_a_thousand_are_held_and_answered_through_it(front, edge, http):
    """Claimed and silent: the first playlist is held. All are answered together when the stream ends."""
    now = asyncio.get_running_loop().time()
    publication = edge._hub.claim("cam", now, takeover=False)

    async def ask() -> float:
        async with http.get(f"{front}/live/cam/main.m3u8") as answer:
            await answer.read()
            assert answer.status == 404
            return time.perf_counter()

    asked = [asyncio.create_task(ask()) for _ in range(HELD)]
    async with asyncio.timeout(9):
        while edge._hub.waiting < HELD:
            await asyncio.sleep(0.01)
    publication.end(asyncio.get_running_loop().time())
    ended = time.perf_counter()
    answered = await asyncio.gather(*asked)
    assert max(answered) - ended < 5


async def test_a_held_answer_goes_on_at_once(front, edge, http):
    """What the front adds to the latency: the median of many turns, beside direct ones."""

    async def median(base: str) -> float:
        took = []
        for turn in range(21):
            began = time.perf_counter()
            async with http.get(f"{base}/healthz") as answer:
                await answer.read()
            if turn:
                took.append(time.perf_counter() - began)
        return sorted(took)[len(took) // 2]

    direct = await median(f"http://{edge.address}")
    assert await median(front) - direct < 0.05


def test_the_tools_are_here():
    assert shutil.which("nginx")
    assert shutil.which("caddy")
