import asyncio
import contextlib
import tempfile
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lying_origin import LIES, LyingOrigin
from scripted_origin import ScriptedOrigin, failure

from edge.errors import EdgeError, NotFound, OriginChanged, OriginError, OriginUnavailable
from edge.http.byte_range import ByteRange
from edge.metrics import VOD_BLOCKS
from edge.vod.block_cache import BlockCache, CacheRules
from edge.vod.http_origin import HttpOrigin, Patience
from edge.vod.known_assets import Freshness
from edge.vod.mounts import Mount

BLOCK = 1_000
CONTENT = bytes(range(251)) * 20


@contextlib.asynccontextmanager
async def running(root, origin, *, mounts=None, **rules):
    settings_ = {"capacity": 100_000, "block_size": BLOCK, "head_quota": 3_000, "read_ahead": 0} | rules
    cache = BlockCache(root, mounts or [Mount("", origin)], CacheRules(**settings_))
    await cache.start()
    try:
        yield cache
    finally:
        await cache.close()


async def body(cache, asset, start=0, stop=None):
    out = bytearray()
    async with contextlib.aclosing(
        cache.stream(asset, ByteRange(start, asset.size if stop is None else stop))
    ) as pieces:
        async for piece in pieces:
            assert 0 < len(piece) <= 65_536
            out += piece
    return bytes(out)


@pytest.fixture
def origin():
    return ScriptedOrigin(
        {"a": (CONTENT, '"1"'), "b": (CONTENT[::-1], '"b"'), "none": (b"", '"0"')}, piece=100
    )


async def test_one_octet_costs_one_block_and_then_none(tmp_path, origin):
    async with running(tmp_path, origin, read_ahead=2) as cache:
        asset = await cache.open("a")
        span = ByteRange(1_500, 1_501)
        assert cache.how(asset, span) == (0, 1, False)
        assert await body(cache, asset, *span) == CONTENT[1_500:1_501]
        await asyncio.sleep(0.05)
        before = origin.octets
        assert before == BLOCK, "the block is finished for the next one"
        assert cache.how(asset, span) == (1, 1, False)
        assert await body(cache, asset, *span) == CONTENT[1_500:1_501]
        assert cache.reader(asset)(1_400, 1_600) == CONTENT[1_400:1_600]
        assert origin.octets == before


async def test_a_herd_costs_each_block_once(tmp_path, origin):
    async with running(tmp_path, origin, read_ahead=2) as cache:

        async def player():
            return await body(cache, await cache.open("a"))

        bodies = await asyncio.gather(*(player() for _ in range(1_000)))
        assert set(bodies) == {CONTENT}
        assert origin.stats == 1
        assert sorted(origin.read_spans) == [(at, min(at + BLOCK, 5_020)) for at in range(0, 5_020, BLOCK)]


async def test_a_restart_keeps_what_there_was(tmp_path, origin):
    async with running(tmp_path, origin) as cache:
        await cache.warm("a")
        listed = cache.list()
        assert [block.size for block in listed] == [1_000] * 5 + [20]
    async with running(tmp_path, origin) as cache:
        before = origin.octets
        assert await body(cache, await cache.open("a")) == CONTENT
        assert origin.octets == before
        assert cache.stats()["used_bytes"] == len(CONTENT)


async def test_a_restart_needs_no_origin_for_what_it_had(tmp_path, origin):
    async with running(tmp_path, origin, freshness=Freshness(stale_if_error_s=60)) as cache:
        await cache.warm("a")
        await cache.warm("b")
        assert await cache.purge("b") == 6
    stats, origin.fault = origin.stats, failure()
    async with running(tmp_path, origin, freshness=Freshness(stale_if_error_s=60)) as cache:
        asset = cache.known("a")
        assert cache.opened("a") is asset
        assert await body(cache, await cache.open("a")) == CONTENT
        assert origin.stats == stats, "it is fresh"
        with pytest.raises(OriginUnavailable):
            await cache.open("b")
    async with running(tmp_path, origin, freshness=Freshness(0, stale_if_error_s=60)) as cache:
        assert await body(cache, await cache.open("a")) == CONTENT
        assert origin.stats == stats + 2, "it was asked, in vain"
    origin.name = "another"
    async with running(tmp_path, origin) as cache:
        with pytest.raises(OriginUnavailable):
            await cache.open("a")


async def test_read_ahead_stays_in_the_range_and_stops_with_the_reader(tmp_path, origin):
    origin.gate = asyncio.Semaphore(0)
    async with running(tmp_path, origin, read_ahead=2) as cache:
        asset = await cache.open("a")
        reading = asyncio.create_task(body(cache, asset, 0, 4_500))
        await asyncio.sleep(0.02)
        assert origin.read_spans == [(0, 1_000)], "what is wanted goes first"
        origin.gate.release()
        await asyncio.sleep(0.02)
        assert sorted(origin.read_spans) == [(0, 1_000), (1_000, 2_000), (2_000, 3_000)]
        reading.cancel()
        await asyncio.sleep(0.02)
        assert origin.open_reads == 0
        assert cache.stats()["fills"] == 0


