"""A cache of 64 MiB in a tmpfs of 8 MB: what does not fit at once passes through it, then what fits is asked for.

Prints how often the origin was asked for that, over five rounds.
"""

import asyncio
import sys
from pathlib import Path

from scripted_origin import ScriptedOrigin

from edge.http.byte_range import ByteRange
from edge.vod.block_cache import BlockCache, CacheRules
from edge.vod.mounts import Mount

SIZE = 3_000_000
NAMES = [f"{number}.mp4" for number in range(10)]


async def main(folder):
    contents = {name: (bytes([number]) * SIZE, '"1"') for number, name in enumerate(NAMES)}
    origin = ScriptedOrigin(contents, piece=65_536)
    cache = BlockCache(folder, [Mount("", origin)], CacheRules(capacity=64 * 1024**2))
    await cache.start()

    async def read(name):
        asset = await cache.open(name)
        body = b"".join([bytes(piece) async for piece in cache.stream(asset, ByteRange(0, SIZE))])
        assert body == contents[name][0]
        await cache._fetches.ended(name)

    for name in [*NAMES, *NAMES]:
        await read(name)
    await read(NAMES[3])
    asked = len(origin.read_spans)
    for _ in range(5):
        await read(NAMES[3])
    stats = cache.stats()
    assert 3_000_000 < stats["used_bytes"] <= stats["capacity_bytes"] < 8_000_000, stats
    await cache.close()
    print("asked", len(origin.read_spans) - asked)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
