import argparse
import asyncio
import signal
import sys

import pytest
from media_files import write
from whip_server import WhipServer

from edge.publish import command
from edge.publish.media_file import MediaFile
from edge.publish.moving_clock import MovingClock

URL = "http://127.0.0.1:8080/whip/a"


def parse(*arguments):
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    return parser.parse_args(arguments)


def test_arguments():
    args = parse(
        "test",
        URL,
        "--token",
        "t",
        "--duration",
        "1.5m",
        "--size",
        "640x360",
        "--fps",
        "29.97",
        "--bitrate",
        "2.5M",
        "--gop",
        "2",
    )
    assert (args.source, args.url, args.token, args.loop) == ("test", URL, "t", False)
    assert (args.duration, args.size, args.fps, args.bitrate, args.gop) == (
        90.0,
        (640, 360),
        29.97,
        2_500_000,
        2.0,
    )
    assert parse("test", URL, "--bitrate", "800kbit", "--gop", "0").gop == 0.0


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["test"],
        ["test", "127.0.0.1:8080/whip/a"],
        ["test", "rtmp://a/b"],
        ["test", "http:///whip/a"],
        ["test", "http://a:port/b"],
        ["test", URL, "--size", "641x360"],
        ["test", URL, "--size", "big"],
        ["test", URL, "--size", "10x10"],
        ["test", URL, "--fps", "0"],
        ["test", URL, "--fps", "1000"],
        ["test", URL, "--bitrate", "10"],
        ["test", URL, "--bitrate", "2.5MB"],
        ["test", URL, "--duration", "-5"],
        ["test", URL, "--duration", "nan"],
        ["test", URL, "--gop", "x"],
    ],
)
def test_wrong_usage_is_exit_code_2(arguments, capsys):
    with pytest.raises(SystemExit) as ended:
        parse(*arguments)
    assert ended.value.code == 2
    assert "error:" in capsys.readouterr().err


def test_sources(tmp_path):
    assert isinstance(command._source(parse("test", URL)), MovingClock)
    path = write(tmp_path / "a.mp4", seconds=0.5)
    assert isinstance(command._source(parse(path, URL, "--loop")), MediaFile)


def test_a_source_that_is_not_there(capsys, tmp_path):
    assert command.run(parse("nothing.mp4", URL)) == 2
    (tmp_path / "a.mp4").write_bytes(b"junk")
    assert command.run(parse(str(tmp_path / "a.mp4"), URL)) == 2
    err = capsys.readouterr().err
    assert "there is no file nothing.mp4" in err
    assert "cannot be opened as media" in err


def test_nobody_there_is_exit_code_1(capsys):
    assert command.run(parse("test", "http://127.0.0.1:1/whip/a")) == 1
    err = capsys.readouterr().err
    assert err.startswith("connecting: http://127.0.0.1:1/whip/a\nfailed: ")
    assert "is the server running" in err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_signals_end_it_with_a_delete(number):
    server = WhipServer()
    async with server.running() as url:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-c",
            "import argparse, sys; from edge.publish import command; p = argparse.ArgumentParser();"
            "command.add_arguments(p); sys.exit(command.run(p.parse_args()))",
            *("test", url, "--size", "160x90", "--bitrate", "60k"),
            stderr=asyncio.subprocess.PIPE,
        )
        async with asyncio.timeout(20):
            while not server.frames["video"]:
                await asyncio.sleep(0.05)
        process.send_signal(number)
        _, err = await asyncio.wait_for(process.communicate(), 10)
    assert process.returncode == 0
    assert err.decode().split("\n") == [f"connecting: {url}", "live", "ended: stopped", ""]
    assert server.deleted == 1
