"""`python -m bench.viewers`: LL-HLS viewers on one core; part complete in the server -> its last byte at each viewer.

With `--url` the same load runs against any LL-HLS server: the first viewer who has a part is the reference then.
"""

import argparse
import asyncio
import contextlib
import gc
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import uvloop

from bench import report
from bench.arrivals import Latency, latency, spread_ms
from bench.clip import h264_clip
from bench.crowd import Crowd
from bench.server_process import (
    GENERATOR_CORE,
    SERVER_CORE,
    FedServer,
    fed_server,
    pin,
    raise_file_limit,
    resident_bytes,
)
from bench.viewer import BEHAVIOURS, LIVE, Stream
from bench.webrtc_publisher import Publisher
from edge.auth.tokens import mint
from edge.config import AuthConfig

QUIET_S, MANY_QUIET_S = 2.0, 10.0
"""What feeding costs is taken off; of many streams it is so much that it has to be known well."""
SETTLE_S = 3.0
LAST_CALL_S = 2.0
CLIP_FPS = 30
SECRET = "0123456789abcdef0123456789abcdef"


@dataclass(frozen=True)
class Load:
    """One row. `viewers` of each of `streams`; `publishers` over WebRTC beside them, whose first is the one
    that is watched.
    """

    viewers: int
    behaviour: str = "hls.js"
    streams: int = 1
    publishers: int = 0
    part_ms: int = 200
    part_bytes: int = 25_000
    url: str = ""
    congestion: str = ""
    has_tokens: bool = False
    """Each viewer his own, in his addresses; else `auth.play` is open."""


async def measure(load: Load, seconds: float, settings: tuple[str, ...] = ()) -> dict[str, Any]:
    """One row, on a server of its own."""
    if load.url:
        return await measure_at(load, seconds, None)
    window = () if load.streams == 1 else ("hls.window=12s",)
    if load.has_tokens:
        settings = (*settings, "auth.play=tokens", f'auth.token_secrets=["{SECRET}"]')
    async with (
        fed_server(
            *window, *settings,
            streams=0 if load.publishers else load.streams,
            part_ms=load.part_ms, part_bytes=load.part_bytes, congestion=load.congestion,
            history_s=140 if load.streams == 1 else 30,
        ) as server,
        publishing(load, server, seconds) as publishers,
    ):  # fmt: skip
        since = time.monotonic()
        row = await measure_at(load, seconds, server)
        return {**row, **_listed(publishers, server, since)}


