import asyncio

import pytest
from scripted_origin import ScriptedOrigin, failure

from edge.errors import NotFound, OriginUnavailable
from edge.vod.asset import Asset
from edge.vod.asset_log import AssetLog
from edge.vod.asset_memory import AssetMemory
from edge.vod.asset_row import Moment
from edge.vod.known_assets import Freshness, KnownAssets
from edge.vod.turns import AT_ONCE

RULES = Freshness(fresh_s=10, missing_s=2, stale_while_revalidate_s=5, stale_if_error_s=60)


@pytest.fixture
def origin():
    return ScriptedOrigin({"a": (b"one", '"1"')})


def known(origin, rules=RULES, changed=lambda asset: None):
    return KnownAssets(origin.stat, rules, changed=changed)


async def test_it_is_asked_once_for_all_and_then_for_seconds_not_again(origin):
    assets, now = known(origin), asyncio.get_running_loop().time()
    found = await asyncio.gather(*(assets.get("a", now) for _ in range(100)))
    assert {asset.etag for asset in found} == {'"1"'}
    await assets.get("a", now + 9)
    assert origin.stats == 1


async def test_what_is_missing_is_remembered_briefly(origin):
    assets, now = known(origin), asyncio.get_running_loop().time()
    for later in (0, 1):
        with pytest.raises(NotFound):
            await assets.get("b", now + later)
    assert origin.stats == 1
    origin.contents["b"] = (b"", '"b"')
    assert (await assets.get("b", now + 3)).size == 0


async def test_failures_never_are(origin):
    assets, now = known(origin), asyncio.get_running_loop().time()
    origin.fault = failure()
    for count in (1, 2):
        with pytest.raises(OriginUnavailable):
            await assets.get("a", now)
        assert origin.stats == count


async def test_stale_is_given_while_it_is_asked_again(origin):
    told = []
    assets, now = known(origin, changed=told.append), asyncio.get_running_loop().time()
    await assets.get("a", now)
    origin.contents["a"] = (b"two", '"2"')
    assert (await assets.get("a", now + 12)).etag == '"1"'
    await asyncio.sleep(0.01)
    assert (await assets.get("a", now + 1)).etag == '"2"'
    assert [asset.etag for asset in told] == ['"1"', '"2"']


async def test_stale_is_given_when_the_origin_fails_and_only_so_long(origin):
    assets, now = known(origin), asyncio.get_running_loop().time()
    await assets.get("a", now)
    origin.fault = failure()
    assert (await assets.get("a", now + 40)).etag == '"1"'
    with pytest.raises(OriginUnavailable):
        await assets.get("a", now + 71)
    strict = known(origin, Freshness(fresh_s=1))
    origin.fault = None
    await strict.get("a", now)
    origin.fault = failure()
    with pytest.raises(OriginUnavailable):
        await strict.get("a", now + 1.5)


async def test_who_leaves_does_not_take_the_question_along(origin):
    assets, now = known(origin), asyncio.get_running_loop().time()
    first = asyncio.create_task(assets.get("a", now))
    await asyncio.sleep(0)
    second = asyncio.create_task(assets.get("a", now))
    await asyncio.sleep(0)
    first.cancel()
    assert (await second).etag == '"1"'
    assert origin.stats == 1
    await assets.close()


async def test_an_answer_that_was_long_on_its_way_is_as_old_as_its_question():
    async def ask(key):
        await asyncio.sleep(0.2)
        return Asset(key, 1, '"1"', None, "video/mp4")

    assets, loop = KnownAssets(ask, RULES, changed=lambda asset: None), asyncio.get_running_loop()
    asset = await assets.get("a", loop.time())
    assert assets.age_s(asset, loop.time()) > 0.19
    assert assets.left_s(asset, loop.time()) < 9.81


async def test_the_same_version_is_no_change(origin):
    told = []
    assets, now = known(origin, Freshness(fresh_s=0), told.append), asyncio.get_running_loop().time()
    for _ in range(3):
        await assets.get("a", now + 9)
    assert (origin.stats, len(told)) == (3, 1)


async def test_what_matches_is_forgotten_in_turns(origin):
    origin.contents = {f"{'ab'[number % 2]}{number}": (b"", '"1"') for number in range(1_000)}
    assets, now, passed = known(origin), asyncio.get_running_loop().time(), 0
    for key in origin.contents:
        await assets.get(key, now)

    async def passer_by():
        nonlocal passed
        while True:
            passed += 1
            await asyncio.sleep(0)

    task = asyncio.create_task(passer_by())
    await assets.forget_matching("a*")
    task.cancel()
    assert passed >= 1_000 / AT_ONCE
    assert [assets.peek(key, now) is None for key in ("a0", "b1", "a998", "b999")] == [
        True,
        False,
        True,
        False,
    ]


