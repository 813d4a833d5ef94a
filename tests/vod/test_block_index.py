from edge.vod.asset import BlockKey
from edge.vod.block_index import BlockIndex


def key(number, asset="a", etag='"1"'):
    return BlockKey(asset, etag, number)


def test_the_coldest_goes_unless_it_is_read_and_heads_last():
    index = BlockIndex(30, head_quota=10)
    index.admit(key(0), 10, is_head=True)
    index.admit(key(1), 10, is_head=False)
    index.admit(key(2), 10, is_head=False)
    index.pin(key(1))
    assert index.admit(key(3), 10, is_head=False).evicted == (key(2),)
    index.unpin(key(1))
    assert index.get(key(1)) == 10
    assert index.used == 30
    assert index.admit(key(4), 31, is_head=False) is None


def test_older_versions_go_together():
    index = BlockIndex(100, head_quota=0)
    for etag in ('"1"', '"2"'):
        index.admit(key(0, etag=etag), 10, is_head=False)
    assert index.drop_others("a", '"2"') == [key(0)]
    assert list(index.keys("a*")) == [key(0, etag='"2"')]
    assert len(index) == 1
