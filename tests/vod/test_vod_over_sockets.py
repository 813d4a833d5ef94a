"""`/vod` of a whole server over its disk cache, in front of an origin that tells the truth or lies."""

import asyncio
import contextlib
import json
import random
import shutil

import aiohttp
import pytest
import s3_server
from lying_origin import LIES, LyingOrigin
from wire_client import answer as answered
from wire_client import connected, request

from edge.config import load
from edge.server import running

CONTENT = random.Random(7).randbytes(300_000)


@contextlib.asynccontextmanager
async def serving(folder, *origins, **settings):
    listed = ", ".join(origins)
    keys = {"block_size": '"64KiB"', "capacity": '"10MiB"', "read_ahead": "0"} | settings
    overrides = [f"vod.{key}={value}" for key, value in keys.items()]
    config = load(
        environment={},
        overrides=[
            "server.listen=127.0.0.1:0",
            f"vod.origins=[{listed}]",
            f'vod.cache_dir="{folder}"',
            *overrides,
        ],
    )
    async with running(config) as address:
        yield f"http://{address}/vod"


def mounted(server, *, prefix="/far", **more):
    keys = "".join(f", {key} = {value}" for key, value in more.items())
    return f'{{prefix = "{prefix}", kind = "http", mirrors = ["{server.address}"]{keys}}}'


@pytest.fixture
async def http():
    async with aiohttp.ClientSession() as session:
        yield session


async def get(http, address, **fields):
    async with http.get(address, headers=fields) as answer:
        return answer.status, answer.headers, await answer.read()


async def test_the_first_time_from_the_origin_then_from_the_disk_also_after_a_restart(tmp_path, http):
    async with LyingOrigin(CONTENT) as origin:
        for fetched in (1, 1):
            async with serving(tmp_path, mounted(origin)) as address:
                for number in range(2):
                    status, headers, body = await get(http, f"{address}/far/a.mp4", Range="bytes=70000-70099")
                    assert (status, body) == (206, CONTENT[70_000:70_100])
                    assert headers["Content-Range"] == "bytes 70000-70099/300000"
                    assert headers["Accept-Ranges"] == "bytes"
                    assert headers["ETag"] == '"v1"'
                    assert headers["Age"] == "0"
                    assert headers["Cache-Control"] == "max-age=60"
                    assert "Cache-Status" in headers["Access-Control-Expose-Headers"]
                    said = headers["Cache-Status"]
                    if number:
                        assert said.startswith("edge; hit; ttl=")
                    await asyncio.sleep(0.05)
                    assert len(origin.asked) == fetched
        assert origin.asked == [(65_536, 131_072)]
        assert said.startswith("edge; hit")


IMPATIENT = {"connect_timeout": '"500ms"', "timeout": '"250ms"', "slowest": '"100kB"', "tries": 1}


@pytest.mark.parametrize("lie", LIES)
async def test_of_a_lying_origin_a_client_has_the_truth_an_error_or_a_cut(tmp_path, http, caplog, lie):
    async with (
        LyingOrigin(CONTENT, lie) as origin,
        serving(tmp_path, mounted(origin, **IMPATIENT)) as address,
    ):
        try:
            status, headers, body = await get(http, f"{address}/far/a.mp4", Range="bytes=70000-140000")
        except aiohttp.ClientPayloadError:
            pass
        else:
            assert status in {502, 504}
            assert headers["Content-Type"] == "application/problem+json"
            assert headers["Cache-Control"] == "no-store"
        assert {getattr(record, "origin", "") for record in caplog.records} >= {f"http:{origin.address}"}
        assert not [path for path in (tmp_path / "blocks").rglob("*") if path.is_file()]
        origin.lie = None
        status, _, body = await get(http, f"{address}/far/a.mp4", Range="bytes=70000-140000")
        assert (status, body) == (206, CONTENT[70_000:140_001]), "what failed is not remembered"


async def test_a_changed_asset_cuts_the_answer_and_nothing_is_mixed(tmp_path, http):
    async with LyingOrigin(CONTENT) as origin, serving(tmp_path, mounted(origin), fresh='"0s"') as address:
        _, headers, _ = await get(http, f"{address}/far/a.mp4", Range="bytes=0-9")
        async with http.get(f"{address}/far/a.mp4") as answer:
            await answer.content.readexactly(10)
            origin.content, origin.etag = CONTENT[::-1], '"v2"'
            with contextlib.suppress(aiohttp.ClientPayloadError):
                assert CONTENT.startswith(await answer.read())
        status, headers, body = await get(
            http, f"{address}/far/a.mp4", Range="bytes=10-", **{"If-Range": headers["ETag"]}
        )
        assert (status, headers["ETag"], body) == (200, '"v2"', CONTENT[::-1])


