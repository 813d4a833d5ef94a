"""RFC 9110 row by row, as docs/http.md numbers its rules: one request, the answer of both lanes."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from edge.errors import NotFound
from edge.vod.asset import Asset
from edge.vod.block_cache import BlockCache
from edge.vod.library import Library
from edge.vod.mounts import Mount
from tests.web.both_lanes import both_lanes, settle
from tests.web.conftest import Camera

BODY = bytes(range(256)) * 4
DATE = "Wed, 01 Apr 2026 00:00:00 GMT"
EARLIER, LATER = "Tue, 31 Mar 2026 23:59:59 GMT", "Wed, 01 Apr 2026 00:00:01 GMT"
ALL = "bytes 0-1023/1024"
NONE = "bytes */1024"


class Memory:
    name = "memory"

    async def stat(self, key):
        if key == "none":
            raise NotFound("There is none")
        etag = {"weak": 'W/"1"', "bare": ""}.get(key, '"1"')
        size = 0 if key == "empty" else len(BODY)
        return Asset(key, size, etag, datetime(2026, 4, 1, tzinfo=UTC), "video/mp4", self.name)

    async def read(self, asset, span):
        yield BODY[span.start : span.stop]

    async def close(self): ...


async def answers(request):
    """Of the strict lane and of the fast one: status, fields, body."""
    library = Library(BlockCache(Path("/nowhere"), [Mount("/", Memory(), is_cached=False)]), 60)
    async with both_lanes(library=library) as lanes:
        for transport in (lanes.strict(), lanes.express()):
            transport.receive(request)
            await settle(60)
            head, _, body = transport.written.partition(b"\r\n\r\n")
            lines = head.decode().split("\r\n")
            yield int(lines[0].split()[1]), dict(line.split(": ", 1) for line in lines[1:]), body
            transport.lose()
            await settle(3)


def request(method, target, *fields):
    lines = [f"{method} /vod/{target} HTTP/1.1", "Host: a", *fields]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


RANGES = [  # rule, value of Range, status, Content-Range, body
    (2, "items=0-1", 200, None, BODY),
    (2, "octets=0-1", 200, None, BODY),
    (4, "BYTES=0-9", 206, "bytes 0-9/1024", BODY[:10]),
    (4, "bytes=0-1 ,\t, 2-9,", 206, "bytes 0-9/1024", BODY[:10]),
    (4, "bytes=0-99999999999999999999999999", 206, ALL, BODY),
    (4, "bytes=99999999999999999999999999-", 416, NONE, None),
    (4, "bytes=18446744073709551616-18446744073709551626", 416, NONE, None),
    (4, "bytes=00000000000000000000000000000000005-6", 206, "bytes 5-6/1024", BODY[5:7]),
    (5, "bytes=9-3", 200, None, BODY),
    (5, "bytes=0-1,9-3", 200, None, BODY),
    *((5, malformed, 200, None, BODY) for malformed in (
        "bytes", "bytes=", "bytes=-", "bytes=a-b", "bytes=0", "bytes=0-1-2", "bytes=+0-1", "bytes=0 - 1", "bytes=0x0-1", "=0-1", "bytes 0-1",
        "bytes=0-1;x", "bytes=" + "0" * 2_000 + "-", "bytes=--1", "bytes=1.0-2", "0-1",
    )),
    (6, "bytes=1000-5000", 206, "bytes 1000-1023/1024", BODY[1000:]),
    (6, "bytes=1000-", 206, "bytes 1000-1023/1024", BODY[1000:]),
    (6, "bytes=-5", 206, "bytes 1019-1023/1024", BODY[-5:]),
    (6, "bytes=-5000", 206, ALL, BODY),
    (6, "bytes=1023-", 206, "bytes 1023-1023/1024", BODY[-1:]),
    (7, "bytes=-0", 416, NONE, None),
    (7, "bytes=1024-", 416, NONE, None),
    (7, "bytes=1024-2000,-0", 416, NONE, None),
    (8, "bytes=0-0", 206, "bytes 0-0/1024", BODY[:1]),
    (8, "bytes=2000-,7-8", 206, "bytes 7-8/1024", BODY[7:9]),
    (9, "bytes=0-9,15-19", 206, "bytes 0-19/1024", BODY[:20]),
    (10, "bytes=0-,0-,0-", 206, ALL, BODY),
    (10, "bytes=" + ",".join(f"{at}-{at}" for at in range(0, 900, 100)), 200, None, BODY),
    (16, "bytes=10-9007199254740991", 206, "bytes 10-1023/1024", BODY[10:]),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "value", "status", "content_range", "body"), RANGES)
async def test_ranges(rule, value, status, content_range, body):
    async for told, fields, octets in answers(request("GET", "a", f"Range: {value}")):
        assert (rule, told, fields.get("Content-Range")) == (rule, status, content_range)
        assert int(fields["Content-Length"]) == len(octets)
        assert "Transfer-Encoding" not in fields
        if body is not None:
            assert octets == body
            assert fields["Accept-Ranges"] == "bytes"
            assert (fields["ETag"], fields["Last-Modified"]) == ('"1"', DATE)
            assert fields.keys() >= {"Date", "Cache-Control", "Content-Type"}


CONDITIONS = [  # rule, asset, fields beside `Range: bytes=0-9`, status
    (3, "a", ['If-Match: "2"', 'If-None-Match: "1"'], 412),
    (3, "a", [f"If-Unmodified-Since: {EARLIER}", 'If-None-Match: "1"'], 412),
    (3, "a", ['If-Match: "1"', f"If-Unmodified-Since: {EARLIER}"], 206),
    (3, "a", ['If-None-Match: "1"', 'If-Range: "1"'], 304),
    (17, "a", ['If-Range: "1"'], 206),
    (17, "a", ['If-Range: "2"'], 200),
    (17, "a", ['If-Range: W/"1"'], 200),
    (17, "weak", ['If-Range: W/"1"'], 200),
    (17, "weak", ['If-Range: "1"'], 200),
    (17, "bare", ['If-Range: ""'], 200),
    (17, "a", [f"If-Range: {DATE}"], 206),
    (17, "a", [f"If-Range: {EARLIER}"], 200),
    (17, "a", [f"If-Range: {LATER}"], 200),
    (17, "a", ["If-Range: Wednesday, 01-Apr-26 00:00:00 GMT"], 200),
    (17, "a", ["If-Range: 1"], 200),
    (18, "a", ['If-None-Match: W/"1"'], 304),
    (18, "weak", ['If-None-Match: "1"'], 304),
    (18, "a", ['If-None-Match: "0", "1"'], 304),
    (18, "a", ["If-None-Match: *"], 304),
    (18, "bare", ["If-None-Match: *"], 304),
    (18, "a", ['If-None-Match: "2"', f"If-Modified-Since: {LATER}"], 206),
    (18, "a", [f"If-Modified-Since: {DATE}"], 304),
    (18, "a", [f"If-Modified-Since: {EARLIER}"], 206),
    (18, "a", ["If-Modified-Since: soon"], 206),
    (18, "a", ['If-Match: W/"1"'], 412),
    (18, "weak", ['If-Match: W/"1"'], 412),
    (18, "bare", ["If-Match: *"], 206),
    (18, "a", ['If-Match: "1'], 412),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "asset", "conditions", "status"), CONDITIONS)
async def test_conditions(rule, asset, conditions, status):
    async for told, fields, body in answers(request("GET", asset, "Range: bytes=0-9", *conditions)):
        assert (rule, told) == (rule, status)
        if status == 304:
            assert body == b""
            assert fields.keys() >= {"Date", "Cache-Control", "Last-Modified"} | (
                {"ETag"} - {asset == "bare" and "ETag"}
            )
            assert not fields.keys() & {"Content-Range", "Content-Type", "Content-Length"}


async def test_if_range_without_range_is_ignored():
    async for status, fields, body in answers(request("GET", "a", 'If-Range: "2"')):
        assert (status, body, "Content-Range" in fields) == (200, BODY, False)


async def test_several_ranges_are_parts_and_the_top_has_no_content_range():
    async for status, fields, body in answers(request("GET", "a", "Range: bytes=500-509,0-1")):
        assert (status, "Content-Range" in fields) == (206, False)
        boundary = fields["Content-Type"].removeprefix("multipart/byteranges; boundary=")
        parts = body.split(f"\r\n--{boundary}".encode())
        assert (
            parts[1]
            == b"\r\nContent-Type: video/mp4\r\nContent-Range: bytes 500-509/1024\r\n\r\n" + BODY[500:510]
        )
        assert parts[2].endswith(b"Content-Range: bytes 0-1/1024\r\n\r\n" + BODY[:2])
        assert parts[3] == b"--\r\n"
        assert int(fields["Content-Length"]) == len(body)


async def test_several_of_a_weak_version_are_not_joined():
    async for status, _, body in answers(request("GET", "weak", "Range: bytes=500-509,0-1")):
        assert (status, body) == (200, BODY)


async def test_a_head_knows_no_range():
    async for status, fields, body in answers(request("HEAD", "a", "Range: bytes=0-9")):
        assert (status, body, fields["Content-Length"], fields["Accept-Ranges"]) == (
            200,
            b"",
            "1024",
            "bytes",
        )
        assert "Content-Range" not in fields


async def test_of_nothing_there_is_no_range():
    async for status, fields, body in answers(request("GET", "empty", "Range: bytes=0-0")):
        assert (status, body, fields["Content-Length"]) == (200, b"", "0")


async def test_live_media_know_no_range():
    async with both_lanes() as lanes:
        camera = Camera(lanes.hub, "cam")
        camera.send(5)
        prefix = camera.publication.rendition.prefix
        for transport in (lanes.strict(), lanes.express()):
            for name in ("main.m3u8", f"{prefix}/1.m4s"):
                transport.written = b""
                transport.receive(
                    f"GET /live/cam/{name} HTTP/1.1\r\nHost: a\r\nRange: bytes=0-1\r\n\r\n".encode()
                )
                await settle(60)
                assert transport.written.startswith(b"HTTP/1.1 200 OK\r\n")
                assert b"Accept-Ranges: bytes" not in transport.written
            transport.lose()
            await settle(3)


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
async def test_nothing_but_reading(method):
    async for status, fields, _ in answers(request(method, "a", "Content-Length: 0")):
        assert (status, fields["Allow"]) == (405, "GET, HEAD, OPTIONS")


@pytest.mark.parametrize(
    "more",
    [["Range: bytes=0-1", "Range: bytes=2-3"], ["If-None-Match: \xff"], ['If-Match: "' + "x" * 7_000 + '"']],
)
async def test_what_is_odd_among_the_fields_has_one_answer(more):
    seen = [told async for told, _, _ in answers(request("GET", "a", *more))]
    assert seen[0] == seen[1]
    assert seen[0] in {200, 400, 412}
