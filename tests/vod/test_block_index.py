import pytest

from edge.vod.asset import BlockKey
from edge.vod.block_index import BlockIndex
from edge.vod.eviction import POLICIES


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


@pytest.mark.parametrize("policy", POLICIES)
def test_looking_at_a_block_does_not_warm_it(policy):
    index = BlockIndex(100, head_quota=10, policy=policy)
    for number in range(4):
        index.admit(key(number, asset=f"a{number % 2}"), 10 + number, is_head=number == 0)
    before = list(index.sizes())
    assert [index.size(key(number, asset=f"a{number % 2}")) for number in range(5)] == [10, 11, 12, 13, None]
    assert list(index.sizes()) == before
    assert before[-1] == (key(0, asset="a0"), 10), "heads go last"
    assert sorted(index.assets()) == ["a0", "a1"]
    assert sorted(index.of_asset("a1")) == [key(1, asset="a1"), key(3, asset="a1")]


@pytest.mark.parametrize("policy", POLICIES)
def test_with_less_room_the_coldest_go_and_heads_keep_their_share(policy):
    index = BlockIndex(200, head_quota=40, policy=policy)
    for number in range(20):
        index.admit(key(number), 10, is_head=number < 4)
    index.pin(key(19))
    gone = index.resize(100)
    assert (len(gone), index.used, index.capacity, index.heads) == (10, 100, 100, 2)
    assert key(19) in index
    assert set(gone).isdisjoint(index.of_asset("a"))
    index.resize(0)
    assert [*index.of_asset("a")] == [key(19)], "what is read stays"
    index.resize(200)
    assert all(index.admit(key(number), 10, is_head=True).evicted == () for number in range(19))
    assert index.heads == 4


def test_heads_have_half_of_a_smaller_room_at_most():
    index = BlockIndex(200, head_quota=200)
    for number in range(20):
        index.admit(key(number), 10, is_head=True)
    index.resize(100)
    assert (index.used, index.heads) == (100, 5)
