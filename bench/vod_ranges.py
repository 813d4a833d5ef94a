"""`python -m bench.vod_ranges`: byte ranges of /vod: hits against nginx, first octets, a herd on a cold asset, slow readers.

The server has core 0, the generator core 1. nginx serves the same file from the same folder on the server's core, one after
the other with us. Rows are told apart by `measure`; `ratio` is ours by nginx's.
"""

import asyncio
import contextlib
import os
import resource
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from pathlib import Path
from statistics import median
from typing import Any

import aiohttp
import uvloop

from bench import report, wrk
from bench.file_server import SETTINGS, file_server, listening, version
from bench.range_client import RangeClient, close, connect, request_for, slow_socket
from bench.server_process import GENERATOR_CORE, ServerProcess, edge_server, free_port, pin
from bench.slow_origin import content

KIB, MIB = 1024, 1024**2
FILE = "film.mp4"
WARM_UP_S = 1.0
Row = dict[str, Any]


async def hits(
    edge: ServerProcess, nginx: ServerProcess, path: str, *, size: int, of: int, seconds: float, rounds: int
) -> list[Row]:
    """As many as each answers, in turns."""
    ours, theirs = [], []
    for _ in range(rounds):
        ours.append(await wrk.ranges(edge, path, size=size, of=of, seconds=seconds))
        theirs.append(await wrk.ranges(nginx, f"/{FILE}", size=size, of=of, seconds=seconds))
    rows = []
    for name, loads in (("edge", ours), ("nginx", theirs)):
        rows.append(
            {
                "measure": "hits",
                "server": name,
                "path": path.rpartition("/")[0] if name == "edge" else "",
                "range_kib": size // KIB,
                "connections": 32,
                "requests_per_s": round(median(load.requests_per_s for load in loads)),
                "megabytes_per_s": round(median(load.bytes_per_s for load in loads) / 1e6),
                "errors": sum(load.errors for load in loads),
                "server_cpu_percent": median(load.server_cpu_percent for load in loads),
                "generator_cpu_percent": median(load.generator_cpu_percent for load in loads),
            }
        )
    rows[0]["ratio"] = rows[0]["requests_per_s"] / max(rows[1]["requests_per_s"], 1)
    return rows


