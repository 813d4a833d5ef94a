"""A whole application with a real cache in front of a folder, on a socket."""

import pytest
from aiohttp.test_utils import TestServer

from edge.auth.admission import Admission
from edge.cache.server import Server
from edge.config import Config
from edge.live.hub import Hub
from edge.vod.block_cache import BlockCache, CacheRules, Mount
from edge.web.app import Readiness, make_app
from edge.web.cache_api import cache_routes
from tests.vod.torn_folder import TornFolder

BLOCK = 10_000


@pytest.fixture
def folder(tmp_path):
    media = tmp_path / "media"
    (media / "clips").mkdir(parents=True)
    for number in range(5):
        (media / "clips" / f"{number}.mp4").write_bytes(bytes([number]) * (25_000 + number))
    (media / "torn.mp4").write_bytes(b"t" * 30_000)
    return TornFolder(media, BLOCK)


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
