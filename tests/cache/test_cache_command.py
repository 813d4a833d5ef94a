"""`edge cache` as a process, against a server on a socket."""

import asyncio
import json
import os
import pty
import signal
import sys

import pytest

from edge import cli

BLOCK = 10_000


async def edge_cache(*arguments, stdin=b"", **environment):
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "edge", "cache", *arguments,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        env={**os.environ, **environment},
    )  # fmt: skip
    out, error = await process.communicate(stdin)
    return process.returncode, out.decode(), error.decode()


async def test_a_list_is_warmed_and_what_fails_says_why(base, cache, tmp_path):
    here = {"EDGE_URL": base, "EDGE_TOKEN": "correct horse"}
    wanted = tmp_path / "tonight.txt"
    wanted.write_text("# tonight\nclips/1.mp4\nnone.mp4\n/vod/clips/2.mp4\ntorn.mp4\n")
    code, out, error = await edge_cache("warm", "--from", str(wanted), "--rate", "10MB/s", **here)
    assert (code, out) == (1, "")
    assert sorted(error.splitlines()) == [
        "none.mp4: There is no such asset; look at its name, capitals included",
        "torn.mp4: The origin is too slow: nothing came",
    ], "quiet in a pipe, but for what failed and why"
    assert await edge_cache("warm", stdin=b"clips/3.mp4\n", **here) == (0, "", "")
    assert await edge_cache("warm", "clips/3.mp4", **here) == (0, "", ""), "arguments do not wait for input"
    assert cache.stats()["used_bytes"] == 25_001 + 25_002 + 25_003 + BLOCK, (
        "what came of the torn one is right"
    )


async def test_looking_and_purging(base, cache, capsys):
    for number in (1, 2, 3):
        await cache.warm(f"clips/{number}.mp4")

    async def said(*arguments):
        status = await asyncio.to_thread(run_here, *arguments, "--url", base)
        printed = capsys.readouterr()
        assert (status, printed.err) == (0, "")
        return printed.out

    lines = (await said("ls", "clips/*")).splitlines()
    assert [line.split()[-1] for line in lines[1:]] == ["clips/1.mp4", "clips/2.mp4", "clips/3.mp4"]
    assert json.loads(await said("ls", "--json", "*/2.mp4"))["assets"][0]["is_whole"] is True
    assert await said("purge", "clips/[12].mp4") == "6 blocks dropped\n"
    assert await said("purge", "--json", "clips/[12].mp4") == '{"purged_blocks": 0}\n'
    assert await said("purge", "/clips/[12].mp4") == "nothing that matches is in the cache\n"
    assert "clips/3.mp4" in await said("ls", f"{base}/vod/clips/3.mp4?token=x")
    assert await said("purge", "/vod/clips/3.mp4") == "3 blocks dropped\n"
    assert "hit ratio" in await said("stats")
    assert json.loads(await said("stats", "--json"))["capacity_bytes"] == 1_000_000


async def test_a_pattern_warms_what_the_origin_has_by_it(base, cache):
    code, out, error = await edge_cache("warm", "--dry-run", "clips/[1-3].mp4", "none*", "--url", base)
    assert (code, out) == (1, "clips/1.mp4\nclips/2.mp4\nclips/3.mp4\n")
    assert error.startswith("none*: the origins have nothing by this pattern")
    assert cache.stats()["blocks"] == 0
    code, out, _ = await edge_cache("warm", "--json", "clips/[1-3].mp4", "clips/4.mp4", "--url", base)
    assert code == 0
    assert json.loads(out)["held_bytes"].keys() == {f"clips/{number}.mp4" for number in (1, 2, 3, 4)}
    code, out, _ = await edge_cache("stats", "clips/[12].mp4", "--url", base)
    assert (code, out.splitlines()[0]) == (0, "assets        2, 2 of them whole")


async def test_programs_get_json_of_what_was_warmed(base):
    code, out, _ = await edge_cache("warm", "--json", "clips/1.mp4", "none.mp4", "--url", base)
    assert code == 1
    told = json.loads(out)
    assert told["held_bytes"] == {"clips/1.mp4": 25_001}
    assert list(told["faults"]) == ["none.mp4"]
    assert (told["asked"], told["not_done"]) == (2, 0)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_ctrl_c_ends_cleanly_and_the_fetch_too(base, folder, cache, number):
    folder.is_open = False
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "edge", "cache", "warm", "clips/1.mp4", "clips/2.mp4", "--json", "--url", base,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    async with asyncio.timeout(20):
        while cache.stats()["fills"] < 2:
            await asyncio.sleep(0.02)
        process.send_signal(number)
        out, error = await process.communicate()
    assert process.returncode == 130
    assert error == b"", "no traceback"
    assert json.loads(out) == {"asked": 2, "held_bytes": {}, "faults": {}, "not_done": 2}
    folder.is_open = True


async def test_a_terminal_sees_a_bar(base):
    ours, theirs = pty.openpty()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "edge", "cache", "warm", "clips/1.mp4", "clips/2.mp4", "--url", base,
        stdin=theirs, stdout=theirs, stderr=theirs, env={**os.environ, "TERM": "xterm", "COLUMNS": "100"},
    )  # fmt: skip
    os.close(theirs)
    assert await process.wait() == 0
    seen = b""
    while True:
        try:
            seen += os.read(ours, 65_536)
        except OSError:
            break
    os.close(ours)
    assert b"warming" in seen
    assert b"2/2" in seen
    assert b"2 of 2 assets are warm, 48.8 KiB" in seen


def run_here(*arguments):
    with pytest.raises(SystemExit) as ended:
        cli.main(["cache", *arguments])
    return ended.value.code


def run(*arguments, capsys):
    return run_here(*arguments), capsys.readouterr()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["warm", "--rate", "fast", "a"], "like 50MB/s"),
        (["warm", "--jobs", "0", "a"], "from 1 to"),
        (["warm", "--from", "/nonexistent/list"], "cannot be read"),
        (["stats", "--url", "edge.example"], "--url http://HOST:PORT"),
        (["stats", "-c", "/nonexistent.toml"], "cannot be read"),
        (["purge"], "PATTERN"),
        (["ls", "--limit", "x"], "from 1 to"),
    ],
)
def test_wrong_usage_is_two_and_says_how(arguments, says, capsys):
    code, printed = run(*arguments, capsys=capsys)
    assert code == 2
    assert says in printed.err


def test_a_server_that_does_not_run_is_one_and_says_how(capsys):
    code, printed = run("stats", "--url", "http://127.0.0.1:1", capsys=capsys)
    assert code == 1
    assert printed.err.startswith("edge cache: nobody answers at http://127.0.0.1:1")
    assert printed.err.count("\n") == 1


@pytest.mark.parametrize("verb", ["stats", "ls", "warm", "purge"])
def test_help_has_an_example(verb, capsys):
    code, printed = run(verb, "--help", capsys=capsys)
    assert code == 0
    assert "example:\n  edge cache " + verb in printed.out or "| edge cache " + verb in printed.out
