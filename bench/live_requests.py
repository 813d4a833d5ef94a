"""`python -m bench.live_requests`: requests a second on one core for a playlist and a part, by both lanes and by nginx.

nginx serves the same bytes; the servers take turns on one core, so that a noisy machine is noisy to all.
"""

import gzip
import statistics
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

import aiohttp
import uvloop

from bench import report, requests_load
from bench.live_edge import read
from bench.nginx import SETTINGS, nginx, version
from bench.request_heads import chrome
from bench.requests_load import Outcome
from bench.server_process import (
    GENERATOR_CORE,
    SERVER_CORE,
    FedServer,
    ServerProcess,
    fed_server,
    pin,
    raise_file_limit,
)

PLAYLIST = "/live/s0/main.m3u8"
AIOHTTP_FIRST = "/healthz"
"""Not for the express lane, which hands the connection over for good."""
YARD = {"playlist": "/playlist.m3u8", "part": "/part.m4s"}


@dataclass(frozen=True)
class Thing:
    """What is asked for: its names with us and with nginx. `encodings`: what the head accepts."""

    kind: str
    encodings: str
    ours: str
    theirs: str
    bytes: int


async def things(server: ServerProcess) -> tuple[list[Thing], dict[str, bytes]]:
    """What there is to ask for at this moment, and the files that nginx needs for it."""
    async with aiohttp.ClientSession(auto_decompress=False) as http:
        plain = await _body(http, server.base + PLAYLIST, "identity")
        part = (read(plain, PLAYLIST).last or b"").decode()
        media = await _body(http, server.base + part, "identity")
    packed = gzip.compress(plain, 6)
    files = {YARD["playlist"]: plain, YARD["playlist"] + ".gz": packed, YARD["part"]: media}
    every = "gzip, deflate, br, zstd"
    return [
        Thing("playlist", "identity", PLAYLIST, YARD["playlist"], len(plain)),
        Thing("playlist, gzip", every, PLAYLIST, YARD["playlist"], len(packed)),
        Thing("part", every, part, YARD["part"], len(media)),
    ], files


async def _body(http: aiohttp.ClientSession, url: str, encodings: str) -> bytes:
    async with http.get(url, headers={"Accept-Encoding": encodings}) as response:
        assert response.status == 200, (url, response.status)
        return await response.read()


@dataclass(frozen=True)
class Turn:
    outcome: Outcome
    server_cpu_percent: float
    server_core_percent: float
    generator_core_percent: float


async def turn(server: ServerProcess, target: str, thing: Thing, options: Any, *, first: str | None) -> Turn:
    """One server, one thing, for some seconds."""
    load = requests_load.wrk if options.generator == "wrk" else requests_load.own
    head = chrome(server.base.removeprefix("http://"), 7, encodings=thing.encodings)
    cpu = report.cpu_seconds(server.pid)
    cores = [report.core_times(core) for core in (SERVER_CORE, GENERATOR_CORE)]
    outcome = await load(
        server.base, target, head, connections=options.connections, seconds=options.seconds, first=first
    )
    busy = [report.core_times(core).since(cores[core]).busy_percent for core in (SERVER_CORE, GENERATOR_CORE)]
    return Turn(outcome, (report.cpu_seconds(server.pid) - cpu) / options.seconds * 100, *busy)


async def compare(fed: FedServer, options: Any) -> list[dict[str, Any]]:
    """Rows of every thing and lane. The newest part is taken each time, for parts go."""
    rows = []
    for kind in range(3):
        asked, files = await things(fed)
        thing = asked[kind]
        async with AsyncExitStack() as stack:
            yardstick = await stack.enter_async_context(nginx(files)) if version() else None
            turns: dict[str, list[Turn]] = {"nginx": [], "express": [], "aiohttp": []}
            for _ in range(options.rounds):
                thing = (await things(fed))[0][kind]
                if yardstick:
                    turns["nginx"].append(await turn(yardstick, thing.theirs, thing, options, first=None))
                turns["express"].append(await turn(fed, thing.ours, thing, options, first=None))
                turns["aiohttp"].append(await turn(fed, thing.ours, thing, options, first=AIOHTTP_FIRST))
        rows += [_row(thing, lane, turns, options) for lane in ("express", "aiohttp")]
    return rows


def _row(thing: Thing, lane: str, turns: Mapping[str, list[Turn]], options: Any) -> dict[str, Any]:
    ours, theirs = turns[lane], turns["nginx"]
    rate = statistics.median(one.outcome.requests_per_s for one in ours)
    yard = statistics.median(one.outcome.requests_per_s for one in theirs) if theirs else None
    return {
        "answer": thing.kind,
        "bytes": thing.bytes,
        "lane": lane,
        "requests_per_s": round(rate),
        "nginx_requests_per_s": None if yard is None else round(yard),
        "ratio": None if yard is None else rate / yard,
        "ratios": " ".join(
            f"{a.outcome.requests_per_s / b.outcome.requests_per_s:.2f}"
            for a, b in zip(ours, theirs, strict=False)
        ),
        "us_per_request": statistics.median(one.server_cpu_percent for one in ours) / rate * 1e4,
        "errors": sum(one.outcome.errors for one in ours),
        "server_cpu_percent": statistics.median(one.server_cpu_percent for one in ours),
        "server_core_percent": statistics.median(one.server_core_percent for one in ours),
        "generator_cpu_percent": statistics.median(one.outcome.generator_cpu_percent for one in ours),
        "generator_core_percent": statistics.median(one.generator_core_percent for one in ours),
        "nginx_core_percent": statistics.median([one.server_core_percent for one in theirs] or [0]),
        "nginx_generator_core_percent": statistics.median(
            [one.generator_core_percent for one in theirs] or [0]
        ),
        "generator": options.generator,
    }


async def run(options: Any) -> list[dict[str, Any]]:
    async with fed_server(
        "hls.window=6s", "hls.segment_target=1s", part_ms=250, part_bytes=options.part_bytes, history_s=40
    ) as fed:
        return await compare(fed, options)


def main(argv: list[str] | None = None) -> None:
    parser = report.arguments("live_requests", __doc__ or "", seconds=2)
    parser.add_argument("--rounds", type=int, default=3, help="how often the servers take turns")
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--part-bytes", type=int, default=50_000)
    parser.add_argument(
        "--generator", choices=["wrk", "own"], default="wrk" if requests_load.has_wrk() else "own"
    )
    options = parser.parse_args(argv)
    pin(GENERATOR_CORE)
    raise_file_limit()
    settings = {
        "seconds": options.seconds,
        "rounds": options.rounds,
        "connections": options.connections,
        "generator": options.generator,
    }
    yardstick = (
        {"name": "nginx", "version": version(), "settings": SETTINGS} if version() else {"name": "none"}
    )
    result = report.Result("live_requests", settings, yardstick)
    result.rows += uvloop.run(run(options))
    result.write(options.json)


if __name__ == "__main__":
    main()
