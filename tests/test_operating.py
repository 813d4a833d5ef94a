"""A whole server as the service manager sees it: a small stand-in with real sockets and real datagrams."""

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import aiohttp
import jwt
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from edge.auth import jwks
from edge.auth.tokens import mint
from edge.config import AuthConfig, Config, load
from edge.errors import Overloaded
from edge.host.state import remember
from edge.live.hub import Numbers
from edge.server import started

OFFER = Path(__file__).parent / "ingest" / "offers" / "chromium_156.sdp"
ACTIVATED = """
import os, sys
os.dup2(int(sys.argv[1]), 3)
os.environ |= {"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": "1", "WATCHDOG_PID": str(os.getpid())}
sys.argv = ["edge", *sys.argv[2:]]
from edge.cli import main
main()
"""
CONFIG = """
[server]
listen = "127.0.0.1:1"
drain = "5s"
[webrtc]
listen = "127.0.0.1:0"
[auth]
publish = ["publish-key"]
admin = "admin-key"
"""


class Manager:
    """What systemd does, as far as we lean on it: holds the socket, hears datagrams, sends signals."""

    def __init__(self, folder: Path) -> None:
        self.config = folder / "edge.toml"
        self.config.write_text(CONFIG)
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.port = self.listener.getsockname()[1]
        self.notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.notify.bind(str(folder / "notify"))
        self.log = (folder / "log").open("w+")
        self.processes: list[subprocess.Popen] = []

    def start(self) -> subprocess.Popen:
        environment = {**os.environ, "NOTIFY_SOCKET": self.notify.getsockname(), "WATCHDOG_USEC": "300000"}
        number = self.listener.fileno()
        command = [sys.executable, "-c", ACTIVATED, str(number), "serve", "-c", str(self.config)]
        process = subprocess.Popen(command, env=environment, pass_fds=[number], stderr=self.log)
        self.processes.append(process)
        return process

    def hear(self, word: str, within_s: float = 20) -> float:
        """Seconds until that datagram came; others are passed over."""
        began = time.monotonic()
        while True:
            self.notify.settimeout(max(0.01, began + within_s - time.monotonic()))
            if self.notify.recv(4096).decode().startswith(word):
                return time.monotonic() - began

    def ask(self, path: str, **headers: str) -> int:
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                return answer.status
        except urllib.error.HTTPError as error:
            return error.code

    def close(self) -> None:
        for process in self.processes:
            if process.poll() is None:
                process.kill()
            process.wait()
        for one in (self.listener, self.notify, self.log):
            one.close()


@pytest.fixture
def manager(tmp_path):
    manager = Manager(tmp_path)
    yield manager
    manager.close()


def test_ready_watchdog_reload_and_end(manager):
    process = manager.start()
    manager.hear("READY=1")
    assert manager.ask("/readyz") == 200
    manager.hear("WATCHDOG=1")
    manager.hear("WATCHDOG=1")
    assert manager.ask("/api/v1/config", Authorization="Bearer admin-key") == 200
    manager.config.write_text(CONFIG.replace("admin-key", "other-key") + '[hls]\nwindow = "10s"\n')
    process.send_signal(signal.SIGHUP)
    manager.hear("RELOADING=1")
    manager.hear("READY=1")
    assert manager.ask("/api/v1/config", Authorization="Bearer admin-key") == 403
    assert manager.ask("/api/v1/config", Authorization="Bearer other-key") == 200
    process.terminate()
    manager.hear("STOPPING=1")
    assert process.wait(20) == 0
    log = Path(manager.log.name).read_text()
    assert '"keys": "hls.window"' in log
    assert "-key" not in log.replace("publish-key", "")
    assert "publish-key" not in log


def test_a_faulty_configuration_changes_nothing(manager):
    process = manager.start()
    manager.hear("READY=1")
    manager.config.write_text('[hls]\nwindow = "long"\nparts = 1\n')
    process.send_signal(signal.SIGHUP)
    manager.hear("READY=1")
    assert manager.ask("/api/v1/config", Authorization="Bearer admin-key") == 200
    assert Path(manager.log.name).read_text().count("reload.refused") == 2


