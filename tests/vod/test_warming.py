import asyncio
import contextlib

import pytest
from scripted_origin import ScriptedOrigin, failure

from edge.errors import NotFound, OriginUnavailable
from edge.http.byte_range import ByteRange
from edge.vod.block_cache import BlockCache, CacheRules, Mount
from edge.vod.warming import STEP, NotKept, warming

BLOCK = 1_048_576
LARGE = bytes(range(256)) * (9 * 4096)


@contextlib.asynccontextmanager
async def running(root, origin, *, is_cached=True, **rules):
    cache = BlockCache(root, [Mount("", origin, is_cached)], CacheRules(block_size=BLOCK, **rules))
    await cache.start()
    try:
        yield cache
    finally:
        await cache.close()


@pytest.fixture
def origin():
    return ScriptedOrigin(
        {"large": (LARGE, '"1"'), "empty": (b"", '"0"'), "weak": (b"abc", 'W/"1"')}, piece=262_144
    )


async def warmed(cache, key, rate=None):
    return [step async for step in warming(cache, key, rate)]


async def test_the_whole_is_on_disk_and_asked_for_once(tmp_path, origin):
    async with running(tmp_path, origin) as cache:
        steps = await warmed(cache, "large")
        assert steps[0] == (len(LARGE), 0, None)
        assert steps[-1] == (len(LARGE), len(LARGE), len(LARGE))
        assert [step.done for step in steps] == sorted(step.done for step in steps)
        assert len(steps) > 10, "it tells on the way"
        assert origin.octets == len(LARGE)
        assert (await warmed(cache, "large"))[-1].held == len(LARGE)
        assert origin.octets == len(LARGE), "what is there is not asked for again"


async def test_no_faster_than_is_wanted(tmp_path, origin):
    async with running(tmp_path, origin) as cache:
        loop = asyncio.get_running_loop()
        began = loop.time()
        await warmed(cache, "large", rate=len(LARGE) / 0.5)
        assert 0.49 <= loop.time() - began < 5


async def test_who_leaves_stops_the_fetch(tmp_path, origin):
    async with running(tmp_path, origin, read_ahead=0) as cache:
        origin.gate = asyncio.Semaphore(1)
        steps = warming(cache, "large", None)
        assert (await anext(steps)).done == 0
        assert 0 < (await anext(steps)).done <= 262_144
        await steps.aclose()
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert origin.open_reads == 0
        assert cache.stats()["fills"] == 0


async def test_what_fails_says_why(tmp_path, origin):
    async with running(tmp_path, origin) as cache:
        with pytest.raises(NotFound, match="nothing"):
            await warmed(cache, "nothing")
        with pytest.raises(NotKept, match="strong ETag"):
            await warmed(cache, "weak")
        asset = await cache.open("large")
        assert asset.size > STEP
        origin.fault = failure()
        with pytest.raises(OriginUnavailable):
            await warmed(cache, "large")


async def test_what_is_not_cached_is_not_read_at_all(tmp_path, origin):
    async with running(tmp_path, origin, is_cached=False) as cache:
        with pytest.raises(NotKept, match="not cached"):
            await warmed(cache, "large")
        assert origin.octets == 0


async def test_what_does_not_fit_is_not_read_to_its_end(tmp_path, origin):
    async with running(tmp_path, origin, capacity=BLOCK - 1) as cache:
        with pytest.raises(NotKept, match="does not take it"):
            await warmed(cache, "large")
        assert origin.octets <= STEP


async def test_what_did_not_stay_is_not_called_held(tmp_path, origin):
    async with running(tmp_path, origin, capacity=6 * BLOCK, head_quota=BLOCK) as cache:
        last = (await warmed(cache, "large"))[-1]
        assert last.held is not None
        assert last.held <= 6 * BLOCK < last.size


async def test_nothing_is_quickly_warm(tmp_path, origin):
    async with running(tmp_path, origin) as cache:
        assert await warmed(cache, "empty") == [(0, 0, None), (0, 0, 0)]


async def test_what_was_warmed_is_not_pushed_out_by_what_is_watched_once(tmp_path, origin):
    for number in range(8):
        origin.contents[f"once{number}"] = (LARGE[:BLOCK], '"1"')
    origin.contents["wanted"] = (LARGE[: 2 * BLOCK], '"1"')
    async with running(tmp_path, origin, capacity=5 * BLOCK, head_quota=0) as cache:
        await warmed(cache, "wanted")
        for number in range(8):
            asset = await cache.open(f"once{number}")
            async with contextlib.aclosing(cache.stream(asset, ByteRange(0, BLOCK))) as pieces:
                async for _ in pieces:
                    pass
            await cache._fetches.ended(asset.key)
        assert len(list(cache.blocks("wanted"))) == 2
