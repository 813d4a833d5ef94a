"""`edge` and other publishers as processes of their own, their output kept."""

import asyncio
import signal
import socket
import sys
from contextlib import asynccontextmanager


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


class Command:
    """One `edge` command, its output kept."""

    def __init__(self, process):
        self.process = process
        self.out: list[str] = []
        self.err: list[str] = []
        self._readers = [
            asyncio.create_task(self._keep(process.stdout, self.out)),
            asyncio.create_task(self._keep(process.stderr, self.err)),
        ]

    async def _keep(self, stream, lines):
        async for line in stream:
            lines.append(line.decode().rstrip("\n"))

    async def says(self, text: str, seconds: float = 20.0):
        """Wait until a line has `text` in it."""
        async with asyncio.timeout(seconds):
            while not any(text in line for line in [*self.out, *self.err]):
                assert self.process.returncode is None, [*self.out, *self.err]
                await asyncio.sleep(0.05)

    async def ends(self, seconds: float = 10.0) -> int:
        status = await asyncio.wait_for(self.process.wait(), seconds)
        await asyncio.gather(*self._readers)
        return status

    async def interrupt(self) -> int:
        self.process.send_signal(signal.SIGINT)
        return await self.ends()


STARTED: list[asyncio.subprocess.Process] = []
"""Ended by conftest.py, whatever became of the test."""


async def python(*words: object) -> Command:
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(sys.executable, *map(str, words), stdout=pipe, stderr=pipe)
    STARTED.append(process)
    return Command(process)


async def edge(*arguments: object) -> Command:
    return await python("-m", "edge", *arguments)


@asynccontextmanager
async def serving(*settings: str):
    """A server on a free port; yields its base URL. It must end cleanly, without a traceback."""
    port = free_port()
    chosen = [f"server.listen=127.0.0.1:{port}", *settings]
    server = await edge("serve", *(word for setting in chosen for word in ("--set", setting)))
    try:
        await server.says("server.ready")
        yield f"http://127.0.0.1:{port}"
    finally:
        if server.process.returncode is None:
            status = await server.interrupt()
    assert status == 0
    assert not any("Traceback" in line for line in server.err + server.out)
