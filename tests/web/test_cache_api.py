"""The cache's API over a socket, with a real cache in front of a folder."""

import asyncio
import json

import pytest

from edge.auth.admission import Admission
from edge.http.byte_range import ByteRange
from edge.vod.block_cache import BlockCache, CacheRules, Mount
from edge.vod.file_origin import FileOrigin
from edge.vod.http_origin import HttpOrigin
from edge.web.cache_api import cache_routes
from tests.vod.torn_folder import TornFolder

BLOCK = 1_000
TOKEN = {"Authorization": "Bearer correct horse"}


@pytest.fixture
def folder(tmp_path):
    media = tmp_path / "media"
    (media / "clips").mkdir(parents=True)
    (media / "clips" / "a b.mp4").write_bytes(b"a" * 2_500)
    (media / "clips" / "ü.mp4").write_bytes(b"u" * 4_000)
    (media / "torn.mp4").write_bytes(b"t" * 3_000)
    return TornFolder(media, BLOCK)


@pytest.fixture
async def cache(folder, tmp_path):
    rules = CacheRules(capacity=100_000, block_size=BLOCK, head_quota=50_000, read_ahead=0)
    cache = BlockCache(tmp_path / "cache", [Mount("", folder)], rules)
    await cache.start()
    yield cache
    await cache.close()


@pytest.fixture
def routes(cache, config):
    return cache_routes(cache, BLOCK, Admission(config.auth))


async def lines(answer):
    return [json.loads(line) for line in (await answer.text()).splitlines()]


async def warm(client, asset, **more):
    answer = await client.post("/api/v1/cache/warm", json={"asset": asset, **more}, headers=TOKEN)
    await answer.read()
    return answer


async def test_warm_list_purge(client):
    answer = await warm(client, "clips/a b.mp4")
    assert answer.status == 200
    assert answer.headers["Content-Type"] == "application/jsonl"
    assert (await lines(answer))[-1] == {
        "asset": "clips/a b.mp4", "size_bytes": 2_500, "done_bytes": 2_500, "held_bytes": 2_500,
    }  # fmt: skip
    assert (await lines(await warm(client, "clips/ü.mp4")))[-1]["held_bytes"] == 4_000
    listed = await (await client.get("/api/v1/cache/assets", headers=TOKEN)).json()
    assert listed["matched"] == 2
    first, second = listed["assets"]
    assert (first["asset"], first["size_bytes"], first["held_bytes"]) == ("clips/a b.mp4", 2_500, 2_500)
    assert (first["blocks"], first["head_blocks"], first["is_whole"]) == (3, 3, True)
    assert second["asset"] == "clips/ü.mp4"
    assert first["etag"].startswith('"')
    gone = await client.delete("/api/v1/cache/assets", params={"pattern": "clips/a*"}, headers=TOKEN)
    assert await gone.json() == {"purged_blocks": 3}
    listed = await (await client.get("/api/v1/cache/assets?pattern=*/*.mp4", headers=TOKEN)).json()
    assert [one["asset"] for one in listed["assets"]] == ["clips/ü.mp4"]
    stats = await (await client.get("/api/v1/cache", headers=TOKEN)).json()
    assert (stats["used_bytes"], stats["blocks"], stats["capacity_bytes"]) == (4_000, 4, 100_000)


async def test_what_matches_in_sums(client):
    for name in ("clips/a b.mp4", "clips/ü.mp4"):
        await warm(client, name)
    told = await (await client.get("/api/v1/cache?pattern=*b.mp4", headers=TOKEN)).json()
    assert told["matched"] == {
        "assets": 1, "whole_assets": 1, "held_bytes": 2_500, "blocks": 3, "head_blocks": 3,
    }  # fmt: skip
    assert (told["blocks"], told["used_bytes"]) == (7, 6_500)
    assert (await (await client.get("/api/v1/cache", headers=TOKEN)).json())["matched"] is None


