"""`edge serve`, `edge publish test` and `edge watch`, as three processes: no rule is broken, no publisher missed."""

import asyncio
import json
import signal
import socket
import sys
from contextlib import asynccontextmanager
from urllib.request import urlopen

import pytest


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


@pytest.fixture(autouse=True)
async def leave_nothing_behind():
    """A publisher whose test has failed would try to come back for ever."""
    yield
    while STARTED:
        process = STARTED.pop()
        if process.returncode is None:
            process.kill()
            await process.wait()


async def edge(*arguments: str) -> Command:
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "edge", *arguments, stdout=pipe, stderr=pipe
    )
    STARTED.append(process)
    return Command(process)


@asynccontextmanager
async def serving():
    """A server on a free port; yields its base URL. It must end cleanly, without a traceback."""
    port = free_port()
    server = await edge("serve", "--set", f"server.listen=127.0.0.1:{port}")
    try:
        await server.says("server.ready")
        yield f"http://127.0.0.1:{port}"
    finally:
        if server.process.returncode is None:
            status = await server.interrupt()
    assert status == 0
    assert not any("Traceback" in line for line in server.err + server.out)


def playlist(base: str) -> str:
    with urlopen(f"{base}/live/mine/index.m3u8", timeout=15) as response:
        return response.read().decode()


async def test_no_rule_is_broken_while_the_test_picture_is_published():
    async with serving() as base:
        publisher = await edge(
            "publish", "test", f"{base}/whip/mine", "--size", "640x360", "--bitrate", "500k"
        )
        await publisher.says("live")
        # An early viewer is held until there is enough to play; then a strict one looks at everything.
        assert "main.m3u8" in await asyncio.to_thread(playlist, base)
        watcher = await edge("watch", f"{base}/live/mine/index.m3u8", "--duration", "10", "--json")
        status = await watcher.ends(30)
        report = json.loads("\n".join(watcher.out))
        assert report["breaches"] == []
        assert report["advice"] == []
        assert status == 0
        assert watcher.err == []
        assert report["parts"] >= 30
        assert report["segments"] >= 3
        assert report["stalls"] == 0
        assert report["latency_s"]["p50"] < 1.2
        assert await publisher.interrupt() == 0
        assert publisher.err == [f"connecting: {base}/whip/mine", "live", "ended: stopped"]


async def test_a_publisher_that_is_killed_and_comes_back_breaks_no_rule():
    async with serving() as base:
        arguments = ("publish", "test", f"{base}/whip/mine", "--size", "320x180", "--bitrate", "200k")
        first = await edge(*arguments)
        await first.says("live")
        await asyncio.to_thread(playlist, base)
        watcher = await edge("watch", f"{base}/live/mine/index.m3u8", "--duration", "14", "--json")
        await asyncio.sleep(4)
        first.process.kill()
        await first.ends()
        await asyncio.sleep(3)
        second = await edge(*arguments)
        status = await watcher.ends(30)
        report = json.loads("\n".join(watcher.out))
        assert report["breaches"] == []
        assert status == 0
        assert "stall" in {note["check"] for note in report["notes"]}
        assert report["stalls"] >= 1
        assert await second.interrupt() == 0


async def test_a_second_publisher_of_a_healthy_stream_is_told_what_to_do():
    async with serving() as base:
        arguments = ("publish", "test", f"{base}/whip/mine", "--size", "320x180", "--bitrate", "200k")
        first = await edge(*arguments)
        await first.says("live")
        await asyncio.sleep(0.5)
        second = await edge(*arguments)
        assert await second.ends() == 1
        assert "409" in second.err[-1]
        assert "stop the other publisher, or choose another name" in second.err[-1]
        assert await first.interrupt() == 0
