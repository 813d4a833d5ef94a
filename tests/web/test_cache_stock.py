import asyncio
import contextlib
import json

from edge.vod.asset import Asset, BlockKey
from edge.vod.block_file import StoredBlock
from edge.vod.block_index import BlockIndex
from edge.vod.block_shelf import BlockShelf
from edge.vod.block_store import BlockStore
from edge.vod.turns import AT_ONCE
from edge.web.cache_stock import listing, matched

UNIT = 10
ASSETS, EACH = 600, 5


class Filled(BlockShelf):
    """Thousands of blocks that are in the index; on disk there is nothing to remove."""

    def known(self, key):
        return Asset(key, UNIT * EACH, '"1"', None, "video/mp4", "far")

    def fill(self):
        for number in range(ASSETS * EACH):
            name = f"{'ab'[number % 2]}/{number // EACH:04}"
            self._index.load(BlockKey(name, '"1"', number % EACH, "far"), UNIT, is_head=number % EACH == 0)
        self._is_loaded = True


@contextlib.asynccontextmanager
async def filled(tmp_path):
    shelf = Filled(BlockStore(tmp_path, UNIT), BlockIndex(10**9, head_quota=10**9))
    await shelf.begin()
    await shelf.loaded()
    shelf.fill()
    try:
        yield shelf
    finally:
        await shelf.close()


async def turns_of_others(work):
    """Its result, and how often others had the loop meanwhile."""
    passed = 0

    async def passer_by():
        nonlocal passed
        while True:
            passed += 1
            await asyncio.sleep(0)

    task = asyncio.create_task(passer_by())
    await asyncio.sleep(0)
    result = await work
    task.cancel()
    return result, passed


async def listed(shelf, pattern, limit):
    return json.loads(b"".join([piece async for piece in listing(shelf, pattern, limit, UNIT)]))


async def test_a_list_of_many_blocks_leaves_the_loop_to_others(tmp_path):
    async with filled(tmp_path) as shelf:
        told, turns = await turns_of_others(listed(shelf, "*", 100_000))
        assert told["matched"] == 2 * ASSETS
        names = [one["asset"] for one in told["assets"]]
        assert names == sorted(names)
        assert len(names) == 2 * ASSETS
        assert sum(one["blocks"] for one in told["assets"]) == ASSETS * EACH
        assert turns >= ASSETS * EACH / AT_ONCE
        told, turns = await turns_of_others(listed(shelf, "a/*", 3))
        assert (len(told["assets"]), told["matched"]) == (3, ASSETS)
        assert turns >= 2 * ASSETS / AT_ONCE


async def test_sums_of_many_blocks_leave_the_loop_to_others(tmp_path):
    async with filled(tmp_path) as shelf:
        told, turns = await turns_of_others(matched(shelf, "b/*", UNIT))
        assert told == {
            "assets": ASSETS, "whole_assets": 0, "held_bytes": 15_000, "blocks": 1_500, "head_blocks": 300,
        }  # fmt: skip
        assert turns >= ASSETS / AT_ONCE + 1_500 / AT_ONCE


async def test_a_purge_of_many_blocks_leaves_the_loop_to_others(tmp_path):
    async with filled(tmp_path) as shelf:
        count, turns = await turns_of_others(shelf.purge("a/*"))
        assert (count, len(shelf)) == (1_500, 1_500)
        assert turns >= 2 * ASSETS / AT_ONCE + 1_500 / AT_ONCE


async def test_old_blocks_of_one_large_asset_leave_the_loop_to_others(tmp_path):
    async with filled(tmp_path) as shelf:
        for number in range(3_000):
            shelf._index.load(BlockKey("large", '"1"', number, "far"), UNIT, is_head=False)
        shelf.drop_older("large", '"2"', "far")
        assert len(list(shelf.blocks("large"))) == 3_000 - AT_ONCE, "some at once, the others soon"
        _, turns = await turns_of_others(asyncio.gather(*shelf._dropping))
        assert list(shelf.blocks("large")) == []
        assert turns >= 3_000 / AT_ONCE - 2


async def test_the_end_does_not_wait_for_old_blocks_and_the_next_start_finds_them(tmp_path):
    async with filled(tmp_path) as shelf:
        for number in range(3_000):
            shelf._index.load(BlockKey("large", '"1"', number, "far"), UNIT, is_head=False)
        shelf.drop_older("large", '"2"', "far")
    assert (
        sum('"large"' in row for row in (tmp_path / "index.log").read_text().splitlines()) == 3_000 - AT_ONCE
    )


async def test_a_block_that_comes_or_goes_meanwhile_breaks_nothing(tmp_path):
    async with filled(tmp_path) as shelf:
        task = asyncio.create_task(listed(shelf, "*", 100_000))
        await asyncio.sleep(0)
        await shelf.purge("b/01*")
        await shelf.keep(StoredBlock(BlockKey("a/0000", '"2"', 0, "far"), 4, False), [b"four"], readers=2)
        told = await task
        assert {one["asset"] for one in told["assets"]} >= {f"a/{number:04}" for number in (0, 2, 4)}
