import pytest
from s3_server import CONTENT, s3_server

from edge.errors import NotFound, OriginChanged, OriginLied, OriginUnavailable
from edge.http.byte_range import ByteRange
from edge.vod.http_origin import Patience
from edge.vod.s3_origin import S3Origin


@pytest.fixture
async def store():
    async with s3_server() as server:
        yield server


async def whole(origin, asset, span):
    return b"".join([piece async for piece in origin.read(asset, span)])


async def test_a_real_store_gives_ranges_of_one_version(store):
    address, client = store
    origin = S3Origin(
        "s3", "clips", endpoint=address, access_key="testing", secret_key="testing", folder="media/"
    )
    try:
        asset = await origin.stat("ä b.mp4")
        assert (asset.size, asset.is_strong, asset.content_type, asset.origin) == (
            300_000,
            True,
            "video/mp4",
            "s3",
        )
        assert asset.modified is not None
        assert await whole(origin, asset, ByteRange(1_000, 200_000)) == CONTENT[1_000:200_000]
        assert await whole(origin, asset, ByteRange(0, 300_000)) == CONTENT
        with pytest.raises(NotFound):
            await origin.stat("missing.mp4")
        assert [name async for name in origin.names("")] == ["ä b.mp4"]
        assert [name async for name in origin.names("a")] == []
        await client.put_object(Bucket="clips", Key="media/ä b.mp4", Body=CONTENT[::-1])
        with pytest.raises(OriginChanged):
            await whole(origin, asset, ByteRange(0, 10))
        await client.delete_object(Bucket="clips", Key="media/ä b.mp4")
        with pytest.raises((NotFound, OriginChanged)):
            await whole(origin, asset, ByteRange(0, 10))
    finally:
        await origin.close()


async def test_no_store_is_told_as_that():
    patience = Patience(connect_s=0.5, answer_s=0.5, tries=1)
    origin = S3Origin(
        "s3", "clips", endpoint="http://127.0.0.1:9", access_key="a", secret_key="b", patience=patience
    )
    with pytest.raises(OriginUnavailable):
        await origin.stat("a")
    with pytest.raises(OriginUnavailable):
        await anext(origin.names(""))
    await origin.close()


async def test_a_long_list_comes_page_by_page_and_one_that_goes_round_ends(monkeypatch):
    origin, asked = S3Origin("s3", "clips", folder="media/"), []

    async def said(verb, **given):
        asked.append(given)
        page = len(asked)
        more = {"NextContinuationToken": f"t{min(page, 3)}"}
        return 200, {}, {"Contents": [{"Key": f"media/{page}"}], **more}

    monkeypatch.setattr(origin, "_said", said)
    names = origin.names("x")
    got = [await anext(names) for _ in range(3)]
    with pytest.raises(OriginLied, match="for ever"):
        await anext(names)
    assert got == ["1", "2", "3"]
    assert asked[:2] == [{"Prefix": "media/x"}, {"Prefix": "media/x", "ContinuationToken": "t1"}]


async def test_a_store_that_refuses_its_list_names_the_right_that_is_missing(monkeypatch):
    origin = S3Origin("s3", "clips")

    async def said(verb, **given):
        return 403, {}, {}

    monkeypatch.setattr(origin, "_said", said)
    with pytest.raises(OriginUnavailable, match="s3:ListBucket"):
        await anext(origin.names(""))
