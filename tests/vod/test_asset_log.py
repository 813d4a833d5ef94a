import errno
import os

import pytest

from edge.vod.asset import Asset
from edge.vod.asset_log import AssetLog
from edge.vod.asset_row import Moment, parsed, quoted, row

THEN = Moment(1_000.0, 10.0, "boot")


def said(key, size=1):
    return row(Asset(key, size, '"1"', None, "video/mp4", "far"), THEN)


def sizes(log):
    """As they would be believed."""
    found = {name: parsed(line) for name, line in log.load().items()}
    return {name.strip('"'): each and each[0].size for name, each in found.items()}


@pytest.fixture
def path(tmp_path):
    return tmp_path / "assets.log"


@pytest.fixture
def log(path):
    made = AssetLog(path, 10_000)
    assert made.load() == {}
    yield made
    made.close()


def test_the_last_word_holds(log, path):
    for key, size in (("a", 1), ("b", 2), ("a", 3), ("c*", 4)):
        log.append(said(key, size))
    assert sizes(AssetLog(path, 10_000)) == {"b": 2, "a": 3, "c*": 4}
    log.forget("a")
    log.forget("c*")
    log.append(said("d", 5))
    assert sizes(AssetLog(path, 10_000)) == {"b": 2, "d": 5}


def test_what_matches_is_forgotten(log, path):
    for key in ("clips/a", "clips/b", "films/a", "films/b"):
        log.append(said(key))
    log.forget_matching("clips/*")
    log.forget_matching("films/b")
    log.append(said("clips/b", 7))
    assert sizes(AssetLog(path, 10_000)) == {"films/a": 1, "clips/b": 7}


def test_a_torn_end_harms_only_itself(log, path):
    log.append(said("a"))
    log.append(said("b", 2))
    path.write_bytes(path.read_bytes()[:-30])
    after = AssetLog(path, 10_000)
    assert sizes(after) == {"a": 1, "b": None}
    after.append(said("c", 3))
    after.close()
    assert sizes(AssetLog(path, 10_000)) == {"a": 1, "b": None, "c": 3}


def test_nonsense_is_no_assets(log, path):
    path.write_bytes(b"\n\xff\t1\t2\n\t\t\t\nx\t{}\tz\n[1]\n" + said("a").encode() + b"\n\x00\x01")
    assert sizes(AssetLog(path, 10_000)) == {"a": 1}
    path.write_bytes(os.urandom(9_000))
    assert set(sizes(AssetLog(path, 10_000)).values()) <= {None}


def test_it_stays_within_its_bounds_and_keeps_the_latest(log, path):
    for number in range(1_000):
        log.append(said(f"a{number}"))
        assert path.stat().st_size <= 20_300
    kept = sizes(AssetLog(path, 10_000))
    assert 40 < len(kept) < 200
    assert "a999" in kept
    assert "a0" not in kept
    log.append(said("x" * 5_000))
    assert quoted("x" * 5_000) not in AssetLog(path, 10_000).load(), "one is not longer than a page"
    path.write_bytes(b"x\t" + b"[" * 35_000 + b"\tx\n")
    assert AssetLog(path, 10_000).load() == {}
    path.write_bytes(b"x" * 50_000)
    assert AssetLog(path, 10_000).load() == {}
    assert path.stat().st_size == 0


@pytest.mark.parametrize("left", [0, 10])
def test_what_cannot_be_forgotten_one_by_one_is_forgotten_in_all(log, path, monkeypatch, left):
    """A full disk: a part of a line is written, or nothing; making a file shorter needs no room."""
    log.append(said("a"))
    write = os.write

    def full(fd, octets):
        if not left:
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(fd, octets[:left])

    monkeypatch.setattr(os, "write", full)
    log.append(said("b"))
    assert sizes(AssetLog(path, 10_000))["a"] == 1
    log.forget("a")
    assert sizes(AssetLog(path, 10_000)) == {}


def test_a_folder_that_is_gone_is_nothing_to_remember(tmp_path):
    log = AssetLog(tmp_path / "gone" / "assets.log", 10_000)
    assert log.load() == {}
    log.append(said("a"))
    log.forget_matching("*")
    log.forget("a")
    log.close()


def test_a_pipe_in_its_place_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "assets.log")
    log = AssetLog(tmp_path / "assets.log", 1_000)
    assert log.load() == {}
    log.close()
    assert not (tmp_path / "assets.log").exists()
