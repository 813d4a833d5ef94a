"""Each bench once, for a moment and with next to no load, so that none can rot."""

import asyncio
import json
import sys

from bench.server_process import fed_server

MACHINE = {"compiled", "processor", "cores", "kernel", "python", "libraries"}


async def result_of(tmp_path, name: str, *flags: str) -> dict:
    file = tmp_path / "result.json"
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", f"bench.{name}", "--json", str(file), *flags, stdout=asyncio.subprocess.PIPE
    )
    output = (await process.communicate())[0].decode()
    assert process.returncode == 0, output
    result = json.loads(file.read_text())
    assert result["name"] == name
    assert set(result["machine"]) == MACHINE
    return result


async def test_viewers(tmp_path) -> None:
    result = await result_of(
        tmp_path,
        "viewers",
        "--seconds",
        "0.5",
        "--viewers",
        "4",
        "--no-many",
        "--behaviours",
        "hinted-part",
        "--tokens",
    )
    assert [(row["behaviour"], row["tokens"]) for row in result["rows"]] == [
        ("hinted-part", False),
        ("hinted-part", True),
    ]
    for row in result["rows"]:
        assert row["viewers"] == 4
        assert row["faults"] == ""
        assert row["parts"] >= 4
        assert row["p50_ms"] > 0
        assert row["reference"] == "the server's clock"
        assert {"part_target_ms", "server_cpu_percent", "generator_cpu_percent", "bytes_per_viewer"} <= set(
            row
        )


async def test_viewers_of_any_server_by_its_address(tmp_path) -> None:
    async with fed_server(history_s=10, core=None) as server:
        result = await result_of(
            tmp_path, "viewers", "--seconds", "0.5", "--viewers", "4", "--behaviours", "hls.js",
            "--url", f"{server.base}/live/s0/index.m3u8",
        )  # fmt: skip
    (row,) = result["rows"]
    assert (row["faults"], row["reference"], row["server_cpu_percent"]) == ("", "the first viewer", None)
    assert row["parts"] >= 4


async def test_hostile(tmp_path) -> None:
    result = await result_of(tmp_path, "hostile", "--seconds", "1", "--viewers", "4", "--share", "0.01")
    quiet, beside = result["rows"]
    assert (quiet["hostile"], beside["hostile"]) == ("no", "yes")
    assert (quiet["errors"], beside["errors"]) == (0, 0)
    assert beside["server_files"] > 100
    assert beside["p99_ratio"] > 0


async def test_held_path(tmp_path) -> None:
    flags = ("--viewers", "20", "--streams", "1", "10", "--rounds", "2")
    rows = (await result_of(tmp_path, "held_path", *flags))["rows"]
    assert [row.pop("streams") for row in rows] == [1, 10]
    for row in rows:
        assert set(row) == {"hold", "wake", "answer", "part", "tick", "all"}
        assert min(row.values()) > 0


async def test_ingest_path(tmp_path) -> None:
    flags = ("--publishers", "2", "--rounds", "1", "--seconds", "0.5")
    (row,) = (await result_of(tmp_path, "ingest_path", *flags))["rows"]
    assert set(row) == {"take", "tick", "all"}
    assert min(row.values()) > 0


async def test_live_requests(tmp_path) -> None:
    flags = ("--seconds", "0.4", "--rounds", "1", "--connections", "4", "--generator", "own")
    result = await result_of(tmp_path, "live_requests", *flags)
    assert len(result["rows"]) == 6
    for row in result["rows"]:
        assert row["requests_per_s"] > 0
        assert row["errors"] == 0
        if result["yardstick"]["name"] == "nginx":
            assert row["ratio"] > 0


async def test_soak(tmp_path) -> None:
    result = await result_of(
        tmp_path, "soak", "--seconds", "2", "--viewers", "6", "--churn", "2", "--every", "1"
    )
    assert all(row["errors"] == 0 and row["open_files"] > 6 for row in result["rows"])


async def test_generator(tmp_path) -> None:
    result = await result_of(tmp_path, "generator", "--seconds", "1", "--viewers", "10")
    (row,) = result["rows"]
    assert row["errors"] == 0
    assert row["parts_per_s"] > 100


async def test_start(tmp_path) -> None:
    (row,) = (await result_of(tmp_path, "start", "--blocks", "50", "--rounds", "1"))["rows"]
    assert 0 < row["ready_s"] <= row["slowest_ready_s"]
    assert row["blocks_known_s"] >= row["ready_s"]


async def test_tokens(tmp_path) -> None:
    flags = ("--seconds", "0.5", "--rounds", "1", "--connections", "4")
    rows = (await result_of(tmp_path, "tokens", *flags))["rows"]
    assert [(row["answer"], row["errors"]) for row in rows] == [("playlist", 0), ("part", 0)]
    assert all(row["answers"] > 0 for row in rows)


async def test_reports(tmp_path) -> None:
    flags = ("--seconds", "0.2", "--rounds", "1", "--connections", "4", "--answers", "playlist")
    rows = (await result_of(tmp_path, "reports", *flags))["rows"]
    assert [(row["answer"], row["reports"], row["errors"]) for row in rows] == [
        ("playlist", "address", 0),
        ("playlist", "fields", 0),
    ]
    assert all(row["answers"] > 0 for row in rows)
