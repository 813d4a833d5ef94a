"""`python -m bench.ingest`: publishers and packets a second on one core; last packet of a part -> part listed."""

import asyncio
import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

import aiohttp
import uvloop

from bench import report
from bench.clip import h264_clip
from bench.histogram import difference, quantile
from bench.server_process import GENERATOR_CORE, ServerProcess, edge_server, pin
from bench.webrtc_publisher import Publisher

WARM_UP_S = 5.0
FPS = 30
CLIP_S = 6
POLL_S = 0.005
POSTS = 100
POSTS_PER_S = 20


class Load(NamedTuple):
    """One row: this many publishers, their sound made into AAC or passed through, sent to which checkout."""

    publishers: int
    bitrate: int
    audio: str
    checkout: Path


async def measure(load: Load, seconds: float) -> dict[str, Any]:
    """The row of this load."""
    async with (
        edge_server(
            "webrtc.max_sessions=1000",
            "limits.overload_lag=10s",
            f"audio.codec={load.audio}",
            checkout=load.checkout,
        ) as server,
        aiohttp.ClientSession() as http,
        connected(http, server, load) as crowd,
    ):
        running_s = WARM_UP_S + seconds + POSTS / POSTS_PER_S + 2
        sending = [
            asyncio.create_task(publisher.run(running_s, phase_s=index / FPS / load.publishers))
            for index, publisher in enumerate(crowd)
        ]
        starting = await start_up(http, server, crowd[0])
        await asyncio.sleep(max(0.0, WARM_UP_S - (starting["first_playlist_s"] or 0)))
        row = await window(http, server, crowd, seconds)
        ends = await posts(http, server)
        await asyncio.gather(*sending)
    return {**load._asdict(), "checkout": load.checkout.name, **row, **starting, **ends}


@asynccontextmanager
async def connected(
    http: aiohttp.ClientSession, server: ServerProcess, load: Load
) -> AsyncIterator[list[Publisher]]:
    clip = h264_clip(size=(1280, 720), fps=FPS, bitrate=load.bitrate, seconds=CLIP_S, gop_s=CLIP_S)
    crowd = [Publisher(clip, FPS) for _ in range(load.publishers)]
    for index, publisher in enumerate(crowd):
        await publisher.connect(http, f"{server.base}/whip/bench{index}")
    yield crowd
    for publisher in crowd:
        await publisher.close(http)


async def window(
    http: aiohttp.ClientSession, server: ServerProcess, crowd: list[Publisher], seconds: float
) -> dict[str, float | int | None]:
    """What the server and the generator did in the next `seconds`."""
    before, sent = await server.metrics(http), sum(publisher.packets_sent for publisher in crowd)
    used, own_cpu, started = cpu(server.pid), report.cpu_seconds(os.getpid()), time.monotonic()
    await asyncio.sleep(seconds)
    took = time.monotonic() - started
    spent, own_cpu = cpu(server.pid).since(used), report.cpu_seconds(os.getpid()) - own_cpu
    sent = sum(publisher.packets_sent for publisher in crowd) - sent
    after = await server.metrics(http)
    lost = difference(before, after, "edge_ingest_packets_total", result="lost")
    lost += difference(before, after, "edge_ingest_kernel_dropped_datagrams")
    received = max(1, sent - lost)
    step = "edge_live_listing_seconds"
    return {
        "packets_per_s": round(received / took),
        "packets_lost": round(lost),
        "server_cpu_percent": spent.all_s / took * 100,
        "cpu_us_per_packet": spent.all_s / received * 1e6,
        "loop_cpu_us_per_packet": spent.loop_s / received * 1e6,
        "threads_cpu_percent_per_publisher": (spent.all_s - spent.loop_s) / took / len(crowd) * 100,
        "packets_per_s_per_core": round(received / spent.all_s),
        "wake_ups_per_s": round(spent.wake_ups / took),
        "listed_p50_ms": _ms(quantile(before, after, step, 0.5)),
        "listed_p99_ms": _ms(quantile(before, after, step, 0.99)),
        "generator_cpu_percent": own_cpu / took * 100,
    }


