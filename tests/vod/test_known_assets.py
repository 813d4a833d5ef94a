import asyncio

import pytest
from scripted_origin import ScriptedOrigin, failure

from edge.errors import NotFound, OriginUnavailable
from edge.vod.asset import Asset
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
