import argparse
import asyncio
import json
import signal
import sys

import pytest
from plants import PLANTS
from scripted_server import ScriptedServer

from edge.watch.command import add_arguments


def parse(*arguments):
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    return parser.parse_args(arguments)


def test_arguments():
    args = parse("https://edge.example/live/a/index.m3u8", "--duration", "1.5m", "--json")
    assert (args.url, args.duration, args.json) == ("https://edge.example/live/a/index.m3u8", 90.0, True)
    assert parse("http://[::1]:8080/x.m3u8").duration is None


@pytest.mark.parametrize(
    "arguments",
    [[], ["edge.example/x.m3u8"], ["ftp://a/b"], ["http://a:99999/x"], ["http://a/b", "--duration", "soon"]]
    + [["http://a/b", "--duration", each] for each in ("0", "-1", "5y")],
)
def test_wrong_usage_is_exit_code_2(arguments, capsys):
    with pytest.raises(SystemExit) as ended:
        parse(*arguments)
    assert ended.value.code == 2
    assert "error:" in capsys.readouterr().err


async def edge_watch(*arguments, interrupt_when=None):
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        "import argparse, sys; from edge.watch import command; p = argparse.ArgumentParser();"
        "command.add_arguments(p); sys.exit(command.run(p.parse_args()))",
        *arguments,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    if interrupt_when:
        await asyncio.wait_for(interrupt_when.wait(), 20)
        process.send_signal(signal.SIGINT)
    out, err = await asyncio.wait_for(process.communicate(), 20)
    return process.returncode, out.decode(), err.decode()


class Busy(ScriptedServer):
    """Says when somebody is well under way."""

    def __init__(self):
        super().__init__()
        self.wanted = asyncio.Event()

    async def get_segment(self, request, msn):
        self.wanted.set()
        return await super().get_segment(request, msn)


async def test_exit_codes_and_output():
    busy, planted = Busy(), PLANTS["PartTooLong"][0]()
    async with ScriptedServer().running() as right, planted.running() as wrong, busy.running() as other:
        good, bad, stopped, nothing = await asyncio.gather(
            edge_watch(f"{right}/index.m3u8", "--duration", "1.5", "--json"),
            edge_watch(f"{wrong}/index.m3u8", "--duration", "1"),
            edge_watch(f"{other}/index.m3u8", interrupt_when=busy.wanted),
            edge_watch(f"{right}/nothing.m3u8"),
        )
    status, out, err = good
    assert (status, err) == (0, "")
    assert out.count("\n") == 1
    report = json.loads(out)
    assert report["ok"]
    assert report["parts"] > 5
    status, out, err = bad
    assert (status, err) == (1, "")
    assert "LL 19 (draft 4.4.4.9)" in out
    status, out, err = stopped
    assert (status, err) == (0, "")
    assert "no rule is broken" in out
    status, out, err = nothing
    assert (status, out) == (2, "")
    assert err.startswith("edge watch: ")
    assert "Traceback" not in err
