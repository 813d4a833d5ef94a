"""`python -m bench.generator`: how much the viewers of `bench.viewers` can ask, against nginx, which never holds them.

The same connections, heads and code as in `bench.viewers`: a playlist, the part that it announces, the playlist again.
Where nginx is the busier of the two, the generator could ask for more still.
"""

import asyncio
import gc
import time
from typing import Any
from urllib.parse import urlsplit

import uvloop

from bench import report
from bench.crowd import Crowd
from bench.nginx import SETTINGS, nginx, version
from bench.server_process import GENERATOR_CORE, SERVER_CORE, pin, raise_file_limit
from bench.viewer import BEHAVIOURS, Connection, HlsJsViewer, Stream

PLAYLIST = """#EXTM3U
#EXT-X-VERSION:10
#EXT-X-TARGETDURATION:2
#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,CAN-SKIP-UNTIL=12.0,PART-HOLD-BACK=0.60000
#EXT-X-PART-INF:PART-TARGET=0.20000
#EXT-X-MEDIA-SEQUENCE:7
#EXT-X-MAP:URI="p/init0.mp4"
"""


class RestlessViewer(HlsJsViewer):
    """As HlsJsViewer, but the newest part is taken again with every playlist: nothing new ever comes."""

    def _listed(self, connection: Connection) -> None:
        self._part = None
        super()._listed(connection)


BEHAVIOURS["restless"] = RestlessViewer


def files(part_bytes: int) -> dict[str, bytes]:
    """A stream of one part, and as many lines as a playlist has."""
    lines = [f"#EXTINF:2.00000,\np/{msn}.m4s\n" for msn in range(7, 37)]
    text = PLAYLIST + "".join(lines) + '#EXT-X-PART:DURATION=0.20000,URI="p/part1.m4s"\n'
    return {"/live/s0/main.m3u8": text.encode(), "/live/s0/p/part1.m4s": bytes(part_bytes)}


async def measure(options: Any) -> dict[str, Any]:
    async with nginx(files(options.part_bytes)) as server:
        address = urlsplit(server.base)
        crowd = Crowd(
            address.hostname or "",
            address.port or 0,
            [Stream("/live/s0/main.m3u8")],
            options.viewers,
            "restless",
        )
        await crowd.join()
        await asyncio.sleep(min(1.0, options.seconds))
        gc.collect()
        gc.freeze()
        times = crowd.tally.arrivals.by_part[b"/live/s0/p/part1.m4s"]
        parts, requests, cpu = len(times), crowd.tally.requests, report.cpu_seconds(server.pid)
        gc.disable()
        own, since = time.process_time(), time.monotonic()
        cores = [report.core_times(core) for core in (SERVER_CORE, GENERATOR_CORE)]
        await asyncio.sleep(options.seconds)
        took, own = time.monotonic() - since, time.process_time() - own
        cores = [report.core_times(core).since(cores[core]) for core in (SERVER_CORE, GENERATOR_CORE)]
        gc.enable()
        parts, requests = len(times) - parts, crowd.tally.requests - requests
        cpu = report.cpu_seconds(server.pid) - cpu
        await crowd.leave()
        return {
            "viewers": options.viewers,
            "part_bytes": options.part_bytes,
            "parts_per_s": round(parts / took),
            "requests_per_s": round(requests / took),
            "errors": sum(crowd.tally.errors.values()),
            "generator_us_per_part": own / parts * 1e6 if parts else None,
            "generator_cpu_percent": own / took * 100,
            "generator_core_percent": cores[GENERATOR_CORE].busy_percent,
            "nginx_cpu_percent": cpu / took * 100,
            "nginx_core_percent": cores[SERVER_CORE].busy_percent,
            "others_cpu_percent": report.uncharged_percent(cores, cpu + own, took),
        }


def main(argv: list[str] | None = None) -> None:
    parser = report.arguments("generator", __doc__ or "", seconds=10)
    parser.add_argument("--viewers", type=int, default=4000)
    parser.add_argument("--part-bytes", type=int, default=25_000)
    options = parser.parse_args(argv)
    pin(GENERATOR_CORE)
    raise_file_limit()
    yardstick = {"name": "nginx", "version": version(), "settings": SETTINGS}
    result = report.Result("generator", {"seconds": options.seconds}, yardstick)
    result.rows.append(uvloop.run(measure(options)))
    result.write(options.json)


if __name__ == "__main__":
    main()
