"""`python -m bench.ingest`: publishers and packets a second on one core; last packet of a part -> part listed."""

import asyncio
import os
import time
from itertools import product
from typing import Any

import aiohttp
import uvloop

from bench import report
from bench.clip import h264_clip
from bench.histogram import difference, quantile
from bench.server_process import GENERATOR_CORE, ServerProcess, edge_server, pin
from bench.webrtc_publisher import Publisher

WARM_UP_S = 5.0
FPS = 30


async def measure(publishers: int, bitrate: int, audio: str, seconds: float) -> dict[str, Any]:
    """One row: this many publishers for this long, their sound made into AAC or passed through."""
    clip = h264_clip(size=(1280, 720), fps=FPS, bitrate=bitrate, seconds=4, gop_s=1)
    async with (
        edge_server("webrtc.max_sessions=1000", f"audio.codec={audio}") as server,
        aiohttp.ClientSession() as http,
    ):
        crowd = [Publisher(clip, FPS) for _ in range(publishers)]
        for index, publisher in enumerate(crowd):
            await publisher.connect(http, f"{server.base}/whip/bench{index}")
        sending = [
            asyncio.create_task(publisher.run(WARM_UP_S + seconds + 1, phase_s=index / FPS / publishers))
            for index, publisher in enumerate(crowd)
        ]
        playable = await first_playlist(http, server, crowd[0])
        await asyncio.sleep(max(0.0, WARM_UP_S - playable))
        row = await window(http, server, crowd, seconds)
        await asyncio.gather(*sending)
        for publisher in crowd:
            await publisher.close(http)
    posts = [publisher.post_s * 1e3 for publisher in crowd]
    ends = {"post_p50_ms": report.percentile(posts, 0.5), "post_p99_ms": report.percentile(posts, 0.99)}
    return {
        "publishers": publishers,
        "bitrate": bitrate,
        "audio": audio,
        **row,
        **ends,
        "first_playlist_s": playable,
    }


async def window(
    http: aiohttp.ClientSession, server: ServerProcess, crowd: list[Publisher], seconds: float
) -> dict[str, float | int | None]:
    """What the server and the generator did in the next `seconds`."""
    before, sent = await server.metrics(http), sum(publisher.packets_sent for publisher in crowd)
    cpu, own_cpu, started = report.cpu_seconds(server.pid), report.cpu_seconds(os.getpid()), time.monotonic()
    await asyncio.sleep(seconds)
    took = time.monotonic() - started
    cpu, own_cpu = report.cpu_seconds(server.pid) - cpu, report.cpu_seconds(os.getpid()) - own_cpu
    after, sent = await server.metrics(http), sum(publisher.packets_sent for publisher in crowd) - sent
    received = difference(before, after, "edge_ingest_packets_total")
    step = "edge_live_listing_seconds"
    return {
        "packets_per_s": round(received / took),
        "packets_lost": max(0, round(sent - received)),
        "server_cpu_percent": cpu / took * 100,
        "cpu_us_per_packet": cpu / received * 1e6 if received else None,
        "packets_per_s_per_core": round(received / cpu) if cpu else None,
        "listed_p50_ms": _ms(quantile(before, after, step, 0.5)),
        "listed_p99_ms": _ms(quantile(before, after, step, 0.99)),
        "generator_cpu_percent": own_cpu / took * 100,
    }


async def first_playlist(http: aiohttp.ClientSession, server: ServerProcess, publisher: Publisher) -> float:
    """Seconds from the first key frame sent to the first playlist answered."""
    while not publisher.first_key_at:
        await asyncio.sleep(0.01)
    while True:
        async with http.get(f"{server.base}/live/bench0/main.m3u8") as response:
            if response.status == 200:
                return time.monotonic() - publisher.first_key_at
        await asyncio.sleep(0.02)


def _ms(seconds: float | None) -> float | None:
    return None if seconds is None else seconds * 1e3


def main() -> None:
    parser = report.arguments("ingest", __doc__ or "", seconds=15)
    parser.add_argument("--publishers", type=int, nargs="+", default=[1, 10, 20])
    parser.add_argument(
        "--bitrate", type=int, default=2_500_000, help="bits a second of each publisher's video"
    )
    parser.add_argument("--audio", nargs="+", default=["aac"], choices=["aac", "opus"], help="audio.codec")
    options = parser.parse_args()
    pin(GENERATOR_CORE)
    result = report.Result("ingest", {"fps": FPS, "seconds": options.seconds}, {"name": "none"})
    for publishers, audio in product(options.publishers, options.audio):
        result.rows.append(uvloop.run(measure(publishers, options.bitrate, audio, options.seconds)))
    result.write(options.json)


if __name__ == "__main__":
    main()
