"""Asked as a container's health check asks: a real server, plain and with TLS, and what is none."""

import asyncio
import socket

import pytest

from edge import cli
from edge.config import load
from edge.health import look
from edge.server import started
from tests.host.tls_material import write_pair


async def ask(*arguments: str) -> int:
    def run() -> int:
        with pytest.raises(SystemExit) as ended:
            cli.main(("health", *arguments))
        return int(ended.value.code or 0)

    return await asyncio.to_thread(run)


async def test_a_server_is_well_and_ready_until_it_drains(capsys):
    async with started(load(environment={}, overrides=["server.listen=127.0.0.1:0"])) as node:
        where = ("--set", f"server.listen={node.address}")
        assert await ask(*where) == 0
        assert await ask("--ready", *where) == 0
        node.drain()
        assert await ask(*where) == 0
        assert await ask("--ready", *where) == 1
    assert "/readyz: 503" in capsys.readouterr().err


async def test_a_certificate_for_another_name_is_no_illness(tmp_path):
    certificate, key = write_pair(tmp_path)
    tls = [f"server.tls_certificate={certificate}", f"server.tls_key={key}"]
    async with started(load(environment={}, overrides=["server.listen=127.0.0.1:0", *tls])) as node:
        sets = [flag for each in (f"server.listen={node.address}", *tls) for flag in ("--set", each)]
        assert await ask(*sets) == 0
        assert await ask("--url", f"https://{node.address}") == 0
        assert await ask("--url", f"http://{node.address}") == 1


async def test_nobody_and_who_says_nothing_are_ill():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        is_well, sentence = await asyncio.to_thread(
            look, f"http://127.0.0.1:{port}", "/healthz", patience_s=0.1
        )
        assert not is_well
        assert "timed out" in sentence
    assert await ask("--url", f"http://127.0.0.1:{port}") == 1