async def test_all_that_match_are_warmed_and_one_that_fails_does_not_end_the_others(client, cache, folder):
    folder.torn_at = 0
    order = {"pattern": "*r*.mp4", "rate_bytes": 1e9}
    (folder._root / "clips" / "r.mp4").write_bytes(b"r" * 1_500)
    answer = await client.post("/api/v1/cache/warm", json=order, headers=TOKEN)
    told = await lines(answer)
    assert [one.get("fault") for one in told if one.get("asset") == "torn.mp4"][
        -1
    ] == "The origin is too slow: nothing came"
    assert [one.get("held_bytes") for one in told if one.get("asset") == "clips/r.mp4"][-1] == 1_500
    assert told[-1] == {"listed": 2}
    assert cache.stats()["blocks"] == 2


async def test_what_could_be_warmed_by_pattern(client):
    answer = await client.get("/api/v1/cache/warm?pattern=clips/*", headers=TOKEN)
    assert answer.headers["Content-Type"] == "application/jsonl"
    assert await lines(answer) == [{"asset": "clips/a b.mp4"}, {"asset": "clips/ü.mp4"}, {"listed": 2}]
    assert await lines(await client.get("/api/v1/cache/warm?pattern=x*", headers=TOKEN)) == [{"listed": 0}]
    head = await client.head("/api/v1/cache/assets", headers=TOKEN)
    assert (head.status, await head.read()) == (200, b"")


class TestWhereThereIsNoList:
    @pytest.fixture
    def cache(self, tmp_path):
        (tmp_path / "a").touch()
        folder = FileOrigin("folder", tmp_path)
        far = HttpOrigin("http:there", ["http://127.0.0.1:9"])
        mounts = [Mount("far", far), Mount("raw", folder, is_cached=False), Mount("near", folder)]
        return BlockCache(tmp_path / "cache", mounts)

    @pytest.mark.parametrize(
        ("pattern", "says"), [("far/*", "edge cache warm --from FILE"), ("raw/*", "vod.origins, cached")]
    )
    async def test_the_answer_names_the_mend(self, client, pattern, says):
        answer = await client.get(f"/api/v1/cache/warm?pattern={pattern}", headers=TOKEN)
        assert answer.status == 422
        assert says in (await answer.json(content_type=None))["detail"]

    async def test_what_is_listed_comes_and_then_why_there_may_be_more(self, client):
        told = await lines(await client.get("/api/v1/cache/warm?pattern=*a", headers=TOKEN))
        assert told[0] == {"asset": "near/a"}
        assert "HTTP, which has no lists" in told[1]["fault"]


async def test_some_of_an_asset_is_told_as_some(client, cache):
    asset = await cache.open("clips/ü.mp4")
    async for _ in cache.stream(asset, ByteRange(1_200, 1_300)):
        pass
    for _ in range(100):
        if cache.list():
            break
        await asyncio.sleep(0.01)
    (one,) = (await (await client.get("/api/v1/cache/assets", headers=TOKEN)).json())["assets"]
    assert (one["size_bytes"], one["held_bytes"], one["is_whole"]) == (4_000, 1_000, False)


async def test_the_hit_ratio_is_that_of_blocks(client, cache):
    before = await (await client.get("/api/v1/cache", headers=TOKEN)).json()
    await warm(client, "clips/a b.mp4")
    asset = await cache.open("clips/a b.mp4")
    for _ in range(4):
        async for _ in cache.stream(asset, ByteRange(0, 2_500)):
            pass
    after = await (await client.get("/api/v1/cache", headers=TOKEN)).json()
    assert after["hits"] - before["hits"] == 12
    assert after["misses"] - before["misses"] == 3
    assert after["hit_ratio"] == after["hits"] / (
        after["hits"] + after["joined"] + after["read_ahead"] + after["misses"]
    )


async def test_a_list_is_cut_at_its_limit_and_says_how_much_there_is(client):
    for name in ("clips/a b.mp4", "clips/ü.mp4"):
        await warm(client, name)
    listed = await (await client.get("/api/v1/cache/assets?limit=1", headers=TOKEN)).json()
    assert (len(listed["assets"]), listed["matched"]) == (1, 2)