class Cpu(NamedTuple):
    """Seconds that all threads of a process ran, and those of its first, which is the event loop's."""

    all_s: float
    loop_s: float
    wake_ups: int

    def since(self, before: "Cpu") -> "Cpu":
        return Cpu(*(now - then for now, then in zip(self, before, strict=True)))


def cpu(pid: int) -> Cpu:
    """By the scheduler's own clock (nanoseconds), not by its ticks. Threads that ended are not in it."""
    tasks = Path(f"/proc/{pid}/task")
    ran = {int(task.name): int((task / "schedstat").read_text().split()[0]) / 1e9 for task in tasks.iterdir()}
    status = (tasks / str(pid) / "status").read_text().splitlines()
    switches = next(int(line.split()[1]) for line in status if line.startswith("voluntary_ctxt_switches"))
    return Cpu(sum(ran.values()), ran[pid], switches)


async def start_up(
    http: aiohttp.ClientSession, server: ServerProcess, publisher: Publisher
) -> dict[str, float | None]:
    """Seconds from the first key frame sent to the first part made, and to the first playlist answered.

    Both are a little late: they are asked for again and again.
    """
    while not publisher.first_key_at:
        await asyncio.sleep(POLL_S)
    part_s = None
    while True:
        if part_s is None:
            async with http.get(f"{server.base}/api/v1/streams/bench0") as response:
                if response.status == 200 and (await response.json())["part"] is not None:
                    part_s = time.monotonic() - publisher.first_key_at
        else:
            async with http.get(f"{server.base}/live/bench0/main.m3u8") as response:
                if response.status == 200:
                    playlist_s = time.monotonic() - publisher.first_key_at
                    return {"first_part_s": part_s, "first_playlist_s": playlist_s}
        await asyncio.sleep(POLL_S)


async def posts(http: aiohttp.ClientSession, server: ServerProcess) -> dict[str, float | int | None]:
    """POST to 201 and DELETE to 200, again and again while all publish."""
    took_ms = []
    for index in range(POSTS):
        visitor = Publisher([], FPS)
        await visitor.post(http, f"{server.base}/whip/visitor{index}")
        took_ms.append(visitor.post_s * 1e3)
        async with http.delete(visitor.resource) as response:
            assert response.status == 200
        await asyncio.sleep(1 / POSTS_PER_S)
    return {
        "posts": POSTS,
        "post_p50_ms": report.percentile(took_ms, 0.5),
        "post_p99_ms": report.percentile(took_ms, 0.99),
    }


def _ms(seconds: float | None) -> float | None:
    return None if seconds is None else seconds * 1e3


def main() -> None:
    parser = report.arguments("ingest", __doc__ or "", seconds=15)
    parser.add_argument("--publishers", type=int, nargs="+", default=[1, 10, 20])
    parser.add_argument(
        "--bitrate", type=int, default=2_500_000, help="bits a second of each publisher's video"
    )
    parser.add_argument(
        "--audio", nargs="+", default=["opus", "aac"], choices=["aac", "opus"], help="audio.codec"
    )
    parser.add_argument(
        "--checkouts", type=Path, nargs="+", default=[Path.cwd()], help="whose server to measure, in turns"
    )
    parser.add_argument("--rounds", type=int, default=1, help="how often each row is measured")
    options = parser.parse_args()
    pin(GENERATOR_CORE)
    result = report.Result("ingest", {"fps": FPS, "seconds": options.seconds}, {"name": "none"})
    loads = product(
        options.publishers, [options.bitrate], options.audio, range(options.rounds), options.checkouts
    )
    for publishers, bitrate, audio, _, checkout in loads:
        load = Load(publishers, bitrate, audio, checkout.resolve())
        result.rows.append(uvloop.run(measure(load, options.seconds)))
    result.write(options.json)


if __name__ == "__main__":
    main()
