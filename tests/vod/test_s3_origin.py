import asyncio
import random
import socket
import sys

import pytest
from aiobotocore.session import get_session

from edge.errors import NotFound, OriginChanged, OriginUnavailable
from edge.http.byte_range import ByteRange
from edge.vod.http_origin import Patience
from edge.vod.s3_origin import S3Origin

CONTENT = random.Random(3).randbytes(300_000)
KEYS = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing"}


@pytest.fixture
async def store():
    """moto's S3 server as a process of its own; its address, and a client."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port),
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        async with asyncio.timeout(60):
            while True:
                try:
                    _, writer = await asyncio.open_connection("127.0.0.1", port)
                except OSError:
                    await asyncio.sleep(0.1)
                    continue
                writer.close()
                break
        address = f"http://127.0.0.1:{port}"
        async with get_session().create_client(
            "s3", endpoint_url=address, region_name="us-east-1", **KEYS
        ) as client:
            await client.create_bucket(Bucket="clips")
            await client.put_object(
                Bucket="clips", Key="media/ä b.mp4", Body=CONTENT, ContentType="video/mp4"
            )
            yield address, client
    finally:
        server.terminate()
        await server.wait()


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
