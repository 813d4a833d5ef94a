import asyncio
import contextlib
import errno
import logging
import os
import stat

import pytest

from edge.vod.asset import BlockKey
from edge.vod.block_file import StoredBlock, file_name
from edge.vod.block_index import BlockIndex
from edge.vod.block_shelf import BlockShelf
from edge.vod.block_store import BlockStore

KEY = BlockKey("a", '"1"', 0, "far")
OCTETS = bytes(range(200))


@contextlib.asynccontextmanager
async def shelf_in(root, capacity=1_000):
    shelf = BlockShelf(BlockStore(root), BlockIndex(capacity, head_quota=0))
    await shelf.begin()
    await shelf.loaded()
    try:
        yield shelf
    finally:
        await shelf.close()


async def put(shelf, key=KEY, readers=1):
    return await shelf.keep(StoredBlock(key, 200, False), [OCTETS], readers=readers)


async def test_what_is_kept_is_there_and_counted_once_it_is_on_disk(tmp_path):
    async with shelf_in(tmp_path) as shelf:
        keeping = asyncio.create_task(put(shelf))
        await asyncio.sleep(0)
        assert (shelf.used, len(shelf), KEY in shelf, shelf.wanted(KEY, 200)) == (0, 0, False, False)
        assert await keeping
        assert (shelf.used, len(shelf), KEY in shelf, shelf.wanted(KEY, 200)) == (200, 1, True, True)
        assert shelf.list() == [StoredBlock(KEY, 200, False)]
        assert await shelf.read(KEY, 5, 9) == OCTETS[5:9]


async def test_who_makes_room_leaves_the_disk(tmp_path):
    async with shelf_in(tmp_path, 500) as shelf:
        for number in range(3):
            await put(shelf, KEY._replace(number=number))
        assert (shelf.used, len(shelf)) == (400, 2)
        await shelf.purge("nothing")
        assert not (tmp_path / "blocks" / file_name(KEY)).exists()
        with shelf.pinned(KEY._replace(number=1)):
            await put(shelf, KEY)
            assert KEY._replace(number=1) in shelf


async def test_a_block_that_is_bad_or_of_another_size_is_a_miss(tmp_path):
    async with shelf_in(tmp_path) as shelf:
        await put(shelf)
        assert not shelf.wanted(KEY, 100)
        assert len(shelf) == 0
        await put(shelf)
        path = tmp_path / "blocks" / file_name(KEY)
        path.write_bytes(path.read_bytes()[::-1])
        assert await shelf.read(KEY, 0, 9) is None
        assert KEY not in shelf


async def test_purged_while_it_is_written_it_is_not_kept(tmp_path):
    async with shelf_in(tmp_path) as shelf:
        keeping = asyncio.create_task(put(shelf))
        await asyncio.sleep(0)
        assert await shelf.purge("a") == 1
        assert not await keeping
        assert (shelf.used, len(shelf)) == (0, 0)
        await shelf.purge("")
        assert not (tmp_path / "blocks" / file_name(KEY)).exists()


@pytest.mark.parametrize("unit", [1_048_576, 524_288])
async def test_a_folder_of_blocks_of_another_size_is_emptied(tmp_path, unit):
    async with shelf_in(tmp_path) as shelf:
        await put(shelf)
    (tmp_path / "blocks" / "notes").write_text("somebody's")
    shelf = BlockShelf(BlockStore(tmp_path, unit), BlockIndex(1_000, head_quota=0))
    await shelf.begin()
    await shelf.loaded()
    assert len(shelf) == (unit == 1_048_576)
    assert (tmp_path / "blocks" / "notes").exists()
    await shelf.close()


async def test_nothing_waits_for_what_is_on_disk_but_those_who_ask_for_it(tmp_path):
    async with shelf_in(tmp_path) as shelf:
        await put(shelf)
    shelf = BlockShelf(BlockStore(tmp_path), BlockIndex(1_000, head_quota=0))
    await shelf.begin()
    assert (len(shelf), shelf.list()) == (0, [])
    await shelf.close()  # while it is looked at: the order is remembered all the same
    async with shelf_in(tmp_path) as shelf:
        assert shelf.list() == [StoredBlock(KEY, 200, False)]


