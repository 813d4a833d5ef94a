"""A cache that is larger than its disk: in a tmpfs of 8 MB where that may be mounted, else by a limit on files."""

import asyncio
import resource
import sys
from pathlib import Path

from scripted_origin import ScriptedOrigin

from edge.http.byte_range import ByteRange
from edge.vod.block_cache import BlockCache, CacheRules
from edge.vod.mounts import Mount

SIZE = 24 * 1024 * 1024


async def main(folder):
    content = bytes(range(256)) * (SIZE // 256)
    origin = ScriptedOrigin({"a": (content, '"1"')}, piece=65_536)
    cache = BlockCache(folder, [Mount("", origin)], CacheRules())
    await cache.start()

    async def read():
        asset = await cache.open("a")
        return b"".join([bytes(piece) async for piece in cache.stream(asset, ByteRange(0, SIZE))])

    bodies = await asyncio.gather(*(read() for _ in range(5)))
    assert all(body == content for body in bodies)
    assert await read() == content
    await cache._fetches.ended("a")
    used = cache.stats()["used_bytes"]
    assert not list((folder / "fresh").iterdir())
    await cache.close()
    print("kept", used)


if __name__ == "__main__":
    if sys.argv[2:] == ["limited"]:
        resource.setrlimit(resource.RLIMIT_FSIZE, (700_000, 700_000))
    asyncio.run(main(Path(sys.argv[1])))