async def test_what_the_origin_says_of_storing_is_obeyed(tmp_path, http):
    async with LyingOrigin(CONTENT) as origin, serving(tmp_path, mounted(origin)) as address:
        origin.more = "Cache-Control: no-store\r\n"
        for number in range(2):
            _, headers, body = await get(http, f"{address}/far/secret", Range="bytes=5-9")
            assert (body, headers["Cache-Control"]) == (CONTENT[5:10], "no-store")
            assert "fwd=uri-miss" in headers["Cache-Status"]
            assert (origin.heads, origin.asked[-1]) == (number + 1, (5, 10))
        origin.more = "Cache-Control: max-age=1000, public\r\nAge: 90\r\n"
        for _ in range(2):
            _, headers, _ = await get(http, f"{address}/far/shared", Range="bytes=5-9")
            assert headers["Cache-Control"] == "max-age=1000, public"
            assert headers["Age"] == "90"
            await asyncio.sleep(0.05)  # its block is on disk
        assert headers["Cache-Status"] in {"edge; hit; ttl=909", "edge; hit; ttl=910"}
        assert origin.heads == 3


async def test_an_answer_always_says_how_long_it_may_be_kept(tmp_path, http):
    async with LyingOrigin(CONTENT) as origin, serving(tmp_path, mounted(origin), fresh='"0s"') as address:
        for more, said in (
            ("", "max-age=60"), ("Cache-Control: must-revalidate\r\n", "must-revalidate, max-age=60"), ("Age: old\r\n", "max-age=60"),
            ("Vary: *\r\n", "no-store"), ("Expires: 0\r\n", "max-age=0"), ("Cache-Control: private\r\n", "private"),
        ):  # fmt: skip
            origin.more = more
            _, headers, _ = await get(http, f"{address}/far/a", Range="bytes=5-9")
            assert (more, headers.getall("Cache-Control"), "Expires" in headers) == (more, [said], False)


async def test_what_caches_before_us_said_goes_before_what_we_say(tmp_path, http):
    async with LyingOrigin(CONTENT) as origin, serving(tmp_path, mounted(origin), fresh='"0s"') as address:
        for more, before in (
            ('Cache-Status: Far; hit; ttl=5\r\nCache-Status: "Near CDN"; fwd=uri-miss\r\n', 'Far; hit; ttl=5, "Near CDN"; fwd=uri-miss, '),
            ('Cache-Status: Far; detail="open\r\n', ""), (f"Cache-Status: {'x' * 5_000}\r\n", ""),
        ):  # fmt: skip
            origin.more = more
            _, headers, body = await get(http, f"{address}/far/a", Range="bytes=5-9")
            assert body == CONTENT[5:10]
            assert headers.getall("Cache-Status")[0].startswith(f"{before}edge; ")


async def test_who_wants_what_is_stored_or_nothing_costs_the_origin_nothing(tmp_path, http):
    only = {"Cache-Control": "max-stale=5, Only-If-Cached"}
    async with LyingOrigin(CONTENT) as origin, serving(tmp_path, mounted(origin)) as address:
        target = f"{address}/far/a"
        for method in ("GET", "HEAD"):
            async with http.request(method, target, headers=only) as answer:
                assert (answer.status, origin.heads) == (504, 0)
        await get(http, target, Range="bytes=5-9")
        await asyncio.sleep(0.1)  # its block is on disk
        for wanted, status in (("bytes=9-20", 206), ("bytes=0-70000", 504), ("bytes=900000-", 416)):
            assert (await get(http, target, Range=wanted, **only))[0] == status
        assert (await get(http, target, **{"If-None-Match": '"v1"', **only}))[0] == 304
        assert (await get(http, target, Range="bytes=0-70000", **{"Cache-Control": "no-cache, max-age=0"}))[
            0
        ] == 206
        assert (origin.heads, len(origin.asked)) == (1, 2)