@pytest.fixture
def small_disk(tmp_path, monkeypatch):
    """A disk with room for some octets, others' among them."""
    disk = {"size": 2_000, "others": 0}
    write = os.write

    def used():
        return disk["others"] + sum(
            file.stat().st_size for file in tmp_path.glob("[bf]*/**/*") if file.is_file()
        )

    def full(fd, octets):
        if len(octets) >= 200 and used() + len(octets) > disk["size"]:
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(fd, octets)

    def statvfs(path):
        return os.statvfs_result((1, 1, 0, 0, disk["size"] - used(), 0, 0, 0, 0, 255))

    monkeypatch.setattr(os, "write", full)
    monkeypatch.setattr(os, "statvfs", statvfs)
    return disk


async def test_on_a_full_disk_the_coldest_make_room(tmp_path, small_disk, caplog):
    shelf = BlockShelf(BlockStore(tmp_path, 200), BlockIndex(100_000, head_quota=0))
    await shelf.begin()
    await shelf.loaded()
    caplog.set_level(logging.WARNING)
    assert [await put(shelf, KEY._replace(number=number)) for number in range(30)] == [True] * 30
    assert KEY._replace(number=29) in shelf
    assert KEY not in shelf
    assert 600 <= shelf.used <= shelf.capacity < 2_000
    told = [record for record in caplog.records if record.getMessage() == "vod.disk_full"]
    assert len(told) == 1
    assert "vod.capacity" in told[0].mend
    await shelf.close()


async def test_a_disk_that_others_filled_does_not_empty_the_cache_and_takes_more_later(
    tmp_path, small_disk, monkeypatch
):
    shelf = BlockShelf(BlockStore(tmp_path, 200), BlockIndex(5_000, head_quota=0))
    now = [0.0]
    monkeypatch.setattr(shelf, "_now", lambda: now[0])
    await shelf.begin()
    await shelf.loaded()
    for number in range(6):
        await put(shelf, KEY._replace(number=number))
    small_disk["others"] = 50_000
    for number in range(6, 30):
        assert not await put(shelf, KEY._replace(number=number))
    assert shelf.used >= 200
    small_disk.update(size=100_000, others=0)
    now[0] = 100.0
    assert all([await put(shelf, KEY._replace(number=number)) for number in range(30, 60)])
    assert shelf.capacity == 5_000
    await shelf.close()


@pytest.mark.parametrize("is_known", [True, False])
async def test_a_folder_in_the_place_of_a_block_is_set_aside(tmp_path, is_known):
    path = tmp_path / "blocks" / file_name(KEY)
    async with shelf_in(tmp_path) as shelf:
        if is_known:
            await put(shelf)
            path.unlink()
        (path / "within").mkdir(parents=True)
        if is_known:
            assert await shelf.read(KEY, 0, 9) is None
        assert await put(shelf)
        assert await shelf.read(KEY, 0, 9) == OCTETS[:9]
    (aside,) = tmp_path.glob("aside.*")
    assert (aside / "within").is_dir(), "nobody asked for it to be deleted"


@pytest.mark.parametrize("name", ["index.log", "format"])
@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir, lambda path: path.symlink_to("/dev/zero")])
async def test_what_is_no_file_does_not_hold_up_the_start(tmp_path, name, make):
    async with shelf_in(tmp_path) as shelf:
        await put(shelf)
    (tmp_path / name).unlink()
    make(tmp_path / name)
    async with asyncio.timeout(10), shelf_in(tmp_path) as shelf:
        assert len(shelf) == (name == "index.log")
        assert await put(shelf)
    assert stat.S_ISREG((tmp_path / name).lstat().st_mode)