async def first_octets(
    server: ServerProcess, path: str, *, size: int, of: int, rate: float, connections: int, seconds: float
) -> Row:
    """From the moment a request was due to its first octet, at `rate` requests a second over all connections. Those of
    the first WARM_UP_S do not count: blocks that nobody asked for of late are opened and verified then.
    """
    clients = await connect(server.base, connections)
    waits: list[float] = []
    lateness: list[float] = []
    faults = 0
    cpu, own = report.cpu_seconds(server.pid), time.process_time()
    began = time.monotonic() + 0.2
    gap = connections / rate

    async def one(client: RangeClient, phase: float) -> None:
        nonlocal faults
        due, number = began + phase, int(phase * 1e6)
        while due < began + WARM_UP_S + seconds:
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            number = (number * 69_069 + 1) % (of // size)
            late = time.monotonic() - due
            await client.ask(request_for(server.base, path, number * size, number * size + size - 1))
            if client.fault or client.status != 206:
                faults += 1
                return
            if due >= began + WARM_UP_S:
                lateness.append(late)
                waits.append(client.first_octet_at - due)
            due += gap

    await asyncio.gather(*(one(client, at * gap / connections) for at, client in enumerate(clients)))
    took_s = time.monotonic() - began
    close(clients)
    return {
        "measure": "first octet",
        "range_kib": size // KIB,
        "connections": connections,
        "requests_per_s": round(len(waits) / (took_s - WARM_UP_S)),
        "p50_ms": _ms(waits, 0.5),
        "p99_ms": _ms(waits, 0.99),
        "errors": faults,
        "generator_late_p99_ms": _ms(lateness, 0.99),
        "server_cpu_percent": (report.cpu_seconds(server.pid) - cpu) / took_s * 100,
        "generator_cpu_percent": (time.process_time() - own) / took_s * 100,
    }


async def one_octet(edge: ServerProcess, origin: str, *, block: int, size: int) -> Row:
    """A single octet of a cold asset."""
    await _told(origin)
    (client,) = await connect(edge.base, 1)
    await client.ask(request_for(edge.base, "/vod/far/asset-1.mp4", 5, 5), content(1, size)[5:6])
    await asyncio.sleep(0.2 + block / 4e6)  # the rest of the block comes after the answer
    told = await _told(origin)
    close([client])
    return {
        "measure": "one octet",
        "origin_bytes": told["sent_bytes"],
        "client_bytes": client.body_bytes,
        "origin_requests": len(told["ranges"]),
        "errors": int(client.fault is not None),
    }


async def herd(edge: ServerProcess, origin: str, *, clients: int, size: int) -> Row:
    """All ask for all of one cold asset at once; every octet is compared."""
    body = content(2, size)
    crowd = await connect(edge.base, clients)
    await _told(origin)
    cpu, own, began = report.cpu_seconds(edge.pid), time.process_time(), time.monotonic()
    request = request_for(edge.base, "/vod/far/asset-2.mp4", 0, size - 1)
    async with asyncio.timeout(120):
        await asyncio.gather(*(client.ask(request, body) for client in crowd))
    took_s = time.monotonic() - began
    told = await _told(origin)
    after = [client.first_body_octet_at - told["first_octet_at"] for client in crowd if not client.fault]
    close(crowd)
    return {
        "measure": "herd",
        "clients": clients,
        "took_s": took_s,
        "errors": sum(client.fault is not None or client.body_bytes != size for client in crowd),
        "origin_requests": len(told["ranges"]),
        "blocks_asked_twice": len(told["ranges"]) - len({first for first, _ in told["ranges"]}),
        "origin_bytes": told["sent_bytes"],
        "client_bytes": sum(client.body_bytes for client in crowd),
        "origin_by_unique": told["sent_bytes"] / size,
        "after_origin_first_ms": min(after, default=0.0) * 1e3,
        "after_origin_p50_ms": _ms(after, 0.5),
        "after_origin_p99_ms": _ms(after, 0.99),
        "server_cpu_percent": (report.cpu_seconds(edge.pid) - cpu) / took_s * 100,
        "generator_cpu_percent": (time.process_time() - own) / took_s * 100,
    }


async def slow_readers(edge: ServerProcess, path: str, *, readers: int, of: int, seconds: float) -> Row:
    """Each asks for the whole file and takes 8 KiB a second. What the server holds, and the kernel for it.

    To be measured first: what a process once had it seldom gives back.
    """
    before, kernel = _resident(edge.pid), _kernel_bytes()
    request = request_for(edge.base, path, 0, of - 1)
    sockets = [await slow_socket(edge.base, request) for _ in range(readers)]
    loop, got, most = asyncio.get_running_loop(), 0, 0
    end = loop.time() + seconds
    while loop.time() < end:
        for one in sockets:
            with contextlib.suppress(BlockingIOError):
                got += len(one.recv(8 * KIB))
        most = max(most, _resident(edge.pid))
        await asyncio.sleep(1.0)
    held = _kernel_bytes() - kernel
    (client,) = await connect(edge.base, 1)
    asked_at = time.monotonic()
    await client.ask(request_for(edge.base, path, 0, 64 * KIB - 1))
    others_ms = (client.first_octet_at - asked_at) * 1e3
    close([client])
    for one in sockets:
        one.close()
    return {
        "measure": "slow readers",
        "connections": readers,
        "resident_mb": most / 1e6,
        "grown_mb": (most - before) / 1e6,
        "kernel_mb": held / 1e6,
        "client_bytes": got,
        "another_reader_ms": others_ms,
    }


def index_bytes(blocks: int = 100_000) -> Row:
    """What a block costs in the memory of the index, ten blocks an asset."""
    import tracemalloc

    from edge.vod.asset import BlockKey
    from edge.vod.block_index import BlockIndex

    tracemalloc.start()
    index = BlockIndex(blocks * MIB, head_quota=blocks * MIB // 10)
    for number in range(blocks):
        name = f"clips/{number // 10:08}/video.mp4"
        index.load(
            BlockKey(name, f'"{number // 10:032x}"', number % 10, "origin"), MIB, is_head=number % 10 == 0
        )
    size, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return {"measure": "index", "blocks": blocks, "bytes_per_block": round(size / blocks)}


def _ms(seconds: list[float], share: float) -> float | None:
    value = report.percentile(seconds, share)
    return None if value is None else value * 1e3


def _resident(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def _kernel_bytes() -> int:
    """Of all TCP sockets of this machine."""
    for line in Path("/proc/net/sockstat").read_text().splitlines():
        if line.startswith("TCP:"):
            return int(line.split()[-1]) * os.sysconf("SC_PAGE_SIZE")
    return 0


async def _told(origin: str) -> dict[str, Any]:
    async with aiohttp.ClientSession() as http, http.get(f"{origin}/told") as answer:
        told: dict[str, Any] = await answer.json()
    return told


@contextlib.asynccontextmanager
async def _slow_origin(size: int) -> AsyncIterator[str]:
    port = free_port()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bench.slow_origin", "--port", str(port), "--size", str(size),
        preexec_fn=lambda: pin(GENERATOR_CORE),
    )  # fmt: skip
    try:
        await listening(port, process)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        await process.wait()


async def warm(edge: ServerProcess, path: str, of: int) -> None:
    """All of it is on disk, and verified once."""
    for _ in range(2):
        (client,) = await connect(edge.base, 1)
        await client.ask(request_for(edge.base, path, 0, of - 1))
        if client.fault or client.body_bytes != of:
            raise RuntimeError(f"{path} cannot be warmed: {client.fault or client.status}")
        close([client])
        await asyncio.sleep(0.5)


async def run(result: report.Result, options: Any) -> None:
    with tempfile.TemporaryDirectory(prefix="bench-vod-", dir=options.folder) as name:
        folder = Path(name)
        folder.chmod(0o755)
        for each in ("media", "nginx"):
            (folder / each).mkdir()
        of = options.file_mib * MIB
        wrk.fill(folder / "media" / FILE, of)
        async with (
            file_server(folder / "media", folder / "nginx") as nginx,
            _slow_origin(options.cold_mib * MIB) as origin,
            edge_server(
                f'vod.origins=[{{prefix="/far", kind="http", mirrors=["{origin}"]}}, '
                f'{{prefix="/cached", kind="http", mirrors=["{nginx.base}"]}}, '
                f'{{prefix="/folder", root="{folder}/media"}}]',
                f'vod.cache_dir="{folder}/cache"',
            ) as edge,
        ):
            await _measured(result.rows, options, edge, nginx, origin, of)


async def _measured(
    rows: list[Row], options: Any, edge: ServerProcess, nginx: ServerProcess, origin: str, of: int
) -> None:
    cached, folder = f"/vod/cached/{FILE}", f"/vod/folder/{FILE}"
    await warm(edge, cached, of)
    if "memory" in options.measures:
        rows.append(
            await slow_readers(
                edge, cached, readers=options.readers, of=of, seconds=max(options.seconds, options.settle)
            )
        )
        rows.append(index_bytes())
    if "hits" in options.measures:
        for size in options.ranges:
            for path in (cached, folder):
                rows += await hits(
                    edge,
                    nginx,
                    path,
                    size=size * KIB,
                    of=of,
                    seconds=options.seconds,
                    rounds=options.rounds,
                )
    if "first" in options.measures:
        for size in options.ranges:
            done = [row for row in rows if row["measure"] == "hits" and row["range_kib"] == size]
            half = done[0]["requests_per_s"] / 2 if done else options.rate
            for kind, server, path in (("edge", edge, cached), ("nginx", nginx, f"/{FILE}")):
                row = await first_octets(
                    server, path, size=size * KIB, of=of, rate=half, connections=500, seconds=options.seconds
                )
                rows.append({**row, "server": kind})
    if "cold" in options.measures:
        cold = options.cold_mib * MIB
        rows.append(await one_octet(edge, origin, block=MIB, size=cold))
        rows.append(await herd(edge, origin, clients=options.clients, size=cold))


def main() -> None:
    parser = report.arguments("vod_ranges", __doc__ or "", seconds=4)
    parser.add_argument("--rounds", type=int, default=3, help="how often the servers take turns at hits")
    parser.add_argument("--ranges", type=int, nargs="+", default=[64, 1024], help="their sizes in KiB")
    parser.add_argument("--file-mib", type=int, default=128, help="size of the file that is warm")
    parser.add_argument("--cold-mib", type=int, default=4, help="size of the asset of the herd")
    parser.add_argument("--clients", type=int, default=1_000, help="of the herd")
    parser.add_argument("--settle", type=float, default=8.0, help="seconds until slow readers are measured")
    parser.add_argument("--readers", type=int, default=1_000, help="slow ones")
    parser.add_argument(
        "--rate", type=float, default=100.0, help="requests a second for first octets, without hits"
    )
    parser.add_argument("--folder", type=Path, help="where files and the cache are (the temporary folder)")
    measures = ["hits", "first", "cold", "memory"]
    parser.add_argument("--measures", nargs="+", default=measures, choices=measures)
    options = parser.parse_args()
    if version() is None or not ("hits" not in options.measures or wrk.is_there()):
        parser.error("this needs nginx and wrk: install the system's packages of these names")
    wanted = min(65_536, resource.getrlimit(resource.RLIMIT_NOFILE)[1])
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    pin(GENERATOR_CORE)
    settings = {"seconds": options.seconds, "file_mib": options.file_mib, "block": "1MiB"}
    result = report.Result(
        "vod_ranges", settings, {"name": "nginx", "version": version(), "settings": SETTINGS}
    )
    uvloop.run(run(result, options))
    result.write(options.json)


if __name__ == "__main__":
    main()
