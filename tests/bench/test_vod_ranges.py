"""The bench runs for a moment, so that it cannot rot. What it measures here says nothing."""

import json
import shutil
import sys

import pytest

from bench import vod_ranges, wrk


@pytest.fixture
def alone(monkeypatch):
    """Tests are not pinned to a core by the bench's doing."""
    monkeypatch.setattr(vod_ranges, "pin", lambda _: None)


@pytest.mark.timeout(90)
def test_it_measures_all_that_was_promised(tmp_path, alone, monkeypatch, capsys):
    measures = ["first", "cold", "memory"]
    if shutil.which("nginx") is None:
        monkeypatch.setattr(sys, "argv", ["vod_ranges"])
        with pytest.raises(SystemExit):
            vod_ranges.main()
        assert "nginx" in capsys.readouterr().err
        return
    if wrk.is_there():
        measures.append("hits")
    result = tmp_path / "result.json"
    arguments = [
        "--seconds",
        "0.3",
        "--rounds",
        "1",
        "--ranges",
        "64",
        "--file-mib",
        "2",
        "--cold-mib",
        "2",
        "--clients",
        "20",
    ]
    arguments += [
        "--readers",
        "5",
        "--settle",
        "0.5",
        "--rate",
        "50",
        "--folder",
        str(tmp_path),
        "--json",
        str(result),
    ]
    monkeypatch.setattr(sys, "argv", ["vod_ranges", *arguments, "--measures", *measures])
    vod_ranges.main()
    written = json.loads(result.read_text())
    rows = {row["measure"]: row for row in written["rows"]}
    assert set(rows) >= {"first octet", "one octet", "herd", "slow readers", "index"}
    assert all(row.get("errors", 0) == 0 for row in written["rows"])
    assert rows["one octet"]["origin_bytes"] <= 1024**2, "one octet costs one block at most"
    assert rows["herd"]["client_bytes"] == 20 * 2 * 1024**2
    assert (rows["herd"]["blocks_asked_twice"], rows["herd"]["origin_by_unique"]) == (0, 1.0)
    assert written["yardstick"]["name"] == "nginx"
    hits = [row for row in written["rows"] if row["measure"] == "hits"]
    assert not hits or {"ratio", "requests_per_s", "generator_cpu_percent"} <= set(hits[0])


def test_a_block_in_the_index_costs_hundreds_of_octets_at_most():
    assert vod_ranges.index_bytes(5_000)["bytes_per_block"] < 1_000