async def test_a_changed_asset_drops_its_old_blocks_and_nothing_mixes(tmp_path, origin):
    async with running(tmp_path, origin, freshness=Freshness(fresh_s=0)) as cache:
        old = await cache.open("a")
        assert await body(cache, old, 0, 2_000) == CONTENT[:2_000]
        origin.contents["a"] = (CONTENT[::-1], '"2"')
        with pytest.raises(OriginChanged):
            await body(cache, old, 0, 3_000)
        new = await cache.open("a")
        assert {block.key.etag for block in cache.list()} <= {'"2"'}
        assert await body(cache, new) == CONTENT[::-1]


async def test_in_a_herd_everybody_gets_some_before_anybody_gets_much(tmp_path):
    content = CONTENT * 20
    origin = ScriptedOrigin({"a": (content, '"1"')}, piece=len(content))
    async with running(tmp_path, origin, block_size=131_072) as cache:
        asset, order = await cache.open("a"), []

        async def player(name):
            got = 0
            async with contextlib.aclosing(cache.stream(asset, ByteRange(0, len(content)))) as pieces:
                async for piece in pieces:
                    order.append((name, len(piece)))
                    got += len(piece)
            assert got == len(content)

        await asyncio.gather(*map(player, range(40)))
        assert sorted(order[:40]) == [(name, 4_096) for name in range(40)]


async def test_a_weak_version_is_passed_on_and_not_kept(tmp_path, origin):
    origin.contents["w"] = (CONTENT, 'W/"1"')
    async with running(tmp_path, origin) as cache:
        asset = await cache.open("w")
        assert await body(cache, asset, 500, 2_500) == CONTENT[500:2_500]
        assert origin.read_spans == [(500, 2_500)]
        assert cache.reader(asset)(500, 600) is None
        assert cache.stats()["blocks"] == 0


async def test_the_longest_prefix_has_it(tmp_path, origin):
    other = ScriptedOrigin({"a": (b"other", '"o"')})
    mounts = [Mount("", origin), Mount("sub/", other, is_cached=False)]
    async with running(tmp_path, origin, mounts=mounts) as cache:
        assert await body(cache, await cache.open("sub/a")) == b"other"
        assert await body(cache, await cache.open("none")) == b""
        assert cache.stats()["blocks"] == 0
    async with running(tmp_path, origin, mounts=mounts[1:]) as cache:
        with pytest.raises(NotFound):
            await cache.open("a")


async def test_purged_is_gone_also_after_a_restart(tmp_path, origin):
    async with running(tmp_path, origin) as cache:
        await cache.warm("a")
        await cache.warm("b")
        assert await cache.purge("a") == 6
        assert {block.key.asset for block in cache.list()} == {"b"}
    async with running(tmp_path, origin) as cache:
        assert {block.key.asset for block in cache.list()} == {"b"}


async def test_a_smaller_cache_starts_with_the_warmest(tmp_path, origin):
    async with running(tmp_path, origin) as cache:
        await cache.warm("a")
        await cache.warm("b")
    async with running(tmp_path, origin, capacity=3_000) as cache:
        assert 0 < cache.stats()["used_bytes"] <= 3_000


@pytest.mark.parametrize("lie", LIES)
async def test_of_a_lying_origin_nothing_is_kept_and_nothing_wrong_is_sent(tmp_path, lie):
    patience = Patience(answer_s=0.2, slowest=20_000, tries=1)
    async with (
        LyingOrigin(CONTENT, lie) as server,
        running(tmp_path, HttpOrigin("liar", [server.address], patience=patience)) as cache,
    ):
        asset = await cache.open("a")
        with pytest.raises(OriginError):
            await body(cache, asset, 1_000, 2_000)
        assert cache.stats()["blocks"] == 0
        server.lie = None
        assert await body(cache, await cache.open("a"), 1_100, 1_900) == CONTENT[1_100:1_900]


OPERATIONS = st.lists(
    st.one_of(
        st.tuples(st.just("read"), st.sampled_from("abc"), st.integers(0, 400), st.integers(0, 400)),
        st.tuples(st.just("herd"), st.sampled_from("abc"), st.integers(0, 400), st.integers(0, 400)),
        st.tuples(st.just("leave"), st.sampled_from("abc"), st.integers(0, 400), st.integers(0, 400)),
        st.tuples(st.just("change"), st.sampled_from("abc"), st.integers(0, 400), st.integers(0, 0)),
        st.tuples(st.just("fault"), st.integers(0, 6), st.booleans(), st.just(0)),
        st.tuples(st.just("harm"), st.integers(0, 99), st.integers(0, 9_999), st.just(0)),
        st.tuples(st.just("restart"), st.just(0), st.just(0), st.just(0)),
        st.tuples(st.just("purge"), st.sampled_from("abc"), st.just(0), st.just(0)),
    ),
    max_size=25,
)


