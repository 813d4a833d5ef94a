"""The demo publisher: `edge publish test` as a process of its own, a real WebRTC client like any other."""

import asyncio
import contextlib
import logging
import sys
import time
from asyncio.subprocess import PIPE, STDOUT
from collections.abc import AsyncIterator

from edge.auth.tokens import mint
from edge.config import Address, AuthConfig

logger = logging.getLogger(__name__)

STREAM = "demo"
PATIENCE_S = 3.0


@contextlib.asynccontextmanager
async def demo_publisher(address: Address, auth: AuthConfig, *, wanted: bool) -> AsyncIterator[None]:
    """Publish a moving clock as stream `demo` to this server while the context lasts, if `wanted`."""
    if not wanted:
        yield
        return
    command = _command(address, auth)
    process = await asyncio.create_subprocess_exec(
        *command, start_new_session=True, stdout=PIPE, stderr=STDOUT
    )
    note = asyncio.create_task(_note(process.stdout))
    try:
        yield
    finally:
        await _stop(process)
        await note


async def _note(stream: asyncio.StreamReader | None) -> None:
    """Its lines become lines of the log: they are of one form, and no live line is written over."""
    assert stream is not None
    while line := await stream.readline():
        logger.info("demo.said", extra={"line": line.decode(errors="replace").strip()})


def _command(address: Address, auth: AuthConfig) -> list[str]:
    url = f"http://{_reachable(address)}/whip/{STREAM}"
    token = []
    if isinstance(auth.publish, tuple):
        token = ["--token", auth.publish[0]]
    elif auth.publish == "tokens" and auth.token_secrets:
        token = ["--token", mint(auth, "publish", [STREAM], ttl_s=86_400, now=time.time())]
    return [sys.executable, "-m", "edge", "publish", "test", url, *token]


def _reachable(address: Address) -> Address:
    """An address a client on this machine can name where the server listens on all."""
    return Address({"0.0.0.0": "127.0.0.1", "::": "::1"}.get(address.host, address.host), address.port)  # noqa: S104


async def _stop(process: asyncio.subprocess.Process) -> None:
    if process.returncode is not None:
        return
    process.terminate()
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(process.wait(), PATIENCE_S)
        return
    process.kill()
    await process.wait()
