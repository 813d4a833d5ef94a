"""A server whose cache is larger than its disk: a tmpfs of 8 MB, or a limit on files. Players over sockets.

Prints how many octets of blocks it keeps.
"""

import asyncio
import resource
import sys
from pathlib import Path

import aiohttp
from lying_origin import LyingOrigin

from edge.config import load
from edge.server import running

SIZE = 24 * 1024 * 1024
CONTENT = (bytes(at * 7 % 251 for at in range(251)) * (SIZE // 251 + 1))[:SIZE]


def config(folder, origin):
    mount = f'{{prefix = "/far", kind = "http", mirrors = ["{origin.address}"], tries = 1}}'
    overrides = ["server.listen=127.0.0.1:0", f"vod.origins=[{mount}]", f'vod.cache_dir="{folder}"']
    return load(environment={}, overrides=overrides)


async def main(folder):
    async with (
        LyingOrigin(CONTENT) as origin,
        running(config(folder, origin)) as address,
        aiohttp.ClientSession(f"http://{address}") as http,
    ):

        async def get(name, start, stop):
            async with http.get(f"/vod/far/{name}", headers={"Range": f"bytes={start}-{stop - 1}"}) as answer:
                assert answer.status == 206
                assert await answer.read() == CONTENT[start:stop]

        size = len(CONTENT)
        await asyncio.gather(*(get("a", 0, size) for _ in range(5)))
        await asyncio.gather(*(get("bcd"[n % 3], n * 1_000_000, n * 1_000_000 + 9_000_000) for n in range(9)))
        for start in range(0, size, 3_000_000):
            await get("a", start, min(start + 70_000, size))
        stats = {"fills": 1}
        while stats["fills"]:
            async with http.get("/api/v1/cache") as answer:
                stats = await answer.json()
        print("kept", stats["used_bytes"])


if __name__ == "__main__":
    if sys.argv[2:] == ["limited"]:
        resource.setrlimit(resource.RLIMIT_FSIZE, (700_000, 700_000))
    asyncio.run(main(Path(sys.argv[1])))