async def test_an_answer_from_before_a_purge_is_not_remembered_after_it(origin):
    """Who asked before has it; who asks after it asks anew."""
    assets, now = known(origin), asyncio.get_running_loop().time()

    async def forget(key):
        assets.forget(key)

    for purge in (forget, assets.forget_matching):
        before = asyncio.create_task(assets.get("a", now))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        await purge("a")
        after = asyncio.create_task(assets.get("a", now))
        await before
        stats = origin.stats
        assert await after is await assets.get("a", now)
        assert await before is not await after
        assert origin.stats == stats
        assets.forget("a")
    assert origin.stats == 4
    await assets.close()


class Node:
    """Starts and ends; its clock is what it is told, `now` of the loop stands still."""

    def __init__(self, folder, origin, rules=RULES):
        self.folder, self.origin, self.rules = folder, origin, rules
        self.wall_s = 1_000_000.0
        self.name = "scripted"

    async def start(self, after_s=0.0):
        self.wall_s += after_s
        log = AssetLog(self.folder / "assets.log", 10_000)
        memory = AssetMemory(log, clock=lambda: Moment(self.wall_s, 0.0, ""))
        memory.begin()
        self.assets = KnownAssets(
            self.origin.stat,
            self.rules,
            changed=lambda asset: None,
            memory=memory,
            is_ours=lambda asset: asset.origin == self.name,
        )
        await self.assets.loaded()

    async def restart(self, after_s):
        await self.assets.close()
        await self.start(after_s)

    async def get(self, key="a"):
        return await self.assets.get(key, asyncio.get_running_loop().time())


@pytest.fixture
async def node(tmp_path, origin):
    made = Node(tmp_path, origin)
    await made.start()
    yield made
    await made.assets.close()


async def test_a_restart_asks_no_earlier_than_it_would_have_been_asked(node, origin):
    asset = await node.get()
    await node.restart(after_s=8)
    now = asyncio.get_running_loop().time()
    assert node.assets.peek("a", now) == asset
    assert await node.get() == asset
    assert node.assets.age_s(await node.get(), now) == pytest.approx(8, abs=0.5)
    assert node.assets.left_s(await node.get(), now) == pytest.approx(2, abs=0.5)
    assert origin.stats == 1
    await node.restart(after_s=1_000)
    origin.contents["a"] = (b"two", '"2"')
    assert (await node.get()).etag == '"2"'
    assert origin.stats == 2


async def test_a_dead_origin_is_one_over_restarts_too_and_only_so_long(node, origin):
    await node.get()
    origin.fault = failure()
    for _ in range(3):
        await node.restart(after_s=20)
        assert (await node.get()).etag == '"1"'
    await node.restart(after_s=20)
    with pytest.raises(OriginUnavailable):
        await node.get()


async def test_a_clock_set_back_means_a_question(node, origin):
    await node.get()
    await node.restart(after_s=-5)
    await node.get()
    assert origin.stats == 2


async def test_what_is_forgotten_missing_or_not_to_be_stored_is_not_recalled(node, origin):
    origin.contents |= dict.fromkeys(("b", "c", "d"), (b"x", '"x"'))
    for key in "abcd":
        await node.get(key)
    node.assets.forget("a")
    await node.assets.forget_matching("[b]")
    await node.restart(after_s=20)
    del origin.contents["c"]
    origin.contents["d"] = (b"x", 'W/"weak"')
    with pytest.raises(NotFound):
        await node.get("c")
    await node.get("d")
    await node.restart(after_s=0)
    origin.fault = failure()
    for key in "abcd":
        assert node.assets.peek(key, float("-inf")) is None
        with pytest.raises(OriginUnavailable):
            await node.get(key)


async def test_another_origin_of_the_name_knows_nothing_of_it(node, origin):
    await node.get()
    node.name = "another"
    await node.restart(after_s=1)
    await node.get()
    assert origin.stats == 2


async def test_the_same_answer_is_written_once_a_minute_and_at_the_end(node, origin, tmp_path):
    node.assets._freshness = Freshness(fresh_s=0)
    for _ in range(20):
        await node.get()
    await node.assets.settled()
    text = (tmp_path / "assets.log").read_text()
    assert (origin.stats, text.count('"a"')) == (20, 1)
    await node.restart(after_s=3)
    assert (tmp_path / "assets.log").read_text().count('"a"') == 2