def test_a_hung_loop_is_not_fed(manager):
    process = manager.start()
    manager.hear("WATCHDOG=1")
    process.send_signal(signal.SIGSTOP)
    with contextlib.suppress(TimeoutError):
        while True:
            manager.hear("WATCHDOG=1", 0.5)
    manager.notify.settimeout(1)
    with pytest.raises(TimeoutError):
        manager.notify.recv(4096)


def test_a_restart_refuses_no_connection(manager):
    """Asked all the time, over a restart: every connection is answered, by the old or by the new."""
    old = manager.start()
    manager.hear("READY=1")
    answers: list[int | str] = []

    async def asking(stop: asyncio.Event) -> None:
        while not stop.is_set():
            reader, writer = await asyncio.open_connection("127.0.0.1", manager.port)
            writer.write(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            answers.append((await reader.readline()).decode().strip())
            writer.close()
            await asyncio.sleep(0.005)

    async def restarting() -> None:
        stop = asyncio.Event()
        asked = [asyncio.create_task(asking(stop)) for _ in range(8)]
        await asyncio.sleep(0.2)
        old.terminate()
        assert await asyncio.to_thread(old.wait, 20) == 0
        manager.start()
        await asyncio.to_thread(manager.hear, "READY=1")
        await asyncio.sleep(0.2)
        stop.set()
        await asyncio.gather(*asked)

    asyncio.run(restarting())
    assert len(answers) > 50
    assert set(answers) == {"HTTP/1.1 200 OK"}


async def test_draining_answers_who_is_here_and_takes_nothing_new():
    config = load(environment={}, overrides=["server.listen=127.0.0.1:0", "server.drain=5s"])
    async with started(config) as node:
        reader, writer = await asyncio.open_connection(*node.address)
        node.drain()
        writer.write(b"GET /readyz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        assert " 503 " in head
        assert "Connection: close" in head
        writer.close()
        reader, writer = await asyncio.open_connection(*node.address)
        writer.write(
            b"POST /whip/cam HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/sdp\r\nContent-Length: 0\r\n\r\n"
        )
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        assert " 503 " in head
        assert "Retry-After: 2" in head
        writer.close()
        began = asyncio.get_running_loop().time()
        await node.drained(keeps_listening=True)
        assert 0.5 < asyncio.get_running_loop().time() - began < 4


async def served(address) -> bool:
    """Whether somebody accepts a new connection, and answers on it."""
    reader, writer = await asyncio.open_connection(*address)
    writer.write(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
    try:
        async with asyncio.timeout(0.3):
            return b" 200 " in await reader.readline()
    except TimeoutError:
        return False
    finally:
        writer.close()


async def test_who_comes_while_somebody_still_reads_is_served_and_not_left_to_a_successor(tmp_path):
    (tmp_path / "film.mp4").write_bytes(bytes(32 * 1024**2))
    vod = [{"prefix": "/", "kind": "file", "root": str(tmp_path)}]
    config = Config.model_validate(
        {"server": {"drain": "60s", "state_dir": tmp_path / "s"}, "vod": {"origins": vod}}
    )
    with socket.create_server(("127.0.0.1", 0)) as held:
        async with started(config, [held.dup()]) as node:
            reader, writer = await asyncio.open_connection(*node.address)
            writer.write(b"GET /vod/film.mp4 HTTP/1.1\r\nHost: localhost\r\n\r\n")
            await reader.readline()
            node.drain()
            draining = asyncio.create_task(node.drained(keeps_listening=False))
            assert await served(node.address)
            writer.close()
            async with asyncio.timeout(5):
                await draining
            assert not await served(node.address), "who comes now is for the successor"


async def test_who_is_held_at_the_end_of_a_drain_gets_the_part_that_he_waits_for(tmp_path):
    ask = "GET /live/cam/main.m3u8{} HTTP/1.1\r\nHost: localhost\r\n\r\n"
    config = load(environment={}, overrides=[f"server.state_dir={tmp_path}", "server.drain=20s"])
    with socket.create_server(("127.0.0.1", 0)) as held:
        async with started(config, [held.dup()]) as node:
            camera = camera_of(node._hub)
            camera.send(7)
            reader, writer = await asyncio.open_connection(*node.address)
            other, idle = await asyncio.open_connection(*node.address)
            idle.write(ask.format("").encode())
            await other.readuntil(b"\r\n\r\n")
            node.drain()
            draining = asyncio.create_task(node.drained(keeps_listening=False))
            async with asyncio.timeout(5):
                await other.read()
                idle.close()
                window = camera.publication.rendition.window
                msn, part = window.next_position
                writer.write(ask.format(f"?_HLS_msn={msn}&_HLS_part={part}").encode())
                while not node._hub.waiting:
                    await asyncio.sleep(0)
                assert not draining.done()
                coming = window.next_number
                camera.send(0.5)
                answer = (await reader.read()).decode()
                await draining
            writer.close()
    assert f"/part{coming}.m4s" in answer.partition("PRELOAD-HINT")[0], "and not what was there before"
    assert "Connection: close" in answer


async def test_a_second_signal_does_not_wait():
    config = load(environment={}, overrides=["server.listen=127.0.0.1:0", "server.drain=60s"])
    async with started(config) as node:
        node._ready.requests += 1
        node.drain()
        node.drain()
        async with asyncio.timeout(5):
            await node.drained(keeps_listening=True)
        node._ready.requests -= 1


async def test_what_is_shown_has_no_secrets():
    auth = {
        "publish": ["publish-secret"], "play": ["playing-secret"], "admin": ["admining-secret"],
        "token_secrets": ["signing-secret-0123456789-0123456789"], "webhook_secret": "webhooking-secret",
    }  # fmt: skip
    config = Config.model_validate(
        {
            "server": {"listen": "127.0.0.1:0"},
            "auth": auth,
            "webrtc": {"ice_servers": [{"urls": "turn:t.example", "credential": "turning-secret"}]},
        }
    )
    async with started(config) as node:
        assert "-secret" not in str(node.settings())
        assert node.settings()["auth"]["publish"] == ["(1 hidden)"]
        assert node.settings()["hls"]["window"] == 60.0


async def test_addresses_of_services_are_shown_without_what_opens_them():
    auth = {
        "jwks_url": "https://edge:jwks-secret@127.0.0.1:1/keys?key=url-secret",
        "webhook_url": "https://token-secret@auth.example:8443/edge?key=url-secret",
    }
    config = Config.model_validate({"server": {"listen": "127.0.0.1:0"}, "auth": auth})
    async with started(config) as node:
        shown = node.settings()["auth"]
        assert shown["jwks_url"] == "https://127.0.0.1:1/keys?(hidden)"
        assert shown["webhook_url"] == "https://auth.example:8443/edge?(hidden)"


async def test_a_faulty_certificate_changes_nothing(tmp_path):
    """Neither who may, of the same configuration."""
    sys.path.insert(0, str(Path(__file__).parent / "host"))
    from tls_material import write_pair

    chain, key = write_pair(tmp_path)
    server = {"listen": "127.0.0.1:0", "tls_certificate": str(chain), "tls_key": str(key)}
    config = Config.model_validate({"server": server, "auth": {"publish": ["first-key"]}})
    async with started(config) as node:
        key.write_text("torn")
        node.reload(lambda: config.model_copy(update={"auth": AuthConfig(publish=["other-key"])}))
        assert node.config.auth.publish == ("first-key",)
        assert node._admission.config.publish == ("first-key",)


async def test_tls_on_the_listener(tmp_path):
    sys.path.insert(0, str(Path(__file__).parent / "host"))
    from tls_material import write_pair

    chain, key = write_pair(tmp_path)
    overrides = ["server.listen=127.0.0.1:0", f"server.tls_certificate='{chain}'", f"server.tls_key='{key}'"]
    import ssl

    trust = ssl.create_default_context(cafile=str(chain))
    async with started(load(environment={}, overrides=overrides)) as node:
        reader, writer = await asyncio.open_connection(*node.address, ssl=trust, server_hostname="localhost")
        writer.write(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        assert b" 200 " in await reader.readline()
        writer.close()


async def test_what_the_api_answers_is_what_it_describes():
    sys.path.insert(0, str(Path(__file__).parent / "web"))
    from test_openapi import answer_schema, check

    config = load(environment={}, overrides=["server.listen=127.0.0.1:0"])
    async with started(config) as node, aiohttp.ClientSession(f"http://{node.address}") as http:
        node.tick(asyncio.get_running_loop().time())
        for path in ("/api/v1/sessions", "/api/v1/history", "/api/v1/config"):
            async with http.get(path) as answer:
                check(await answer.json(), answer_schema(path, "200"))
        async with http.post("/api/v1/streams/nobody/kick") as answer:
            assert answer.status == 404
        for body in (b"", b"{}", b"[]", b'{"name": 1}', b'{"name": ""}', b"[" * 50_000):
            async with http.post("/api/v1/revocations", data=body) as answer:
                assert answer.status == 400
        async with http.post("/api/v1/revocations", json={"name": "mine"}) as answer:
            assert answer.status == 204
        for headers in (
            {"Origin": "https://evil.example"},
            {"Sec-Fetch-Site": "cross-site"},
            {"Host": "evil.example"},
        ):
            async with http.post("/api/v1/drain", headers=headers) as answer:
                assert answer.status in {401, 403}
        assert not node.told_to_stop.is_set()
        async with http.post("/api/v1/drain") as answer:
            assert answer.status == 202
        await asyncio.wait_for(node.told_to_stop.wait(), 5)


async def test_a_page_of_another_site_cannot_publish_here():
    config = load(environment={}, overrides=["server.listen=127.0.0.1:0"])
    async with started(config) as node, aiohttp.ClientSession(f"http://{node.address}") as http:
        sdp = {"Content-Type": "application/sdp"}
        for headers, status in (
            ({}, 400),
            ({"Origin": "https://evil.example"}, 403),
            ({"Origin": "null"}, 403),
        ):
            async with http.post("/whip/cam", data=b"v=0", headers=sdp | headers) as answer:
                assert answer.status == status


@pytest.mark.parametrize("field", ["X-Forwarded-For", "Forwarded", "Via", "X-Real-IP"])
async def test_open_publishing_that_nobody_wrote_out_is_for_this_machine_only(field):
    """A front on the same machine would open it to the world, and no address in the configuration says so."""
    overrides = ["server.listen=127.0.0.1:0", 'server.trusted_proxies=["127.0.0.1"]']
    for more, status in ([], 403), (["auth.publish=open"], 400):
        config = load(environment={}, overrides=[*overrides, *more])
        async with started(config) as node, aiohttp.ClientSession(f"http://{node.address}") as http:
            headers = {"Content-Type": "application/sdp", field: "203.0.113.9", "Host": "live.example"}
            async with http.post("/whip/cam", data=b"v=0", headers=headers) as answer:
                assert answer.status == status
                assert "auth.publish" in await answer.text() or status == 400


async def test_who_comes_by_a_unix_socket_is_not_of_this_machine(tmp_path):
    """A front listens there: who is behind it, nobody knows."""
    with socket.socket(socket.AF_UNIX) as one:
        one.bind(str(tmp_path / "edge"))
        one.listen()
        one.setblocking(False)
        config = load(environment={}, overrides=["webrtc.listen=127.0.0.1:0"])
        way = aiohttp.UnixConnector(str(tmp_path / "edge"))
        async with started(config, [one]), aiohttp.ClientSession(connector=way) as http:
            headers = {"Content-Type": "application/sdp"}
            async with http.post("http://localhost/whip/cam", data=b"v=0", headers=headers) as answer:
                assert answer.status == 403
            async with http.get("http://localhost/api/v1/streams") as answer:
                assert answer.status == 403


async def test_a_key_that_is_taken_away_ends_its_publisher():
    auth = {"publish": ["first-key"]}
    config = Config.model_validate({"server": {"listen": "127.0.0.1:0"}, "auth": auth})
    async with started(config) as node, aiohttp.ClientSession(f"http://{node.address}") as http:
        headers = {"Content-Type": "application/sdp", "Authorization": "Bearer first-key"}
        async with http.post("/whip/cam", data=OFFER.read_bytes(), headers=headers) as answer:
            assert answer.status == 201
        assert [one["stream"] for one in node.sessions()] == ["cam"]
        node.reload(lambda: Config.model_validate({"auth": {"publish": ["other-key"]}}))
        async with asyncio.timeout(2):
            while node.sessions():
                await asyncio.sleep(0.01)


@pytest.mark.parametrize("how", ["revoked", "reloaded"])
async def test_who_is_thrown_out_while_his_offer_comes_does_not_publish(how):
    """He is let in, sends his offer slowly, and has no session yet that could be ended."""
    secret = "0123456789abcdef0123456789abcdef"
    auth = {"publish": "tokens", "token_secrets": [secret]}
    config = Config.model_validate({"server": {"listen": "127.0.0.1:0"}, "auth": auth})
    token = mint(config.auth, "publish", ["cam"], ttl_s=60, now=time.time(), sub="thrown-out")
    offer = OFFER.read_bytes()
    head = (
        "POST /whip/cam HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/sdp\r\n"
        f"Authorization: Bearer {token}\r\nContent-Length: {len(offer)}\r\n\r\n"
    )
    async with started(config) as node:
        reader, writer = await asyncio.open_connection(*node.address)
        writer.write(head.encode() + offer[:100])
        await asyncio.sleep(0.1)
        if how == "revoked":
            await node.revoke("thrown-out")
        else:
            other = Config.model_validate({"auth": {"publish": ["another-key"]}})
            node.reload(lambda: other)
        writer.write(offer[100:])
        status = (await reader.readline()).split()[1]
        assert (status, node.sessions()) == (b"403" if how == "revoked" else b"401", [])
        writer.close()


async def test_a_key_that_is_taken_out_of_the_key_set_ends_its_publisher(monkeypatch):
    """Nobody has to come and ask: the set is looked at by the clock."""
    monkeypatch.setattr(jwks, "SOONEST_S", 0.0)
    private = Ed25519PrivateKey.generate()
    public = {**jwt.algorithms.OKPAlgorithm.to_jwk(private.public_key(), as_dict=True), "kid": "ours"}
    sets = {"keys": [public]}

    async def key_set(_):
        return web.json_response(sets)

    elsewhere = web.Application()
    elsewhere.router.add_get("/", key_set)
    async with TestServer(elsewhere) as server:
        auth = {"publish": "tokens", "jwks_url": str(server.make_url("/")), "jwks_refresh": "1s"}
        config = Config.model_validate({"server": {"listen": "127.0.0.1:0"}, "auth": auth})
        claims = {"action": "publish", "stream": "cam", "exp": int(time.time()) + 60}
        token = jwt.encode(claims, private, "EdDSA", {"kid": "ours"})
        async with started(config) as node, aiohttp.ClientSession(f"http://{node.address}") as http:
            headers = {"Content-Type": "application/sdp", "Authorization": f"Bearer {token}"}
            async with http.post("/whip/cam", data=OFFER.read_bytes(), headers=headers) as answer:
                assert answer.status == 201
            node.tick(asyncio.get_running_loop().time() + 2)
            await asyncio.sleep(0.1)
            assert len(node.sessions()) == 1, "the set is as it was"
            sets["keys"] = []
            async with asyncio.timeout(5):
                while node.sessions():
                    node.tick(asyncio.get_running_loop().time() + 4)
                    await asyncio.sleep(0.02)


async def test_a_late_loop_takes_no_new_publisher_and_serves_who_is_here():
    overrides = ["server.listen=127.0.0.1:0", "limits.overload_lag=20ms"]
    loop = asyncio.get_running_loop()
    hogs = [True]

    def hog() -> None:
        time.sleep(0.15)
        if hogs[0]:
            loop.call_later(0.02, hog)

    async def publish(http) -> tuple[int, str]:
        headers = {"Content-Type": "application/sdp"}
        async with http.post("/whip/other", data=b"v=0", headers=headers) as answer:
            return answer.status, answer.headers.get("Retry-After", "")

    async with started(load(environment={}, overrides=overrides)) as node:
        camera_of(node._hub).send(5)
        async with aiohttp.ClientSession(f"http://{node.address}") as http:
            assert await publish(http) == (400, "")
            hog()
            async with asyncio.timeout(10):
                while await publish(http) != (503, "10"):
                    pass
            async with http.get("/live/cam/main.m3u8") as answer:
                assert answer.status == 200
            hogs[0] = False
            async with asyncio.timeout(10):
                while await publish(http) != (400, ""):
                    await asyncio.sleep(0.05)


async def test_a_loop_that_is_late_for_long_serves_who_is_here_and_turns_newcomers_away(monkeypatch):
    """Addresses of this machine stand for strangers here."""
    monkeypatch.setattr("edge.web.doors.network_of", str)
    monkeypatch.setattr("edge.operating.network_of", str)

    async def asked(node, host: str) -> tuple[int, str]:
        connector = aiohttp.TCPConnector(local_addr=(host, 0))
        async with (
            aiohttp.ClientSession(f"http://{node.address}", connector=connector) as http,
            http.get("/live/cam/main.m3u8") as answer,
        ):
            return answer.status, answer.headers.get("Retry-After", "")

    async with started(load(environment={}, overrides=["server.listen=127.0.0.1:0"])) as node:
        camera = camera_of(node._hub)
        camera.send(5)
        async with aiohttp.ClientSession(f"http://{node.address}") as http:
            headers = {"Content-Type": "application/sdp"}
            async with http.post("/whip/other", data=OFFER.read_bytes(), headers=headers) as answer:
                assert answer.status == 201
            assert await asked(node, "127.0.0.2") == (200, "")
            node._heart.is_hurt = True
            assert await asked(node, "127.0.0.3") == (503, "2")
            assert await asked(node, "127.0.0.2") == (200, ""), "he was here a moment ago"
            async with http.get("/live/cam/main.m3u8") as answer:
                assert answer.status == 200
            assert not node.turns_away("127.0.0.1"), "it publishes"
            with pytest.raises(Overloaded):
                node.accept_publisher("new")
            with pytest.raises(Overloaded):
                node.accept_publisher("cam")
            camera.publication.detach(camera.publication._source, asyncio.get_running_loop().time())
            node.accept_publisher("cam")
            node._hub.expect("of-before", Numbers(17, 1), asyncio.get_running_loop().time())
            node.accept_publisher("of-before")
            assert node.turns_away("127.0.0.3")
            node._heart.is_hurt = False
            assert await asked(node, "127.0.0.3") == (200, "")


async def test_a_page_of_another_site_is_not_even_told_what_it_may():
    """No CORS fields where operators are answered: what a browser asks before (preflight) ends there."""
    asking = {"Origin": "https://evil.example", "Access-Control-Request-Method": "DELETE"}
    config = load(environment={}, overrides=["server.listen=127.0.0.1:0"])
    async with started(config) as node, aiohttp.ClientSession(f"http://{node.address}") as http:
        for path in ("/api/v1/streams", "/api/v1/drain", "/api/v1/revocations", "/metrics"):
            for method in ("OPTIONS", "GET", "POST"):
                async with http.request(method, path, headers=asking) as answer:
                    assert not [name for name in answer.headers if name.startswith("Access-Control")]
        assert not node.told_to_stop.is_set()


async def test_a_stream_goes_on_after_a_restart_and_its_viewers_are_kept(tmp_path):
    """The successor holds who asks for what comes next, and what was listed still is."""
    sys.path.insert(0, str(Path(__file__).parent / "web"))
    from aiohttp import ClientSession

    overrides = ["server.listen=127.0.0.1:0", f"server.state_dir='{tmp_path}'"]
    async with started(load(environment={}, overrides=overrides)) as node:
        camera = camera_of(node._hub)
        camera.send(5)
        listed = [segment.msn for segment in camera.publication.rendition.window.segments]
    async with (
        started(load(environment={}, overrides=overrides)) as node,
        ClientSession(f"http://{node.address}") as http,
    ):
        coming = node._hub.get("cam").rendition.window.next_position
        held = asyncio.create_task(http.get(f"/live/cam/main.m3u8?_HLS_msn={coming.msn}&_HLS_part=0"))
        async with asyncio.timeout(5):
            while not node._hub.waiting:
                await asyncio.sleep(0.005)
        camera_of(node._hub).send(5)
        answer = await asyncio.wait_for(held, 5)
        text = await answer.text()
        assert answer.status == 200
        assert coming.msn > listed[-1]
        assert f"#EXT-X-MEDIA-SEQUENCE:{listed[0]}\n" in text
        assert "#EXT-X-DISCONTINUITY\n" not in text


async def test_after_a_crash_a_stream_goes_on_behind_a_discontinuity(tmp_path):
    remember(tmp_path, {"cam": (17, 1)})
    overrides = ["server.listen=127.0.0.1:0", f"server.state_dir='{tmp_path}'"]
    async with started(load(environment={}, overrides=overrides)) as node:
        camera_of(node._hub).send(5)
        async with aiohttp.ClientSession(f"http://{node.address}") as http:
            text = await (await http.get("/live/cam/main.m3u8")).text()
    assert "#EXT-X-MEDIA-SEQUENCE:47\n" in text
    assert "#EXT-X-DISCONTINUITY-SEQUENCE:31\n" in text
    assert text.count("#EXT-X-DISCONTINUITY\n") == 1


async def test_who_was_revoked_stays_so_over_a_restart(tmp_path):
    secret = "0123456789-0123456789-0123456789"
    auth = {"play": "tokens", "token_secrets": [secret]}
    config = Config.model_validate(
        {"server": {"listen": "127.0.0.1:0", "state_dir": str(tmp_path)}, "auth": auth}
    )
    token = mint(config.auth, "play", ["cam"], ttl_s=60, now=time.time(), sub="mine")
    for expected in (404, 403):
        async with started(config) as node, aiohttp.ClientSession(f"http://{node.address}") as http:
            assert (await http.get(f"/live/~{token}/cam/index.m3u8")).status == expected
            async with http.post("/api/v1/revocations", json={"name": "mine"}) as answer:
                assert answer.status == 204
            assert (await http.get(f"/live/~{token}/cam/index.m3u8")).status == 403


@pytest.mark.parametrize("play", ["open", "tokens"])
async def test_a_revoked_stream_is_for_nobody(tmp_path, play):
    """Whatever he has; other streams go on, and it stays so over a restart."""
    auth = {"publish": ["first-key"], "play": play, "token_secrets": ["0123456789-0123456789-0123456789"]}
    server = {"listen": "127.0.0.1:0", "state_dir": str(tmp_path)}
    config = Config.model_validate({"server": server, "auth": auth})
    way = f"/live/~{mint(config.auth, 'play', ['*'], ttl_s=60, now=time.time())}"
    headers = {"Content-Type": "application/sdp", "Authorization": "Bearer first-key"}
    async with started(config) as node, aiohttp.ClientSession(f"http://{node.address}") as http:
        for stream in ("cam", "two"):
            async with http.post(f"/whip/{stream}", data=OFFER.read_bytes(), headers=headers) as answer:
                assert answer.status == 201
        held = asyncio.create_task(http.get(f"{way}/cam/main.m3u8"))
        async with asyncio.timeout(5):
            while not node.waiting:
                await asyncio.sleep(0.001)
        async with http.post("/api/v1/revocations", json={"name": "stream:cam"}) as answer:
            assert answer.status == 204
        async with asyncio.timeout(0.25):
            assert (await held).status == 404
        assert [one["stream"] for one in node.sessions()] == ["two"]
        assert (await http.get(f"{way}/cam/main.m3u8")).status == 403
        assert (await http.get("/live/cam/main.m3u8")).status == (403 if play == "open" else 401)
    async with started(config) as node, aiohttp.ClientSession(f"http://{node.address}") as http:
        for stream, status in (("cam", 403), ("two", 201)):
            async with http.post(f"/whip/{stream}", data=OFFER.read_bytes(), headers=headers) as answer:
                assert answer.status == status
        assert (await http.get(f"{way}/cam/index.m3u8")).status == 403


def camera_of(hub):
    import importlib.util

    spec = importlib.util.spec_from_file_location(
        "web_conftest", Path(__file__).parent / "web" / "conftest.py"
    )
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.Camera(hub, "cam")


async def test_history_has_the_holes_of_each_ten_seconds():
    async with started(load(environment={}, overrides=["server.listen=127.0.0.1:0"])) as node:
        camera = camera_of(node._hub)
        camera.send(5)
        now = asyncio.get_running_loop().time()
        for after, come in enumerate((0, 0, 2, 0), start=1):
            camera.publication.rendition.window.discontinuity_sequence += come
            node.tick(now + 20 * after)
        assert [moment["holes"] for moment in node.history()][-4:] == [0, 0, 2, 0]


async def test_with_a_successor_nobody_is_told_that_the_stream_has_ended(tmp_path):
    overrides = ["server.listen=127.0.0.1:0", f"server.state_dir='{tmp_path}'"]
    with socket.create_server(("127.0.0.1", 0)) as listener:
        async with started(load(environment={}, overrides=overrides), [listener]) as node:
            camera = camera_of(node._hub)
            camera.send(5)
            hub = node._hub
    assert hub.get("cam").ended_at is None
    async with started(load(environment={}, overrides=overrides)) as node:
        camera_of(node._hub).send(5)
        hub = node._hub
    assert hub.get("cam").ended_at is not None