async def measure_at(load: Load, seconds: float, server: FedServer | None) -> dict[str, Any]:
    parts = urlsplit(load.url or (server.base if server else ""))
    name = "pub" if load.publishers else "s"
    targets = [parts.path + (f"?{parts.query}" if parts.query else "")] if load.url else [
        f"/live/{name}{at}/index.m3u8" for at in range(load.streams)
    ]  # fmt: skip
    streams = [Stream(target) for target in targets]
    before = await quiet(server, min(QUIET_S if load.streams == 1 else MANY_QUIET_S, seconds))
    crowd = Crowd(parts.hostname or "", parts.port or 80, streams, load.viewers, load.behaviour, ways(load))
    await crowd.join()
    await asyncio.sleep(min(SETTLE_S, seconds))
    gc.collect()
    gc.freeze()
    joining = sum(crowd.tally.errors.values())
    mark = crowd.tally.requests
    gc.disable()
    cpu, own, since = _cpu(server), time.process_time(), time.monotonic()
    cores = [report.core_times(core) for core in (SERVER_CORE, GENERATOR_CORE)]
    await asyncio.sleep(seconds)
    cores = [report.core_times(core).since(cores[core]) for core in (SERVER_CORE, GENERATOR_CORE)]
    took = time.monotonic() - since
    cpu, own = _cpu(server) - cpu, time.process_time() - own
    gc.enable()
    requests, memory = crowd.tally.requests - mark, _memory(server)
    await asyncio.sleep(min(LAST_CALL_S, seconds))
    faults = dict(crowd.tally.errors)
    await crowd.leave()
    complete = (
        {target: part.complete for target, part in server.parts.items()}
        if server
        else crowd.tally.arrivals.first()
    )
    spread = latency(complete, crowd.tally.arrivals, _wanted(complete, streams, load), since, since + took)
    everybody = load.viewers * load.streams
    delivered = spread.expected - spread.missed
    return {
        "viewers": everybody,
        "streams": load.streams,
        "publishers": load.publishers,
        "part_target_ms": load.part_ms,
        "part_bytes": load.part_bytes,
        "behaviour": load.behaviour,
        "tokens": load.has_tokens,
        **_percentiles(spread),
        "wake_to_last_ms": spread_ms(complete, crowd.tally.arrivals, since, since + took),
        "parts": delivered,
        "missed": spread.missed,
        "errors": sum(faults.values()) + spread.missed,
        "faults": ", ".join(f"{count} x {name}" for name, count in faults.items()) + f" ({joining} while joining)" * bool(joining),
        "requests_per_s": round(requests / took),
        "server_cpu_percent": cpu / took * 100 if server else None,
        "server_core_percent": cores[SERVER_CORE].busy_percent if server else None,
        "idle_cpu_percent": before.cpu_percent if server else None,
        "server_us_per_part": (cpu / took - before.cpu_percent / 100) * took / delivered * 1e6 if server and delivered else None,
        "generator_cpu_percent": own / took * 100,
        "generator_core_percent": cores[GENERATOR_CORE].busy_percent,
        "others_cpu_percent": report.uncharged_percent(cores, cpu + own, took),
        "generator_us_per_part": own / delivered * 1e6 if delivered else None,
        "bytes_per_viewer": round((memory - before.memory) / everybody) if server else None,
        "reference": "the server's clock" if server else "the first viewer",
    }  # fmt: skip


@dataclass(frozen=True)
class Quiet:
    """The server before anybody watches."""

    memory: int
    cpu_percent: float


async def quiet(server: FedServer | None, seconds: float) -> Quiet:
    if server is None:
        return Quiet(0, 0.0)
    await asyncio.sleep(seconds / 2)
    cpu = _cpu(server)
    await asyncio.sleep(seconds)
    return Quiet(_memory(server), (_cpu(server) - cpu) / seconds * 100)


def ways(load: Load) -> list[bytes]:
    """A token for each viewer, of the size that they have; none where access is open."""
    if not load.has_tokens:
        return []
    auth = AuthConfig(token_secrets=(SECRET,))
    return [
        LIVE
        + b"~"
        + mint(auth, "play", ["*"], ttl_s=3600, now=time.time(), sub=f"viewer{number}").encode()
        + b"/"
        for number in range(load.viewers * load.streams)
    ]


def _wanted(complete: dict[bytes, float], streams: list[Stream], load: Load) -> dict[bytes, int]:
    """How many should get each part: everybody of its stream."""
    if load.url:
        return dict.fromkeys(complete, load.viewers)
    watched = {stream.multivariant.rpartition(b"/")[0]: stream.viewers for stream in streams}
    return {target: watched.get(target.rsplit(b"/", 2)[0], 0) for target in complete}


def _percentiles(spread: Latency) -> dict[str, float | None]:
    return {
        f"p{name}_ms": spread.percentile_ms(share)
        for name, share in (("50", 0.5), ("90", 0.9), ("99", 0.99), ("99_9", 0.999))
    }


def _cpu(server: FedServer | None) -> float:
    return report.cpu_seconds(server.pid) if server else 0.0


def _memory(server: FedServer | None) -> int:
    return resident_bytes(server.pid) if server else 0


