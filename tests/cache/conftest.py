"""A whole application with a real cache in front of a folder, on a socket."""

import asyncio
import dataclasses

import pytest
from aiohttp.test_utils import TestServer

from edge.auth.admission import Admission
from edge.cache.server import Server
from edge.config import Config
from edge.errors import OriginTimeout
from edge.live.hub import Hub
from edge.vod.block_cache import BlockCache, CacheRules, Mount
from edge.vod.file_origin import FileOrigin
from edge.web.app import Readiness, make_app
from edge.web.cache_api import cache_routes

BLOCK = 10_000


class Folder(FileOrigin):
    """Fails within the asset "torn.mp4"; waits while `is_open` is not so."""

    is_open = True

    async def stat(self, key):
        asset = await super().stat(key)
        return dataclasses.replace(asset, etag=asset.etag.removeprefix("W/"))  # nobody writes to it here

    async def read(self, asset, span):
        if asset.key == "torn.mp4" and span.start >= BLOCK:
            raise OriginTimeout("nothing came")
        async for piece in super().read(asset, span):
            while not self.is_open:
                await asyncio.sleep(0.01)
            yield piece


@pytest.fixture
def folder(tmp_path):
    media = tmp_path / "media"
    (media / "clips").mkdir(parents=True)
    for number in range(5):
        (media / "clips" / f"{number}.mp4").write_bytes(bytes([number]) * (25_000 + number))
    (media / "torn.mp4").write_bytes(b"t" * 30_000)
    return Folder("folder", media)


@pytest.fixture
async def cache(folder, tmp_path):
    rules = CacheRules(capacity=1_000_000, block_size=BLOCK, head_quota=100_000, read_ahead=0)
    cache = BlockCache(tmp_path / "cache", [Mount("", folder)], rules)
    await cache.start()
    yield cache
    await cache.close()


@pytest.fixture
async def base(cache):
    """Where it answers."""
    config = Config.model_validate({"auth": {"admin": "correct horse"}})
    routes = cache_routes(cache, BLOCK, Admission(config.auth))
    app = make_app(config, Hub(config), ready=Readiness(), routes=routes)
    async with TestServer(app) as server:
        yield str(server.make_url("/")).rstrip("/")


@pytest.fixture
def server(base):
    return Server(base, "correct horse")
