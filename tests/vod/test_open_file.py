import os

import pytest

from edge.vod.open_file import OpenFile


async def test_reads_where_it_is_told_and_nothing_behind_the_end(tmp_path):
    path = tmp_path / "a"
    path.write_bytes(b"0123456789")
    file = OpenFile(path)

    assert await file.read(4, 3) == b"3456"
    assert await file.read(100, 8) == b"89"
    assert await file.read(1, 10) == b""
    assert file.status().st_size == 10


async def test_what_is_not_in_the_page_cache_comes_from_the_disk(tmp_path, monkeypatch):
    path = tmp_path / "a"
    path.write_bytes(b"0123456789")

    def cold(*_):
        raise BlockingIOError

    monkeypatch.setattr(os, "preadv", cold)
    assert await OpenFile(path).read(4, 3) == b"3456"


def test_is_closed_when_nobody_holds_it(tmp_path):
    path = tmp_path / "a"
    path.touch()
    before = len(os.listdir("/proc/self/fd"))
    file = OpenFile(path)
    assert len(os.listdir("/proc/self/fd")) == before + 1
    del file
    assert len(os.listdir("/proc/self/fd")) == before


def test_what_is_not_there_is_an_error_and_leaves_nothing(tmp_path):
    with pytest.raises(FileNotFoundError):
        OpenFile(tmp_path / "none")