@contextlib.asynccontextmanager
async def publishing(load: Load, server: FedServer, seconds: float) -> AsyncIterator[list[Publisher]]:
    """Real publishers on the generator's core while the context lasts; playable when it begins."""
    if not load.publishers:
        yield []
        return
    clip = h264_clip(size=(1280, 720), fps=CLIP_FPS, bitrate=1_000_000, seconds=4, gop_s=1)
    async with aiohttp.ClientSession() as http:
        crowd = [Publisher(clip, CLIP_FPS) for _ in range(load.publishers)]
        for at, publisher in enumerate(crowd):
            await publisher.connect(http, f"{server.base}/whip/pub{at}")
        tasks = [
            asyncio.create_task(publisher.run(seconds + 120, phase_s=at / CLIP_FPS / len(crowd)))
            for at, publisher in enumerate(crowd)
        ]
        await asyncio.sleep(5)
        try:
            yield crowd
        finally:
            for task in tasks:
                task.cancel()
            for publisher in crowd:
                with contextlib.suppress(Exception):
                    await publisher.close(http)


def _listed(publishers: list[Publisher], server: FedServer, since: float) -> dict[str, float | None]:
    """Last packet of a part handed to the kernel by its publisher -> the part is listed. Since then."""
    delays = [
        part.listed - sent
        for at, publisher in enumerate(publishers)
        for target, part in server.parts.items()
        if target.startswith(f"/live/pub{at}/".encode())
        and (sent := publisher.sent_before(part.ends)) is not None
        and sent >= since
    ]
    return {
        "listed_p50_ms": _ms(report.percentile(delays, 0.5)),
        "listed_p99_ms": _ms(report.percentile(delays, 0.99)),
    }


def _ms(seconds: float | None) -> float | None:
    return None if seconds is None else seconds * 1e3


def plan(options: Any) -> list[Load]:
    """The rows: viewers by behaviour, few viewers of many streams against many of one, publishers beside them."""
    if options.url:
        return [
            Load(count, behaviour, url=options.url)
            for behaviour in options.behaviours
            for count in options.viewers
        ]
    shape = {"part_ms": options.part_ms, "part_bytes": options.part_bytes, "congestion": options.congestion}
    loads = [
        Load(count, behaviour, publishers=options.publishers, **shape)
        for behaviour in options.behaviours
        for count in options.viewers
    ]
    if options.tokens:
        loads = [one for load in loads for one in (load, replace(load, has_tokens=True))]
    if options.many:
        loads += [Load(2000, **shape), Load(10, streams=200, **shape), Load(2000, publishers=10, **shape)]
    return loads


def main(argv: list[str] | None = None) -> None:
    parser = report.arguments("viewers", __doc__ or "", seconds=5)
    parser.add_argument("--viewers", type=int, nargs="+", default=[1000, 2500, 4000])
    parser.add_argument("--behaviours", nargs="+", default=list(BEHAVIOURS), choices=list(BEHAVIOURS))
    parser.add_argument("--part-ms", type=int, default=200)
    parser.add_argument("--part-bytes", type=int, default=25_000)
    parser.add_argument(
        "--congestion", default="", help="TCP's congestion control at the server (the machine's)"
    )
    parser.add_argument(
        "--publishers",
        type=int,
        default=0,
        help="so many send WebRTC, and the first is watched: how late its parts are listed",
    )
    parser.add_argument("--url", default="", help="http://HOST:PORT/... of a playlist of any LL-HLS server")
    parser.add_argument(
        "--many",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="also 200 streams x 10, and 10 publishers beside 2 000",
    )
    parser.add_argument(
        "--tokens", action="store_true", help="each load of one stream twice: open, and with a token for each"
    )
    options = parser.parse_args(argv)
    pin(GENERATOR_CORE)
    raise_file_limit()
    result = report.Result("viewers", {"seconds": options.seconds, "url": options.url}, {"name": "none"})
    for load in plan(options):
        result.rows.append(uvloop.run(measure(load, options.seconds)))
        print(report.table(result.rows[-1:]), flush=True)
    result.write(options.json)


if __name__ == "__main__":
    main()
