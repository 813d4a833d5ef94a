"""`python -m bench.soak`: half load for an hour, viewers coming and going; memory, tasks and file handles stay flat.

Ends with 1 where they do not: the last quarter of the run is compared with its second quarter, for the first one warms up.
"""

import asyncio
import gc
import statistics
import sys
import time
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

import uvloop

from bench import report
from bench.arrivals import latency
from bench.crowd import Crowd
from bench.server_process import (
    GENERATOR_CORE,
    FedServer,
    fed_server,
    open_files,
    pin,
    raise_file_limit,
    resident_bytes,
)
from bench.viewer import BEHAVIOURS, Stream

GROWTH = {"resident_bytes": 0.05, "tasks": 0.02, "open_files": 0.02}
"""By how much the last quarter may be above the second."""


def not_flat(rows: Sequence[dict[str, Any]]) -> list[str]:
    """A sentence for each thing that grew, and for errors; of fewer than eight rows nothing can be said."""
    faults = [f"{row['errors']} errors after {row['after_s']:.0f} s" for row in rows if row["errors"]]
    quarter = len(rows) // 4
    if quarter < 2:
        return faults
    for name, allowed in GROWTH.items():
        early = statistics.median(row[name] for row in rows[quarter : 2 * quarter])
        late = statistics.median(row[name] for row in rows[-quarter:])
        if late > early * (1 + allowed) + 1:
            faults.append(f"{name} grew from {early:.0f} to {late:.0f}")
    return faults


async def soak(options: Any) -> list[dict[str, Any]]:
    async with fed_server(part_ms=options.part_ms, part_bytes=options.part_bytes, history_s=140) as server:
        address = urlsplit(server.base)
        stream = Stream("/live/s0/index.m3u8")
        crowd = Crowd(address.hostname or "", address.port or 0, [stream], options.viewers, options.behaviour)
        await crowd.join()
        gc.collect()
        gc.freeze()
        rows: list[dict[str, Any]] = []
        started = time.monotonic()
        while time.monotonic() - started < options.seconds:
            rows.append(await _interval(server, crowd, options, started))
            print(report.table(rows[-1:]).splitlines()[-1], flush=True)
        await crowd.leave()
        return rows


async def _interval(server: FedServer, crowd: Crowd, options: Any, started: float) -> dict[str, Any]:
    """One row: what happened in `options.every` seconds, some viewers of each second leaving and coming."""
    since, cpu, own = time.monotonic(), report.cpu_seconds(server.pid), time.process_time()
    faults = sum(crowd.tally.errors.values())
    while (left := since + options.every - time.monotonic()) > 0:
        await asyncio.sleep(min(1.0, left))
        await crowd.churn(options.churn)
    took = time.monotonic() - since
    cpu, own = report.cpu_seconds(server.pid) - cpu, time.process_time() - own
    arrivals = crowd.tally.arrivals
    complete = {target: part.complete for target, part in server.parts.items()}
    had = {target: len(times) for target, times in arrivals.by_part.items()}
    spread = latency(complete, arrivals, had, since - 1, since + took - 1)
    for target, at in complete.items():
        if at < since + took - 1:
            server.parts.pop(target)
            arrivals.by_part.pop(target, None)
    return {
        "after_s": time.monotonic() - started,
        "resident_bytes": resident_bytes(server.pid),
        "tasks": server.tasks[-1] if server.tasks else 0,
        "open_files": open_files(server.pid),
        "p50_ms": spread.percentile_ms(0.5),
        "p99_ms": spread.percentile_ms(0.99),
        "errors": sum(crowd.tally.errors.values()) - faults,
        "server_cpu_percent": cpu / took * 100,
        "generator_cpu_percent": own / took * 100,
    }


def main(argv: list[str] | None = None) -> int:
    parser = report.arguments("soak", __doc__ or "", seconds=3600)
    parser.add_argument("--viewers", type=int, default=2000)
    parser.add_argument("--behaviour", default="hls.js", choices=list(BEHAVIOURS))
    parser.add_argument("--churn", type=int, default=20, help="viewers that leave and come back each second")
    parser.add_argument("--every", type=float, default=10, help="seconds of one row")
    parser.add_argument("--part-ms", type=int, default=200)
    parser.add_argument("--part-bytes", type=int, default=25_000)
    options = parser.parse_args(argv)
    pin(GENERATOR_CORE)
    raise_file_limit()
    settings = {
        name: getattr(options, name) for name in ("seconds", "viewers", "behaviour", "churn", "part_ms")
    }
    result = report.Result("soak", settings, {"name": "none"}, uvloop.run(soak(options)))
    result.write(options.json)
    faults = not_flat(result.rows)
    print("\n".join(faults) or "flat")
    return bool(faults)


if __name__ == "__main__":
    sys.exit(main())
