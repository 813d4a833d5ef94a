"""The whole server as a process: it says what it does, stops without a traceback, and names the key to change."""

import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest

from edge.config import load
from edge.errors import ConfigError
from edge.server import running


@contextmanager
def serving(port: int, *settings: str) -> Iterator[subprocess.Popen[str]]:
    sets = [word for setting in (f"server.listen=127.0.0.1:{port}", *settings) for word in ("--set", setting)]
    process = subprocess.Popen(
        [sys.executable, "-m", "edge", "serve", *sets], stderr=subprocess.PIPE, text=True
    )
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


async def test_port_0_is_resolved_for_both() -> None:
    async with running(load(environment={}, overrides=["server.listen=127.0.0.1:0"])) as address:
        assert address.port
        with socket.socket(type=socket.SOCK_DGRAM) as taken, pytest.raises(OSError):
            taken.bind(tuple(address))
