"""`/vod` of a whole server over its disk cache, in front of an origin that tells the truth or lies."""

import asyncio
import contextlib
import random

import aiohttp
import pytest
from lying_origin import LyingOrigin

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
                    assert headers["Cache-Control"] == "public, max-age=60"
                    assert "Cache-Status" in headers["Access-Control-Expose-Headers"]
                    said = headers["Cache-Status"]
                    if number:
                        assert said.startswith("edge; hit; ttl=")
                    await asyncio.sleep(0.05)
                    assert len(origin.asked) == fetched
        assert origin.asked == [(65_536, 131_072)]
        assert said.startswith("edge; hit")
