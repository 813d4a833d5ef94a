import json
import os

import pytest

from edge.host import state
from edge.host.state import (
    PASTS,
    REVOKED,
    STREAMS,
    keep,
    kept,
    recall,
    recall_revoked,
    remember,
    remember_revoked,
)


def written(folder):
    return json.loads((folder / STREAMS).read_text())["unix_s"]


def test_what_was_is_recalled_with_room_to_spare(tmp_path):
    remember(tmp_path / "deep", {"cam": (17, 2), "other": (0, 0)})
    now = written(tmp_path / "deep")
    assert recall(tmp_path / "deep", within_s=30, now=now) == {"cam": (47, 32), "other": (30, 30)}
    assert recall(tmp_path / "deep", within_s=30, now=now + 31) == {}


def test_after_a_clean_end_nothing_has_to_be_spared(tmp_path):
    remember(tmp_path, {"cam": (17, 2)}, is_last=True)
    assert recall(tmp_path, within_s=30, now=written(tmp_path)) == {"cam": (17, 2)}


def test_without_a_folder_nothing_is(tmp_path):
    remember(None, {"cam": (1, 0)})
    keep(None, [("cam", [b"x"])])
    remember_revoked(None, ["x"])
    assert recall(None, within_s=30, now=0) == {}
    assert list(kept(None)) == []
    assert recall_revoked(None) == []
    assert recall(tmp_path, within_s=30, now=0) == {}


def test_what_cannot_be_written_is_told_and_no_fault(tmp_path, caplog):
    (tmp_path / "file").write_text("")
    remember(tmp_path / "file", {"cam": (1, 0)})
    keep(tmp_path / "file", [("cam", [b"x"])])
    assert [record.message for record in caplog.records] == ["state.unwritable"] * 2
    assert all("server.state_dir" in record.mend for record in caplog.records)


@pytest.mark.parametrize(
    "text",
    [
        "", "{", "[]", "null", '{"unix_s": 0}', '{"unix_s": "0", "clean": true, "streams": {}}', '{"unix_s": 0, "clean": true, "streams": []}',
        '{"unix_s": 0, "clean": true, "streams": {"a": 1}}', "[" * 50_000,
        '{"unix_s": 0, "clean": true, "streams": {"../x": [1, 0], "a b": [1, 0], "cam": [-1, 0], "c2": ["1", 0], "c3": [true, 0], "c4": [1e3, 0]}}',
    ],
)  # fmt: skip
def test_a_file_that_is_not_ours_is_passed_over(tmp_path, text):
    (tmp_path / STREAMS).write_text(text)
    (tmp_path / REVOKED).write_text(text)
    assert recall(tmp_path, within_s=30, now=1) == {}
    assert recall_revoked(tmp_path) == []


def test_pasts_are_read_once(tmp_path):
    keep(tmp_path, [("cam", [b"one", b"two"]), ("b", [b""])])
    (tmp_path / PASTS / "not a name.past").write_bytes(b"x")
    assert dict(kept(tmp_path)) == {"cam": b"onetwo", "b": b""}
    assert list(kept(tmp_path)) == []
    assert list((tmp_path / PASTS).iterdir()) == []


def test_more_than_fits_is_left(tmp_path, monkeypatch):
    monkeypatch.setattr(state, "MOST_PAST_BYTES", 5)
    keep(tmp_path, [("a", [b"xxx"]), ("b", [b"xxx"]), ("c", [b"xx"])])
    assert set(dict(kept(tmp_path))) == {"a", "c"}


def test_a_slow_disk_holds_nobody_for_long(tmp_path, monkeypatch):
    monkeypatch.setattr(state, "KEEPING_S", -1.0)
    keep(tmp_path, [("a", [b"x"])])
    assert list(kept(tmp_path)) == []


def test_everything_is_forced_to_the_disk_before_it_takes_its_place(tmp_path, monkeypatch):
    forced = []
    monkeypatch.setattr(os, "fsync", lambda number: forced.append(os.readlink(f"/proc/self/fd/{number}")))
    remember(tmp_path, {"cam": (1, 0)})
    keep(tmp_path, [("a", [b"x"])])
    assert forced == [str(tmp_path / "streams.new"), str(tmp_path)]


def test_who_was_revoked_stays_so(tmp_path):
    remember_revoked(tmp_path, {"b", "a"})
    assert recall_revoked(tmp_path) == ["a", "b"]
