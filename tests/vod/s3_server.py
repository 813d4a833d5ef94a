"""moto's S3 server as a process of its own, with one object in it."""

import asyncio
import contextlib
import random
import socket
import sys

from aiobotocore.session import get_session

CONTENT = random.Random(3).randbytes(300_000)
KEYS = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing"}
NAME = "media/ä b.mp4"
"""In the bucket `clips`."""


@contextlib.asynccontextmanager
async def s3_server():
    """Its address, and a client."""
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
            await client.put_object(Bucket="clips", Key=NAME, Body=CONTENT, ContentType="video/mp4")
            yield address, client
    finally:
        server.terminate()
        await server.wait()
