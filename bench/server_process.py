"""An edge server in a process of its own, on a free port, pinned to a core."""

import asyncio
import contextlib
import os
import resource
import signal
import socket
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
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


@dataclass(frozen=True)
class ToldPart:
    """Monotonic seconds: its last sample was complete, it was listed. `ends`: seconds of media up to its end."""

    complete: float
    listed: float
    ends: float


@dataclass(frozen=True)
class FedServer(ServerProcess):
    """A `bench.fed_server`, and what it told: parts by the target of their requests."""

    parts: dict[bytes, ToldPart] = field(default_factory=dict)
    tasks: list[int] = field(default_factory=list)

    def take(self, line: str) -> None:
        """One line of its standard output."""
        kind, *words = line.split()
        if kind == "part":
            stream, prefix, number, *moments = words
            target = f"/live/{stream}/{prefix}/part{number}.m4s".encode()
            self.parts[target] = ToldPart(*map(float, moments))
        elif kind == "tasks":
            self.tasks.append(int(words[0]))


def resident_bytes(pid: int) -> int:
    """Physical memory of a process."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def open_files(pid: int) -> int:
    return len(os.listdir(f"/proc/{pid}/fd"))


def raise_file_limit() -> None:
    """Thousands of connections need as many files."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


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


@contextlib.asynccontextmanager
async def fed_server(
    *settings: str,
    streams: int = 1,
    part_ms: int = 200,
    part_bytes: int = 25_000,
    history_s: float = 10,
    congestion: str = "",
    core: int | None = SERVER_CORE,
) -> AsyncIterator[FedServer]:
    """`bench.fed_server`, ready; stopped by its id at the end."""
    settings = (
        "server.listen=127.0.0.1:0",
        f"hls.part_target={part_ms}ms",
        "server.log_level=warning",
        *settings,
    )
    flags = {
        "streams": streams,
        "part-ms": part_ms,
        "part-bytes": part_bytes,
        "history": history_s,
        "congestion": congestion,
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bench.fed_server",
        *(f"--{name}={value}" for name, value in flags.items()),
        *(flag for setting in settings for flag in ("--set", setting)),
        stdout=asyncio.subprocess.PIPE, preexec_fn=None if core is None else (lambda: pin(core)),
    )  # fmt: skip
    assert process.stdout is not None
    reading = None
    try:
        async with asyncio.timeout(60):
            first = await process.stdout.readline()
        if not first.startswith(b"listens "):
            raise RuntimeError(f"the server ended with code {await process.wait()}")
        server = FedServer(process.pid, f"http://127.0.0.1:{int(first.split()[1])}")
        reading = asyncio.create_task(_read(server, process.stdout))
        yield server
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGINT)
        await process.wait()
        if reading is not None:
            await reading


async def _read(server: FedServer, lines: asyncio.StreamReader) -> None:
    async for line in lines:
        server.take(line.decode())


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
