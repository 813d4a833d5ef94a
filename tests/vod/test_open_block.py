import os
from pathlib import Path

import pytest

from edge.vod import open_block
from edge.vod.open_block import HELD_S, PIECE, SEEN_S, OpenBlock

OCTETS = os.urandom(3 * PIECE + 500)


@pytest.fixture
def now(monkeypatch) -> list[float]:
    """Monotonic seconds, to be set."""
    now = [1000.0]
    monkeypatch.setattr(open_block.time, "monotonic", lambda: now[0])
    return now


@pytest.fixture
def path(tmp_path) -> Path:
    path = tmp_path / "block"
    path.write_bytes(OCTETS + b"label")
    return path


@pytest.fixture
def block(path) -> OpenBlock:
    block = OpenBlock(os.open(path, os.O_RDONLY))
    block.verified(len(OCTETS), path.stat().st_ctime_ns)
    return block


def test_what_is_in_the_page_cache_is_mapped_or_copied(block):
    for start, stop in (
        (0, PIECE),
        (10, 20),
        (PIECE - 1, PIECE + 1),
        (0, len(OCTETS)),
        (3 * PIECE, len(OCTETS)),
    ):
        assert block.mapped(start, stop) == OCTETS[start:stop]
        assert block.copied(start, stop) == OCTETS[start:stop]


def test_it_is_looked_at_once_and_again_when_it_was_not_used_for_seconds(block, now, monkeypatch):
    looked = []
    fill = OpenBlock._fill
    monkeypatch.setattr(
        OpenBlock, "_fill", lambda self, *given: looked.append(given[1]) or fill(self, *given)
    )
    block.mapped(0, PIECE)
    for _ in range(3):
        now[0] += SEEN_S - 0.1
        assert block.mapped(0, 1) == OCTETS[:1]
    assert looked == [0]
    now[0] += SEEN_S
    block.mapped(5, PIECE + 5)
    assert looked == [0, 0, PIECE]


def test_what_cannot_be_mapped_is_copied(block, path):
    with path.open("r+b") as file:
        file.truncate(2 * PIECE)
    assert block.mapped(0, PIECE) is None
    assert block.copied(0, PIECE) == OCTETS[:PIECE]


def test_what_would_have_to_be_waited_for_is_not_mapped(block, monkeypatch):
    monkeypatch.setattr(open_block.os, "preadv", lambda *_: (_ for _ in ()).throw(BlockingIOError))
    assert block.mapped(0, 1) is None
    assert block.copied(0, 1) is None


def test_what_nobody_asks_for_is_mapped_no_more_and_what_is_on_its_way_is_whole(block, now):
    on_its_way = block.mapped(0, PIECE)
    assert block.let_go(), "it was used just now"
    now[0] += HELD_S
    assert not block.let_go()
    assert not block.is_mapped
    assert on_its_way == OCTETS[:PIECE]


def test_who_has_it_reads_on_when_its_name_is_gone(block, path, now):
    path.unlink()
    assert block.mapped(0, PIECE) == OCTETS[:PIECE]
    assert block.copied(PIECE, PIECE + 9) == OCTETS[PIECE : PIECE + 9]


def test_a_write_to_the_file_is_seen(block, path):
    assert block.is_untouched()
    with path.open("r+b") as file:
        file.write(b"other")
    assert not block.is_untouched()


def test_a_file_that_was_cut_short_is_neither_padded_nor_the_end_of_the_process(block, path, now):
    mapped = block.mapped(0, PIECE)
    os.truncate(path, 100)
    assert block.copied(0, PIECE) is None
    ours, theirs = os.pipe()
    with pytest.raises(OSError, match="Bad address"):
        os.write(theirs, mapped[4096:8192])
    for each in (ours, theirs):
        os.close(each)
