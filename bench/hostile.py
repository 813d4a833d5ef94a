"""`python -m bench.hostile`: viewers alone, then with hostile peers beside them: p99 within 1.5 x of quiet.

Slow heads, heads of a megabyte, ten thousand connections that never ask, readers that stop, smuggling shapes, names
without end (`bench.hostile_clients`). These live on the generator's core: a part of what they cost is its own.
"""

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlsplit

import uvloop

from bench import report
from bench.hostile_clients import KINDS
from bench.server_process import GENERATOR_CORE, ServerProcess, fed_server, open_files, pin, raise_file_limit
from bench.viewers import Load, measure_at

GATHERING_S = 4.0


@contextlib.asynccontextmanager
async def hostile(server: ServerProcess, share: float) -> AsyncIterator[None]:
    """They are there; gone at the end."""
    address = urlsplit(server.base)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bench.hostile_clients", address.hostname or "", str(address.port), str(share)
    )
    try:
        await asyncio.sleep(GATHERING_S)
        yield
        if process.returncode is not None:
            raise RuntimeError(f"the hostile clients ended with code {process.returncode}")
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


async def measure(viewers: int, seconds: float, share: float) -> list[dict[str, Any]]:
    """A row without them, a row with them; `ratio` of their p99."""
    load = Load(viewers)
    async with fed_server(history_s=140) as server:
        quiet = await measure_at(load, seconds, server)
        async with hostile(server, share):
            disturbed = await measure_at(load, seconds, server)
            files = open_files(server.pid)  # the viewers are gone
    ratio = (disturbed["p99_ms"] or 0) / quiet["p99_ms"] if quiet["p99_ms"] else None
    return [
        {"hostile": "no", **quiet},
        {"hostile": "yes", **disturbed, "server_files": files, "p99_ratio": ratio},
    ]


def main(argv: list[str] | None = None) -> None:
    parser = report.arguments("hostile", __doc__ or "", seconds=6)
    parser.add_argument("--viewers", type=int, default=1000)
    parser.add_argument("--share", type=float, default=1.0, help="of the hostile clients")
    options = parser.parse_args(argv)
    pin(GENERATOR_CORE)
    raise_file_limit()
    result = report.Result(
        "hostile", {"seconds": options.seconds, "share": options.share, **KINDS}, {"name": "none"}
    )
    result.rows += uvloop.run(measure(options.viewers, options.seconds, options.share))
    result.write(options.json)


if __name__ == "__main__":
    main()
