import asyncio
import random
from contextlib import aclosing
from datetime import UTC, datetime
from email.parser import BytesParser
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scripted_origin import ScriptedOrigin

from edge.errors import NotFound, OriginTimeout
from edge.http.byte_range import ByteRange
from edge.http.message import RequestHead, Response
from edge.vod.asset import Asset
from edge.vod.block_cache import BlockCache, CacheRules
from edge.vod.library import Library
from edge.vod.mounts import Mount

NOW = datetime(2026, 5, 1, tzinfo=UTC)
THEN = datetime(2026, 4, 1, tzinfo=UTC)


class Shelf:
    """An origin in memory: what cannot fail but by its script."""

    name = "shelf"

    def __init__(self, bodies, etag='"1"'):
        self.bodies, self.etag = bodies, etag

    async def stat(self, key):
        if key == "slow":
            raise OriginTimeout("shelf: nothing came in 5 s")
        if key not in self.bodies:
            raise NotFound("not on the shelf")
        return Asset(key, len(self.bodies[key]), self.etag, THEN, "video/mp4", self.name)

    async def read(self, asset, span):
        for at in range(span.start, span.stop, 7):
            yield self.bodies[asset.key][at : min(at + 7, span.stop)]

    async def close(self):
        self.bodies = {}


BODY = bytes(range(256)) * 4


def made(*mounts, max_age_s=60):
    return Library(BlockCache(Path("/nowhere"), mounts), max_age_s)


async def ask(key="clip", method="GET", etag='"1"', body=BODY, **fields):
    library = made(Mount("/", Shelf({"clip": body}, etag), is_cached=False))
    head = RequestHead(
        method, f"/vod/{key}", headers={name.replace("_", "-"): value for name, value in fields.items()}
    )
    answer = await library.answer(key, head, NOW)
    if isinstance(answer, Response):
        return answer.status, dict(answer.headers), b"".join(answer.body)
    got = b"".join([piece async for piece in answer.pieces()])
    assert len(got) == answer.content_length
    return answer.status, dict(answer.headers), got


async def test_the_whole_with_its_fields():
    status, headers, body = await ask()
    assert (status, body) == (200, BODY)
    assert headers["ETag"] == '"1"'
    assert headers["Last-Modified"] == "Wed, 01 Apr 2026 00:00:00 GMT"
    assert headers["Accept-Ranges"] == "bytes"
    assert headers["Cache-Control"] == "max-age=60"
    assert headers["Content-Type"] == "video/mp4"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Access-Control-Allow-Origin"] == "*"


async def test_a_range():
    status, headers, body = await ask(range="bytes=10-19")
    assert (status, body) == (206, BODY[10:20])
    assert headers["Content-Range"] == "bytes 10-19/1024"


async def test_several_ranges():
    status, headers, body = await ask(range="bytes=500-509,0-4")
    assert status == 206
    assert "Content-Range" not in headers
    message = BytesParser().parsebytes(f"Content-Type: {headers['Content-Type']}\r\n\r\n".encode() + body)
    assert [part["Content-Range"] for part in message.get_payload()] == [
        "bytes 500-509/1024",
        "bytes 0-4/1024",
    ]
    assert [part.get_payload(decode=True) for part in message.get_payload()] == [BODY[500:510], BODY[:5]]


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"range": "bytes=2000-"}, 416),
        ({"range": "bytes=2000-", "if_none_match": '"1"'}, 304),
        ({"range": "bytes=0-0", "if_range": '"1"'}, 206),
        ({"range": "bytes=0-0", "if_range": '"2"'}, 200),
        ({"range": "bytes=2000-", "if_range": '"2"'}, 200),
        ({"range": "items=0-0"}, 200),
        ({"if_match": '"2"'}, 412),
        ({"method": "HEAD", "range": "bytes=2000-"}, 200),
        ({"key": "none"}, 404),
        ({"key": "slow"}, 504),
    ],
)
async def test_by_the_book(fields, status):
    assert (await ask(**fields))[0] == status


async def test_a_range_that_is_not_there_is_told_how_much_there_is():
    assert (await ask(range="bytes=2000-"))[1]["Content-Range"] == "bytes */1024"


async def test_a_weak_validator_lets_no_download_go_on():
    assert (await ask(etag='W/"1"', range="bytes=5-", if_range='W/"1"'))[0] == 200


async def test_304_carries_what_a_cache_needs_and_no_body():
    status, headers, body = await ask(if_none_match='"1"')
    assert (status, body) == (304, b"")
    assert headers["ETag"] == '"1"'
    assert "Content-Type" not in headers


async def test_nothing_is_a_whole_too():
    assert (await ask(body=b"", range="bytes=0-0"))[0] == 200


async def test_the_longest_prefix_wins_at_the_border_of_a_segment():
    library = made(
        Mount("/", Shelf({"clipsy/a": b"root"}), is_cached=False),
        Mount("/clips", Shelf({"a": b"clips"}), is_cached=False),
        Mount("/clips/new", Shelf({"a": b"new"}), is_cached=False),
    )
    found = {}
    for key in ("clipsy/a", "clips/a", "clips/new/a"):
        answer = await library.answer(key, RequestHead("GET", key), NOW)
        found[key] = b"".join([piece async for piece in answer.pieces()])
    assert found == {"clipsy/a": b"root", "clips/a": b"clips", "clips/new/a": b"new"}
    await library.close()


