import json
import sys

import pytest

from bench import cache_policies
from bench.cache_policies import CONTESTANTS, compare, contestant, drawn, replay, steps
from bench.traces import Request, ShortVideos, Trace, short_videos
from edge.vod.block_index import BlockIndex


def asked(*requests, sizes, moovs=None):
    return Trace([Request(float(at), *one) for at, one in enumerate(requests)], sizes, moovs or {})


def test_whole_blocks_are_fetched_and_what_is_there_costs_nothing():
    trace = asked(("a", 0, 10), ("a", 5, 25), ("a", 95, 96), sizes={"a": 96})
    index = BlockIndex(1_000, head_quota=0)
    figures = replay(steps(trace, 20), index)
    assert figures["miss_requests"] == 1.0, "each touched a block that was not there"
    assert figures["miss_starts"] == 1.0
    assert figures["miss_bytes"] == (10 + 5 + 1) / (10 + 20 + 1)
    assert figures["origin_per_client"] == (20 + 20 + 16) / 31, "the last block is short"
    assert index.used == 56


def test_the_first_blocks_and_those_of_the_moov_are_heads():
    mib = 1024**2
    trace = asked(("a", 0, 4 * mib), sizes={"a": 4 * mib}, moovs={"a": 4 * mib - 9})
    ((is_start, blocks),) = steps(trace, 256 * 1024)
    assert is_start
    assert [at for at, block in enumerate(blocks) if block.is_head] == [0, 1, 15]


def test_a_policy_that_resists_scans_misses_less_than_lru():
    watched = [("hot", 0, 20), ("hot", 0, 20), ("hot", 0, 20)]
    scan = [(f"cold-{number}", 0, 10) for number in range(40)]
    trace = asked(
        *watched,
        *scan[:20],
        *watched,
        *scan[20:],
        *watched,
        sizes={"hot": 20} | dict.fromkeys([key for key, _, _ in scan], 10),
    )
    rows = {
        row["policy"]: row
        for row in compare(
            steps(trace, 10),
            [60 / 1024**3],
            [contestant(policy, heads=False) for policy in ("plain lru", "s3-fifo")],
        )
    }
    assert rows["plain lru"]["miss_requests"] == 43 / 49
    assert rows["s3-fifo"]["miss_requests"] == 41 / 49


@pytest.mark.parametrize("one", CONTESTANTS, ids=lambda one: one.name)
def test_the_accounts_of_the_index_hold_under_every_policy(one):
    trace = short_videos(3_000, 3, ShortVideos(assets=60, churn=30))
    index = one.index(100 * 1024**2, 10 * 1024**2)
    replay(steps(trace, 1024**2), index)
    assert 90 * 1024**2 < index.used <= 100 * 1024**2
    assert sum(size for _, size in index.sizes()) == index.used


def test_within_a_block_a_reader_goes_on():
    trace = asked(("a", 0, 5), ("a", 5, 12), sizes={"a": 20})
    first, second = steps(trace, 10)
    assert [block.is_within for block in first[1]] == [False]
    assert [block.is_within for block in second[1]] == [True, False]


def test_it_runs_from_a_csv_and_draws(tmp_path, monkeypatch, capsys):
    rows = "".join(f"{at},clip-{at % 7},{at % 3 * 100}-{at % 3 * 100 + 99}\n" for at in range(200))
    (tmp_path / "trace.csv").write_text(rows)
    result, drawing = tmp_path / "result.json", tmp_path / "plot.svg"
    arguments = [
        "--trace",
        str(tmp_path / "trace.csv"),
        "--block",
        "100",
        "--sizes",
        "0.000001",
        "--svg",
        str(drawing),
    ]
    monkeypatch.setattr(sys, "argv", ["cache_policies", *arguments, "--json", str(result)])
    cache_policies.main()
    report = json.loads(result.read_text())
    assert len(report["rows"]) == len(cache_policies.CONTESTANTS)
    assert {"cache_gib", "policy", "miss_requests", "miss_bytes", "written_per_client"} <= set(
        report["rows"][0]
    )
    assert drawing.read_text().count("<polyline") == 3 * len(report["rows"])
    assert drawn(report["rows"]) == drawing.read_text()
    assert "s3-fifo" in capsys.readouterr().out
