import asyncio
import random

import pytest
from lying_origin import LIES, LyingOrigin

from edge.errors import NotFound, OriginChanged, OriginError, OriginLied, OriginTimeout, OriginUnavailable
from edge.http.byte_range import ByteRange
from edge.vod.http_origin import HttpOrigin, Patience

CONTENT = random.Random(5).randbytes(3_000)
QUICK = Patience(connect_s=0.5, answer_s=0.25, slowest=10_000, tries=1, backoff_s=0.01)
SPAN = ByteRange(1_000, 2_000)
EXPECTED = {
    "changed validator": OriginChanged, "precondition": OriginChanged, "not satisfiable": OriginChanged,
    "silence": OriginTimeout, "stall": OriginTimeout, "trickle": OriginTimeout,
    "interim for ever": OriginTimeout,
    "failure": OriginUnavailable, "closed": OriginUnavailable, "short body": OriginUnavailable,
}  # fmt: skip


async def collect(got, body):
    async for piece in body:
        got.append(piece)


async def whole(origin, asset, span):
    return b"".join([piece async for piece in origin.read(asset, span)])


@pytest.mark.parametrize("lie", LIES)
async def test_a_lie_is_found_and_the_log_says_what_lied(lie, caplog):
    async with LyingOrigin(CONTENT, lie) as server:
        origin = HttpOrigin("liar", [server.address], patience=QUICK)
        try:
            asset = await origin.stat("clip.mp4")
            got = []
            with pytest.raises(EXPECTED.get(lie, OriginLied)):
                await collect(got, origin.read(asset, SPAN))
            assert CONTENT[1_000:2_000].startswith(b"".join(got))
            record = caplog.records[-1]
            assert (record.origin, record.asset) == ("liar", "clip.mp4")
            assert record.place == server.address + "/"
            assert record.what
        finally:
            await origin.close()


async def test_the_truth_is_passed_on_in_one_request():
    async with LyingOrigin(CONTENT) as server:
        origin = HttpOrigin("honest", [server.address])
        asset = await origin.stat("clip.mp4")
        assert (asset.size, asset.etag, asset.content_type) == (3_000, '"v1"', "video/mp4")
        assert await whole(origin, asset, SPAN) == CONTENT[1_000:2_000]
        assert await whole(origin, asset, ByteRange(0, 3_000)) == CONTENT
        assert server.asked == [(1_000, 2_000), (0, 3_000)]
        with pytest.raises(NotFound):
            await origin.stat("missing.mp4")
        for bad in ("../etc/passwd", "a//b", "a/\x00"):
            with pytest.raises(NotFound):
                await origin.stat(bad)
        await origin.close()


@pytest.mark.parametrize("lie", ["short body", "failure", "closed", "shifted range", "silence"])
async def test_another_mirror_goes_on_where_one_broke_off(lie):
    async with LyingOrigin(CONTENT, lie) as bad, LyingOrigin(CONTENT) as good:
        patience = Patience(answer_s=0.25, tries=2, backoff_s=0.01)
        origin = HttpOrigin("mirrored", [bad.address, good.address], patience=patience)
        asset = await origin.stat("clip.mp4")
        assert await whole(origin, asset, SPAN) == CONTENT[1_000:2_000]
        (asked,) = good.asked
        assert asked == ((1_500, 2_000) if lie == "short body" else SPAN)
        await origin.close()


async def test_a_mirror_with_another_version_does_not_go_on():
    async with LyingOrigin(CONTENT, "short body") as bad, LyingOrigin(CONTENT[::-1], etag='"v9"') as other:
        origin = HttpOrigin("mirrored", [bad.address, other.address], patience=Patience(backoff_s=0.01))
        asset = await origin.stat("clip.mp4")
        with pytest.raises(OriginChanged):
            await whole(origin, asset, SPAN)
        await origin.close()


async def test_a_redirect_to_a_listed_host_is_followed():
    async with LyingOrigin(CONTENT) as there, LyingOrigin(CONTENT, "redirect for ever") as here:
        here.port = there.port
        origin = HttpOrigin("moved", [here.address], allow=[f"127.0.0.1:{there.port}"])
        asset = await origin.stat("clip.mp4")
        assert await whole(origin, asset, SPAN) == CONTENT[1_000:2_000]
        await origin.close()