async def test_a_dead_origin_does_not_stop_what_is_known(tmp_path, http):
    async with (
        LyingOrigin(CONTENT) as origin,
        serving(tmp_path, mounted(origin, **IMPATIENT), fresh='"0s"', stale_if_error='"1h"') as address,
    ):
        assert (await get(http, f"{address}/far/a", Range="bytes=0-9"))[0] == 206
        await asyncio.sleep(0.1)
        origin.server.close()
        for task in origin._served:
            task.cancel()
        status, headers, body = await get(http, f"{address}/far/a", Range="bytes=0-9")
        assert (status, body) == (206, CONTENT[:10])
        assert int(headers["Cache-Status"].rpartition("=")[2]) <= 0
        assert (await get(http, f"{address}/far/b"))[0] == 502


async def test_a_restart_in_front_of_a_dead_origin_serves_what_is_on_disk(tmp_path, http):
    """Also what its origin calls fresh for longer than the restart takes: that one is not even asked for."""
    async with LyingOrigin(CONTENT) as origin:
        near = mounted(origin, **IMPATIENT)
        async with serving(tmp_path, near, fresh='"0s"') as address:
            assert (await get(http, f"{address}/far/a", Range="bytes=0-9"))[0] == 206
            origin.more = "Cache-Control: max-age=1000\r\nLast-Modified: Wed, 01 Apr 2026 00:00:00 GMT\r\n"
            _, told, _ = await get(http, f"{address}/far/b", Range="bytes=0-9")
            await asyncio.sleep(0.1)
        heads = origin.heads
        async with serving(tmp_path, near, fresh='"0s"') as address:
            status, headers, body = await get(http, f"{address}/far/b", Range="bytes=0-9")
            assert (status, body, origin.heads) == (206, CONTENT[:10], heads)
            assert headers["Cache-Status"].startswith("edge; hit; ttl=99")
            same = ("ETag", "Last-Modified", "Content-Type", "Content-Range", "Cache-Control")
            assert [headers[name] for name in same] == [told[name] for name in same]
            origin.server.close()
            for task in origin._served:
                task.cancel()
            status, headers, body = await get(http, f"{address}/far/a", Range="bytes=0-9")
            assert (status, body, headers["ETag"]) == (206, CONTENT[:10], '"v1"')
            assert int(headers["Cache-Status"].rpartition("=")[2]) <= 0
            assert (await get(http, f"{address}/far/c"))[0] == 502


async def test_a_thousand_who_want_one_cold_asset_cost_its_blocks_once(tmp_path):
    async with (
        LyingOrigin(CONTENT) as origin,
        serving(tmp_path, mounted(origin), block_size='"64KiB"') as address,
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as http,
    ):
        origin.delay_s = 0.2

        async def player():
            async with http.get(f"{address}/far/a.mp4") as answer:
                return await answer.read() == CONTENT

        assert all(await asyncio.gather(*(player() for _ in range(1_000))))
        assert sorted(origin.asked) == [(at, min(at + 65_536, 300_000)) for at in range(0, 300_000, 65_536)]
        assert origin.heads == 1


async def test_several_ranges_conditions_and_heads_over_the_cache(tmp_path, http):
    async with LyingOrigin(CONTENT) as origin, serving(tmp_path, mounted(origin)) as address:
        target = f"{address}/far/a.mp4"
        async with http.head(target, headers={"Range": "bytes=0-9"}) as answer:
            assert (answer.status, answer.headers["Content-Length"]) == (200, "300000")
        assert origin.asked == [], "a HEAD costs the origin no octet"
        status, headers, body = await get(http, target, Range="bytes=10-19,250000-250009")
        assert status == 206
        assert headers["Content-Type"].startswith("multipart/byteranges; boundary=")
        assert CONTENT[10:20] in body
        assert CONTENT[250_000:250_010] in body
        assert len(origin.asked) == 2
        status, headers, body = await get(http, target, **{"If-None-Match": 'W/"v1"'})
        assert (status, body) == (304, b"")
        assert all(name in headers for name in ("ETag", "Cache-Control", "Age", "Cache-Status", "Date"))
        assert (await get(http, target, **{"If-Match": '"v0"'}))[0] == 412
        status, headers, _ = await get(http, target, Range="bytes=300000-")
        assert (status, headers["Content-Range"]) == (416, "bytes */300000")
        assert len(origin.asked) == 2
        assert (await get(http, f"{address}/far/missing.mp4"))[0] == 404


