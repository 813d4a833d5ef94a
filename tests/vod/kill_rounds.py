"""A cache under load is killed (SIGKILL) at any instant, started again, and must not have a wrong octet.

`python tests/vod/kill_rounds.py 100` for a long run.
"""

import asyncio
import contextlib
import hashlib
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from scripted_origin import ScriptedOrigin

from edge.http.byte_range import ByteRange
from edge.vod.block_cache import BlockCache, CacheRules
from edge.vod.mounts import Mount

SIZE, BLOCK, ASSETS = 300_000, 32_768, 40
RULES = CacheRules(capacity=4_000_000, block_size=BLOCK, head_quota=1_000_000)


def content(number):
    return hashlib.shake_128(str(number).encode()).digest(SIZE)


def origin():
    return ScriptedOrigin(
        {f"a{number}": (content(number), f'"{number}"') for number in range(ASSETS)}, piece=9_000
    )


async def load(folder):
    """Reads and purges for ever; says so once it does."""
    cache = BlockCache(folder, [Mount("", origin())], RULES)
    await cache.start()
    print("going", flush=True)

    async def reader():
        while True:
            number, start = random.randrange(ASSETS), random.randrange(SIZE)
            stop = min(SIZE, start + random.randrange(1, 100_000))
            asset = await cache.open(f"a{number}")
            got = b"".join([bytes(piece) async for piece in cache.stream(asset, ByteRange(start, stop))])
            if got != content(number)[start:stop]:
                os._exit(3)
            if random.random() < 0.02:
                await cache.purge(f"a{number}")

    await asyncio.gather(*(reader() for _ in range(8)))


async def survivors(folder):
    """How many blocks a new start finds; every one of them is read and compared."""
    source = origin()
    cache = BlockCache(folder, [Mount("", source)], RULES)
    await cache.start()
    blocks = cache.list()
    try:
        for block in blocks:
            asset = await cache.open(block.key.asset)
            start = block.key.number * BLOCK
            span = ByteRange(start, start + block.size)
            async with contextlib.aclosing(cache.stream(asset, span)) as pieces:
                got = b"".join([bytes(piece) async for piece in pieces])
            assert got == content(int(block.key.asset[1:]))[span.start : span.stop]
        assert source.octets == 0, "a block that was listed was not whole"
        on_disk = {path for path in (folder / "blocks").rglob("*") if path.is_file()}
        assert len(on_disk) == len(blocks)
    finally:
        await cache.close()
    return len(blocks)


def rounds(folder, number):
    """The most blocks that were found after a kill."""
    most = 0
    for _ in range(number):
        with subprocess.Popen(
            [sys.executable, __file__, "load", str(folder)], stdout=subprocess.PIPE
        ) as process:
            assert process.stdout.readline() == b"going\n"
            time.sleep(random.uniform(0.02, 0.5))
            process.kill()
            assert process.wait() == -9, "it ended by itself: a wrong octet, or a fault"
        most = max(most, asyncio.run(survivors(folder)))
    return most


if __name__ == "__main__":
    if sys.argv[1] == "load":
        asyncio.run(load(Path(sys.argv[2])))
    else:
        with tempfile.TemporaryDirectory() as root:
            print(rounds(Path(root), int(sys.argv[1])), "blocks found at most")