async def test_nobody_there_is_told_as_that():
    async with LyingOrigin(CONTENT) as server:
        address = server.address
    origin = HttpOrigin("gone", [address], patience=QUICK)
    with pytest.raises(OriginUnavailable) as caught:
        await origin.stat("clip.mp4")
    assert caught.value.detail == "The origin is not reached: Connection refused", (
        "where it is, the log tells"
    )
    await origin.close()


async def test_a_weak_version_is_passed_on_from_one_answer():
    async with LyingOrigin(CONTENT, etag='W/"v1"') as server:
        origin = HttpOrigin("weak", [server.address], patience=QUICK)
        asset = await origin.stat("clip.mp4")
        assert not asset.is_strong
        assert await whole(origin, asset, SPAN) == CONTENT[1_000:2_000]
        server.etag = 'W/"v2"'
        with pytest.raises(OriginError):
            await whole(origin, asset, SPAN)
        await origin.close()


async def test_a_reader_that_leaves_gives_the_connection_back():
    async with LyingOrigin(CONTENT, "stall") as server:
        origin = HttpOrigin("left", [server.address], patience=Patience(connections=1, tries=1))
        asset = await origin.stat("clip.mp4")
        body = origin.read(asset, SPAN)
        await anext(body)
        await body.aclose()
        async with asyncio.timeout(2):
            assert (await origin.stat("clip.mp4")).size == 3_000
        await origin.close()


HEADS = {
    "no length": (b'200 X\r\nETag: "1"\r\n\r\n', OriginLied),
    "a length that is none": (b"200 X\r\nContent-Length: +5\r\n\r\n", OriginLied),
    "an absurd length": (b"200 X\r\nContent-Length: " + b"9" * 30 + b"\r\n\r\n", OriginLied),
    "two lengths": (b"200 X\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n", OriginLied),
    "coded": (b"200 X\r\nContent-Length: 5\r\nContent-Encoding: gzip\r\n\r\n", OriginLied),
    "no content": (b"204 X\r\n\r\n", OriginLied),
    "not modified": (b"304 X\r\n\r\n", OriginLied),
    "a redirect away": (b"302 X\r\nLocation: http://169.254.169.254/\r\nContent-Length: 0\r\n\r\n", OriginLied),
    "a redirect to nowhere": (b"302 X\r\nContent-Length: 0\r\n\r\n", OriginLied),
    "no HTTP": (b"\x00\x01\x02\r\n\r\n", OriginLied),
    "a huge header": (b"200 X\r\nX: " + b"x" * 100_000 + b"\r\n\r\n", OriginLied),
    "failure": (b"503 X\r\nContent-Length: 0\r\n\r\n", OriginUnavailable),
    "forbidden": (b"403 X\r\nContent-Length: 0\r\n\r\n", OriginUnavailable),
    "gone": (b"410 X\r\nContent-Length: 0\r\n\r\n", NotFound),
    "nothing": (b"", OriginTimeout),
}  # fmt: skip


@pytest.mark.parametrize("lie", [*HEADS, "endless headers"])
async def test_a_lie_about_the_asset_itself_is_found(lie, caplog):
    """In answer to HEAD, and to the GET of an octet that some are asked instead."""
    answer, fault = HEADS.get(lie, (None, OriginLied))

    class Liar(LyingOrigin):
        async def _answer(self, head, writer):
            writer.write(b"HTTP/1.1 " + answer if answer is not None else b"HTTP/1.1 200 X\r\n")
            while answer is None:
                writer.write(b"X-More: and more\r\n" * 500)
                await writer.drain()
            return True

    async with Liar(b"") as server:
        origin = HttpOrigin("liar", [server.address], patience=QUICK)
        with pytest.raises(fault):
            await origin.stat("clip.mp4")
        await origin.close()
        if fault is not NotFound:
            record = caplog.records[-1]
            assert (record.origin, record.asset) == ("liar", "clip.mp4")
            assert record.place == server.address + "/"
            assert record.what


async def test_where_an_origin_redirects_is_for_the_log_only(caplog):
    async with LyingOrigin(CONTENT, "redirect away") as server:
        origin = HttpOrigin("liar", [server.address], patience=QUICK)
        with pytest.raises(OriginLied) as caught:
            async for _ in origin.read(await origin.stat("clip.mp4"), SPAN):
                pass
        await origin.close()
    assert caught.value.detail == "The origin redirects to where it may not"
    assert "169.254.169.254" in caplog.records[-1].what