@settings(max_examples=120, deadline=None)
@given(OPERATIONS, st.sampled_from([64, 300, 10_000]), st.integers(0, 2))
def test_every_body_is_the_slice_or_the_stream_raised(operations, capacity, read_ahead):
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(_live(Path(folder), operations, capacity, read_ahead))


async def _live(root, operations, capacity, read_ahead):
    versions, contents = {}, {}
    for number, key in enumerate("abc"):
        contents[key] = (bytes((number * 80 + at) % 256 for at in range(350)), f'"{key}0"')
    origin = ScriptedOrigin(contents, piece=20)
    rules = {
        "capacity": capacity,
        "block_size": 64,
        "head_quota": 128,
        "read_ahead": read_ahead,
        "freshness": Freshness(0, 0),
    }

    async def check(cache, asset, start, stop, leave_after=None):
        right = versions[asset.etag][start:stop]
        got = b""
        try:
            async with contextlib.aclosing(cache.stream(asset, ByteRange(start, stop))) as pieces:
                async for piece in pieces:
                    got += piece
                    assert right.startswith(got)
                    if leave_after is not None:
                        return
        except EdgeError:
            assert len(got) < len(right)
            return
        assert got == right
        now = cache.reader(asset)(start, stop)
        assert now is None or right.startswith(now)

    stack = contextlib.AsyncExitStack()
    cache = await stack.enter_async_context(running(root, origin, **rules))
    old = {}
    try:
        for verb, one, two, three in operations:
            versions.update({etag: content for content, etag in origin.contents.values()})
            if verb in {"read", "herd", "leave"}:
                try:
                    assets = [await cache.open(one)] + ([old[one]] if one in old else [])
                except OriginUnavailable:
                    continue
                old[one] = assets[0]
                for asset in assets:
                    start = min(two, three, asset.size)
                    stop = min(max(two, three), asset.size)
                    await asyncio.gather(
                        *(
                            check(cache, asset, start, stop, verb == "leave" or None)
                            for _ in range(5 if verb == "herd" else 1)
                        )
                    )
            elif verb == "change":
                content, etag = origin.contents[one]
                origin.contents[one] = (content[::-1][:two] + content[: max(0, 300 - two)], etag[:-1] + 'x"')
            elif verb == "fault":
                origin.fault, origin.fault_after = (failure() if two else None), one
            elif verb == "harm":
                await cache._shelf._in(cache._shelf._writer, int)
                files = sorted(path for path in (root / "blocks").rglob("*") if path.is_file())
                if files:
                    path = files[one % len(files)]
                    octets = bytearray(path.read_bytes())
                    octets[two % len(octets)] ^= 255
                    path.write_bytes(octets)
            elif verb == "restart":
                await stack.aclose()
                cache = await stack.enter_async_context(running(root, origin, **rules))
            else:
                await cache.purge(one)
    finally:
        await stack.aclose()
    assert origin.open_reads == 0


async def test_who_asks_while_the_disk_is_looked_at_gets_what_is_there(tmp_path, origin):
    """No block is fetched a second time, however early the question comes."""
    async with running(tmp_path, origin) as cache:
        await cache.warm("a")
    fetched = origin.octets
    cache = BlockCache(tmp_path, [Mount("", origin)], CacheRules(capacity=100_000, block_size=BLOCK))
    await cache.begin()
    assert cache.opened("a") is None
    assert await body(cache, await cache.open("a")) == CONTENT
    assert origin.octets == fetched
    await cache.close()


async def test_a_purge_while_the_disk_is_looked_at_finds_all(tmp_path, origin):
    async with running(tmp_path, origin) as cache:
        await cache.warm("a")
    cache = BlockCache(tmp_path, [Mount("", origin)], CacheRules(capacity=100_000, block_size=BLOCK))
    await cache.begin()
    assert await cache.purge("a") == len(CONTENT) // BLOCK + 1
    await cache.close()


def counted():
    (family,) = VOD_BLOCKS.collect()
    return {each.labels["result"]: each.value for each in family.samples if each.name.endswith("_total")}


async def test_what_was_read_ahead_is_counted_as_that_and_each_block_once(tmp_path, origin):
    async with running(tmp_path, origin, read_ahead=2) as cache:
        asset = await cache.open("a")
        steps = [counted()]
        for _ in range(2):
            assert await body(cache, asset, 0, 5 * BLOCK) == CONTENT[: 5 * BLOCK]
            await cache._fetches.ended("a")
            steps.append(counted())
        spent = [
            {result: after[result] - before.get(result, 0) for result in after}
            for before, after in pairwise(steps)
        ]
    assert [{result: n for result, n in each.items() if n} for each in spent] == [
        {"miss": 1, "ahead": 4},
        {"hit": 5},
    ]
