import asyncio
import io

from scripted_server import ScriptedServer
from test_report import watching

from edge.watch.findings import Finding
from edge.watch.screen import lines, screen
from edge.watch.watching import Watching


class Terminal(io.StringIO):
    def isatty(self):
        return True


async def test_a_pipe_sees_nothing():
    out = io.StringIO()
    async with screen(watching(), out):
        await asyncio.sleep(0)
    assert out.getvalue() == ""


async def test_a_terminal_sees_something():
    out = Terminal()
    async with screen(watching(), out):
        await asyncio.sleep(0.05)
    assert "loading" in out.getvalue()


def test_before_anything_is_loaded():
    assert lines(Watching("http://a/b")) == ["loading http://a/b"]


async def test_figures_and_the_newest_breaches():
    async with ScriptedServer().running() as base:
        watched = Watching(f"{base}/main.m3u8")
        watched.tell((Finding("LL 2", str(number), f"fault {number}") for number in range(20)), "main.m3u8")
        await watched.run(0.8)
    first, *breaches = lines(watched)
    assert "playing" in first
    assert "latency" in first
    assert "20 rules broken" in first
    assert len(breaches) == 8
    assert "fault 19" in breaches[-1]