async def test_without_an_origin_for_it_nothing_is_found():
    answer = await made(Mount("/a", Shelf({}))).answer("b", RequestHead("GET", "/vod/b"), NOW)
    assert answer.status == 404


@settings(max_examples=200)
@given(st.binary(min_size=1, max_size=200), st.integers(-300, 300), st.integers(-300, 300))
async def test_every_body_is_a_slice(body, first, last):
    field = f"bytes={first if first >= 0 else ''}-{last if last >= 0 else ''}"
    status, headers, got = await ask(body=body, range=field)
    if status == 206:
        span, size = headers["Content-Range"].removeprefix("bytes ").split("/")
        start, stop = map(int, span.split("-"))
        assert (got, int(size)) == (body[start : stop + 1], len(body))
    else:
        assert status == 416 or got == body


async def cached(tmp_path, size=300_000, **rules):
    body = random.Random(1).randbytes(size)
    origin = ScriptedOrigin({"clip": (body, '"1"')}, piece=16_384)
    cache = BlockCache(tmp_path / "cache", [Mount("/", origin)], CacheRules(block_size=65_536, **rules))
    await cache.start()
    return Library(cache, 60), cache, body


def asked(library, text=None, **more):
    fields = more if text is None else {"range": text, **more}
    return library.answer_now("clip", RequestHead("GET", "/vod/clip", headers=fields), NOW)


async def test_what_is_in_the_page_cache_is_answered_at_once(tmp_path):
    library, cache, body = await cached(tmp_path)
    assert asked(library, "bytes=0-9") is None, "nobody asked for it yet"
    await cache.warm("clip")
    assert asked(library, "bytes=0-9") is None, "on disk, but not verified since it was opened"
    head = RequestHead("GET", "/vod/clip")
    right = await library.answer("clip", head, NOW)
    assert b"".join([bytes(piece) async for piece in right.pieces()]) == body
    for first, last in ((0, 9), (65_530, 65_540), (299_999, 400_000), (100_000, 165_535)):
        answer = asked(library, f"bytes={first}-{last}")
        assert (answer.status, b"".join(answer.body)) == (206, body[first : last + 1])
        assert dict(answer.own)["Content-Range"] == f"bytes {first}-{min(last, 299_999)}/300000"
        assert dict(answer.headers)["Cache-Status"].startswith("edge; hit; ttl=")
        assert answer.slices.size == 300_000
        assert b"".join(answer.slices.read(5, 5_001)) == body[5:5_001]
    assert asked(library, "bytes=0-1,500-600") is None
    assert asked(library, "bytes=300000-").status == 416
    assert asked(library, "bytes=0-9", **{"if-none-match": '"1"'}).status == 304
    assert asked(library, "bytes=0-9", **{"if-match": '"2"'}).status == 412
    assert cache.stats()["head_blocks"] == 5
    await library.close()


async def test_what_is_long_and_at_hand_comes_piece_by_piece_and_its_rest_from_elsewhere(tmp_path):
    library, cache, body = await cached(tmp_path)
    await cache.warm("clip")
    await cache.warm("clip")
    for text, start, stop in ((None, 0, 300_000), ("bytes=1000-200999", 1_000, 201_000)):
        answer = asked(library, text)
        assert (answer.status, answer.start, answer.stop) == (206 if text else 200, start, stop)
        assert ("Content-Range" in dict(answer.headers)) == bool(text)
        at = start + len(answer.first)
        assert answer.first == body[start:at]
        assert 0 < len(more := answer.read(at, at + 60_000)) <= 60_000
        assert more == body[at : at + len(more)]
        rest = b"".join([bytes(piece) async for piece in answer.rest(at)])
        assert rest == body[at:stop]
    await cache.purge("clip")
    assert answer.read(at, at + 1) is None
    assert asked(library, "bytes=0-200000") is None
    await library.close()


async def test_what_is_there_in_part_is_no_hit(tmp_path):
    library, cache, _ = await cached(tmp_path)
    asset = await cache.open("clip")
    for _ in range(2):
        async with aclosing(cache.stream(asset, ByteRange(0, 1_000))) as pieces:
            async for _piece in pieces:
                pass
        await asyncio.sleep(0.05)
    assert asked(library, "bytes=0-999").status == 206
    assert asked(library, "bytes=0-200000") is None
    await library.close()


async def test_what_was_purged_is_not_answered_from_a_slice(tmp_path):
    library, cache, _ = await cached(tmp_path)
    await cache.warm("clip")
    await cache.warm("clip")
    answer = asked(library, "bytes=0-9")
    await cache.purge("*")
    assert answer.slices.read(10, 20) is None
    assert asked(library, "bytes=10-19") is None
    await library.close()


async def test_the_fields_of_a_hit_are_those_of_the_long_way(tmp_path):
    library, cache, _ = await cached(tmp_path)
    await cache.warm("clip")
    await cache.warm("clip")
    now = asked(library, "bytes=0-9")
    long = await library.answer("clip", RequestHead("GET", "/vod/clip", headers={"range": "bytes=0-9"}), NOW)
    assert (*now.own, *now.headers) == long.headers
    await library.close()
