"""An edge server in a process of its own, on a free port, pinned to a core."""

import asyncio
import contextlib
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import aiohttp

SERVER_CORE = 0
GENERATOR_CORE = 1


@dataclass(frozen=True)
class ServerProcess:
    pid: int
    base: str

    async def metrics(self, http: aiohttp.ClientSession) -> dict[str, float]:
        """Every sample of /metrics by its full name, labels included."""
        async with http.get(f"{self.base}/metrics") as response:
            lines = (await response.text()).splitlines()
        return {
            name: float(value)
            for name, _, value in (line.rpartition(" ") for line in lines if line[:1] != "#")
        }


def pin(core: int) -> None:
    """Keep this process on one core, where the machine has more than one."""
    if (os.cpu_count() or 1) > 1:
        os.sched_setaffinity(0, {core})


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.asynccontextmanager
async def edge_server(
    *settings: str, core: int | None = SERVER_CORE, checkout: Path | None = None
) -> AsyncIterator[ServerProcess]:
    """`edge serve` with settings (`section.key=value`), ready; stopped by its id at the end.

    Of another checkout than this one, where one is named: to compare two in one run.
    """
    port = free_port()
    sets = [flag for setting in (f"server.listen=127.0.0.1:{port}", *settings) for flag in ("--set", setting)]
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "edge", "serve", *sets, cwd=checkout,
        preexec_fn=None if core is None else (lambda: pin(core)),
    )  # fmt: skip
    server = ServerProcess(process.pid, f"http://127.0.0.1:{port}")
    try:
        await _ready(server, process)
        yield server
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
        await process.wait()


async def _ready(server: ServerProcess, process: asyncio.subprocess.Process) -> None:
    async with aiohttp.ClientSession() as http:
        for _ in range(200):
            if process.returncode is not None:
                raise RuntimeError(f"the server ended with code {process.returncode}")
            with contextlib.suppress(aiohttp.ClientError):
                async with http.get(f"{server.base}/readyz") as response:
                    if response.status == 200:
                        return
            await asyncio.sleep(0.05)
    raise RuntimeError("the server was not ready within 10 s")
