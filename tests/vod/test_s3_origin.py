import pytest
from s3_server import CONTENT, s3_server

from edge.errors import NotFound, OriginChanged, OriginUnavailable
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
    await origin.close()