async def test_what_is_not_there_is_a_problem_and_what_breaks_on_the_way_a_line(client):
    answer = await warm(client, "clips/none.mp4")
    assert answer.status == 404
    assert answer.headers["Content-Type"] == "application/problem+json"
    answer = await warm(client, "torn.mp4")
    assert answer.status == 200
    last = (await lines(answer))[-1]
    assert last["fault"] == "The origin is too slow: nothing came"
    assert last["done_bytes"] < last["size_bytes"] == 3_000


async def test_an_operator_who_leaves_stops_the_fetch(client, cache, folder):
    folder.is_open = False
    order = {"asset": "clips/ü.mp4", "rate_bytes": 1_000}
    answer = asyncio.create_task(client.post("/api/v1/cache/warm", json=order, headers=TOKEN))
    for _ in range(200):
        if cache.stats()["fills"]:
            break
        await asyncio.sleep(0.01)
    (await answer).close()
    folder.is_open = True
    for _ in range(400):
        if not cache.stats()["fills"]:
            break
        await asyncio.sleep(0.01)
    assert cache.stats()["blocks"] < 4


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"{}", b'"x"', b'{"asset": 1}', b'{"asset": "../etc/passwd"}', b'{"asset": "a\\u0000b"}',
     b'{"asset": ""}', b'{"pattern": ""}', b'{"pattern": 1}', b'{"pattern": "*", "asset": "a"}', b'{"pattern": "%s"}' % (b"*" * 1_025), b'{"asset": "\\ud800"}', b'{"asset": "a", "rate_bytes": 0}', b'{"asset": "a", "rate_bytes": true}',
     b'{"asset": "a", "rate_bytes": 1e400}', b'{"asset": "a", "rate_bytes": "fast"}', b"[" * 100_000, b"\xff"],
)  # fmt: skip
async def test_an_order_that_is_none_is_refused(client, body):
    answer = await client.post("/api/v1/cache/warm", data=body, headers=TOKEN)
    assert answer.status in {400, 404}
    assert "directive" not in (await answer.json())["title"]
    assert answer.headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("method", "query"),
    [("DELETE", ""), ("DELETE", "?pattern="), ("GET", "?pattern=" + "x" * 2_000), ("GET", "?limit=0"),
     ("GET", "?limit=-1"), ("GET", "?limit=٣"), ("GET", "?limit=9999999")],
)  # fmt: skip
async def test_a_question_that_is_none_is_refused(client, method, query):
    answer = await client.request(method, f"/api/v1/cache/assets{query}", headers=TOKEN)
    assert answer.status == 400


REQUESTS = [
    ("GET", "/api/v1/cache", None),
    ("GET", "/api/v1/cache/assets", None),
    ("GET", "/api/v1/cache/warm?pattern=*", None),
    ("DELETE", "/api/v1/cache/assets?pattern=*", None),
    ("POST", "/api/v1/cache/warm", b'{"asset": "clips/a b.mp4"}'),
]


@pytest.mark.parametrize(("method", "path", "body"), REQUESTS)
async def test_a_page_of_another_site_gets_nothing_through_its_visitor(client, cache, method, path, body):
    await cache.warm("clips/a b.mp4")
    for headers in (
        {"Origin": "https://evil.example"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Origin": "null"},
        {"Host": "rebound.example", "Origin": "http://rebound.example"},
        {"Host": "rebound.example"},
        {"X-Forwarded-For": "192.0.2.7"},
        {"Authorization": "Bearer wrong"},
    ):
        answer = await client.request(method, path, data=body, headers=headers)
        assert answer.status in {401, 403}, headers
        assert "Access-Control-Allow-Origin" not in answer.headers
    assert cache.stats()["blocks"] == 3


@pytest.mark.parametrize(("method", "path", "body"), REQUESTS)
async def test_whoever_sits_at_the_machine_needs_no_token(client, method, path, body):
    assert (await client.request(method, path, data=body)).status == 200


async def test_what_is_described_is_what_is_answered(client):
    from test_openapi import answer_schema, check

    await warm(client, "clips/a b.mp4")
    for path in ("/api/v1/cache", "/api/v1/cache/assets"):
        check(await (await client.get(path)).json(), answer_schema(path, "200"))
