"""The whole server as a process: it says what it does, stops without a traceback, and names the key to change."""

import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress

import pytest
from aiohttp import ClientSession

from edge import server
from edge.config import Address, load
from edge.errors import ConfigError
from edge.ingest.mux import Mux
from edge.server import running
from edge.web import lane
from edge.web.naps import Naps


@contextmanager
def serving(port: int, *settings: str, files: int | None = None) -> Iterator[subprocess.Popen[str]]:
    """`files`: how many may be open at once."""
    sets = [word for setting in (f"server.listen=127.0.0.1:{port}", *settings) for word in ("--set", setting)]
    command = [sys.executable, "-m", "edge", "serve", *sets]
    if files is not None:
        command = ["sh", "-c", f'ulimit -n {files}; exec "$@"', "sh", *command]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_ready(port: int) -> None:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        with (
            suppress(OSError),
            urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=1) as answer,
        ):
            if answer.status == 200:
                return
    raise AssertionError("not ready within 20 s")


@pytest.mark.parametrize("number", [2, 15], ids=["SIGINT", "SIGTERM"])
def test_it_stops_cleanly(number: int) -> None:
    port = free_port()
    with serving(port) as process:
        wait_ready(port)
        process.send_signal(number)
        _, log = process.communicate(timeout=10)
    assert process.returncode == 0
    assert "Traceback" not in log
    assert "server.ready" in log


def test_a_busy_tcp_port_names_the_key() -> None:
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        port = busy.getsockname()[1]
        with serving(port) as process:
            _, log = process.communicate(timeout=20)
    assert process.returncode == 2
    assert f"server.listen = '127.0.0.1:{port}': another program has this port" in log
    assert "Traceback" not in log


async def test_a_busy_udp_port_names_the_key() -> None:
    with socket.socket(type=socket.SOCK_DGRAM) as busy:
        busy.bind(("127.0.0.1", 0))
        port = busy.getsockname()[1]
        config = load(
            environment={}, overrides=["server.listen=127.0.0.1:0", f"webrtc.listen=127.0.0.1:{port}"]
        )
        with pytest.raises(ConfigError, match=r"webrtc\.listen"):
            async with running(config):
                pass


def test_with_few_files_clients_are_turned_away_and_do_not_hang() -> None:
    port = free_port()
    with serving(port, files=64) as process, ExitStack() as clients:
        wait_ready(port)
        connected = [
            clients.enter_context(socket.create_connection(("127.0.0.1", port), 5)) for _ in range(64)
        ]
        assert connected[-1].recv(100).startswith(b"HTTP/1.1 503")
        clients.pop_all().close()
        wait_ready(port)
        process.send_signal(2)
        _, log = process.communicate(timeout=10)
    assert "server.few_files" in log


def test_with_too_few_files_it_says_so() -> None:
    with serving(free_port(), files=20) as process:
        _, log = process.communicate(timeout=20)
    assert process.returncode == 2
    assert "only 20 files may be open: raise LimitNOFILE" in log
    assert "Traceback" not in log


async def test_port_0_is_resolved_for_both() -> None:
    async with running(load(environment={}, overrides=["server.listen=127.0.0.1:0"])) as address:
        assert address.port
        with socket.socket(type=socket.SOCK_DGRAM) as taken, pytest.raises(OSError):
            taken.bind(tuple(address))


async def test_a_compressed_body_is_refused_and_not_unpacked(caplog) -> None:
    """aiohttp would unpack it after our 415, and log a traceback where it is no gzip."""
    async with running(load(environment={}, overrides=["server.listen=127.0.0.1:0"])) as address:
        url = f"http://{address}/whip/cam"
        headers = {"Content-Type": "application/sdp", "Content-Encoding": "gzip"}
        async with (
            ClientSession(auto_decompress=False) as client,
            client.post(url, data=b"a" * 70_000, headers=headers) as answer,
        ):
            assert answer.status == 415
            await answer.read()
            await client.get(f"http://{address}/healthz")
    assert "Traceback" not in caplog.text


@pytest.mark.parametrize(
    ("listening", "expected"),
    [
        ("127.0.0.1:80", "localhost"), ("[::1]:80", "localhost"), ("0.0.0.0:80", "192.0.2.7"),
        ("[::]:80", "192.0.2.7"), ("192.0.2.9:80", "192.0.2.9"), ("[2001:db8::1]:80", "[2001:db8::1]"),
    ],
)  # fmt: skip
def test_the_addresses_it_tells_can_be_opened(monkeypatch, listening, expected) -> None:
    monkeypatch.setattr(server, "own_address", {socket.AF_INET: "192.0.2.7"}.get)
    assert server._host_to_open(Address.parse(listening)) == expected


async def test_publishers_who_press_keep_the_loop_awake(monkeypatch: pytest.MonkeyPatch) -> None:
    made, pressed = [], [True]

    class Watched(Naps):
        def __init__(self, is_sending: Callable[[], bool]) -> None:
            super().__init__(is_sending)
            made.append(self)

    monkeypatch.setattr(lane, "Naps", Watched)
    monkeypatch.setattr(Mux, "is_pressed", lambda _: pressed[-1])
    async with running(load(environment={}, overrides=["server.listen=127.0.0.1:0"])):
        (naps,) = made
        assert naps.must_hurry()
        pressed.append(False)
        assert not naps.must_hurry()