async def test_a_store_that_speaks_s3_is_read_once_and_a_new_object_is_seen(tmp_path, http):
    async with s3_server.s3_server() as (store, client):
        origin = (
            f'{{prefix = "/films", kind = "s3", bucket = "clips", endpoint = "{store}", folder = "media/", '
            'access_key = "testing", secret_key = "testing"}'
        )
        async with serving(tmp_path, origin, fresh='"0s"') as address:
            for _ in range(2):
                status, headers, body = await get(
                    http, f"{address}/films/%C3%A4%20b.mp4", Range="bytes=70000-70099"
                )
                assert (status, body) == (206, s3_server.CONTENT[70_000:70_100])
                assert headers["Content-Type"] == "video/mp4"
                await asyncio.sleep(0.1)
            assert headers["Cache-Status"].startswith("edge; fwd=stale"), "asked for, and the same"
            await client.put_object(Bucket="clips", Key=s3_server.NAME, Body=s3_server.CONTENT[::-1])
            _, headers, body = await get(http, f"{address}/films/%C3%A4%20b.mp4")
            assert body == s3_server.CONTENT[::-1]
            assert headers["Cache-Status"].startswith("edge; fwd=uri-miss")
            assert (await get(http, f"{address}/films/none.mp4"))[0] == 404
            await client.put_object(Bucket="clips", Key="media/new/1.mp4", Body=bytes(70_000))
            api = address.replace("/vod", "/api/v1/cache/warm")
            async with http.get(f"{api}?pattern=films/n*") as answer:
                assert await answer.text() == '{"asset": "films/new/1.mp4"}\n{"listed": 1}\n'
            async with http.post(api, json={"pattern": "films/*/1.mp4"}) as answer:
                *_, done, listed = map(json.loads, (await answer.text()).splitlines())
            assert (done["asset"], done["held_bytes"], listed) == ("films/new/1.mp4", 70_000, {"listed": 1})


async def fills(http, address):
    async with http.get(address.removesuffix("/vod") + "/api/v1/cache") as answer:
        return (await answer.json())["fills"]


@contextlib.asynccontextmanager
async def reading(address, target, lane, **fields):
    """One who has the first octets of an answer, in the lane that is named, and leaves."""
    port = int(address.removesuffix("/vod").rpartition(":")[2])
    async with connected(port) as (reader, writer):
        if lane == "strict":
            writer.write(request(target, "OPTIONS"))
            assert (await answered(reader)).status == 204
        writer.write(request(target, **fields))
        await reader.readuntil(b"\r\n\r\n")
        yield reader


@pytest.mark.parametrize("lane", ["fast", "strict"])
async def test_who_leaves_stops_what_was_fetched_for_nobody_else(tmp_path, http, lane):
    async with (
        LyingOrigin(CONTENT, "stall") as origin,
        serving(tmp_path, mounted(origin), read_ahead="2") as address,
    ):
        async with reading(address, "/vod/far/a", lane) as reader:
            await reader.readexactly(100)
            while len(origin.asked) < 3:
                await asyncio.sleep(0.01)
            assert await fills(http, address) == 3
        async with asyncio.timeout(2):
            while await fills(http, address):
                await asyncio.sleep(0.01)
        assert sorted(origin.asked) == [(at, at + 65_536) for at in range(0, 3 * 65_536, 65_536)]


@pytest.mark.parametrize("lane", ["fast", "strict"])
async def test_a_leader_who_leaves_takes_nothing_from_those_who_follow(tmp_path, http, lane):
    async with LyingOrigin(CONTENT, "pause") as origin, serving(tmp_path, mounted(origin)) as address:
        async with reading(address, "/vod/far/a", lane, range="bytes=0-60000") as reader:
            await reader.readexactly(100)
            following = asyncio.create_task(get(http, f"{address}/far/a", Range="bytes=10-65535"))
            await asyncio.sleep(0.1)
        await asyncio.sleep(0.1)
        assert await fills(http, address) == 1
        origin.going_on.set()
        status, _, body = await following
        assert (status, body) == (206, CONTENT[10:65_536])
        assert origin.asked == [(0, 65_536)]


@pytest.mark.parametrize("lane", ["fast", "strict"])
async def test_slow_readers_of_what_cannot_be_kept_hold_no_place_that_others_need(tmp_path, http, lane):
    async with (
        LyingOrigin(CONTENT) as origin,
        serving(tmp_path, mounted(origin), fills="2", fill_wait='"1s"') as address,
        contextlib.AsyncExitStack() as slow,
    ):
        shutil.rmtree(tmp_path / "fresh")  # nothing can be written
        readers = [
            await slow.enter_async_context(reading(address, f"/vod/far/slow{number}", lane))
            for number in range(4)
        ]
        assert (await get(http, f"{address}/far/a"))[2] == CONTENT
        for reader in readers:
            assert await reader.readexactly(300_000) == CONTENT
