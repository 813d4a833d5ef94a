from edge.vod.asset import BlockKey
from edge.vod.block_file import StoredBlock
from edge.vod.inventory import HeldAsset, Inventory


def block(asset, number, size=10, *, etag='"1"', is_head=False):
    return StoredBlock(BlockKey(asset, etag, number), size, is_head)


def inventory(blocks, block_size, known):
    counted = Inventory(block_size)
    for one in blocks:
        counted.add(one)
    return counted.assets(known)


def test_blocks_are_told_by_asset_and_version_in_the_order_of_names():
    held = inventory(
        [block("b", 1), block("a", 0, is_head=True), block("b", 0, is_head=True), block("b", 0, etag='"0"')],
        10,
        {("b", '"1"', ""): 35, ("a", '"1"', ""): 10},
    )
    assert held == [
        HeldAsset("a", '"1"', "", 10, 10, 1, 1),
        HeldAsset("b", '"0"', "", None, 10, 1, 0),
        HeldAsset("b", '"1"', "", 35, 20, 2, 1),
    ]
    assert [one.is_whole for one in held] == [True, False, False]


def test_a_short_block_is_the_last_one_and_tells_the_size():
    (whole,) = inventory([block("a", 1, 3), block("a", 0)], 10, {})
    assert (whole.size, whole.held, whole.is_whole) == (13, 13, True)
    (torn,) = inventory([block("a", 2, 3), block("a", 0)], 10, {})
    assert (torn.size, torn.held, torn.is_whole) == (23, 13, False)


def test_a_cache_with_nothing():
    assert inventory([], 10, {}) == []
