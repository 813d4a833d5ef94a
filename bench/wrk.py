"""wrk with ranges: as many requests as a server answers, and how busy wrk was."""

import asyncio
import os
import re
import resource
import shutil
import tempfile
from pathlib import Path
from typing import NamedTuple

from bench import report
from bench.server_process import GENERATOR_CORE, ServerProcess, pin

_SCRIPT = """
local size, blocks = {size}, {blocks}
math.randomseed(7)
request = function()
  local first = math.random(0, blocks - 1) * size
  return wrk.format("GET", nil, {{ ["Range"] = "bytes=" .. first .. "-" .. (first + size - 1) }})
end
done = function(summary, latency, requests)
  local errors = summary.errors
  io.write(string.format("told %d %d %d %d\\n", summary.requests, summary.bytes, summary.duration,
    errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
"""
_TOLD = re.compile(r"told (\d+) (\d+) (\d+) (\d+)")


class Load(NamedTuple):
    """CPU in percent of one core, of the server and of wrk."""

    requests_per_s: float
    bytes_per_s: float
    errors: int
    server_cpu_percent: float
    generator_cpu_percent: float


def is_there() -> bool:
    return shutil.which("wrk") is not None


async def ranges(
    server: ServerProcess, path: str, *, size: int, of: int, seconds: float, connections: int = 32
) -> Load:
    """Ranges of `size` octets of an asset of `of`, aligned, at random, on connections that stay open; whole seconds."""
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write(_SCRIPT.format(size=size, blocks=of // size))
        script.flush()
        before, used = report.cpu_seconds(server.pid), _children_s()
        process = await asyncio.create_subprocess_exec(
            "wrk", "-t1", f"-c{connections}", f"-d{max(round(seconds), 1)}s", "-s", script.name, f"{server.base}{path}",
            stdout=asyncio.subprocess.PIPE, preexec_fn=lambda: pin(GENERATOR_CORE),
        )  # fmt: skip
        out, _ = await process.communicate()
    match = _TOLD.search(out.decode())
    if match is None:
        raise RuntimeError(f"wrk said nothing that is understood:\n{out.decode()}")
    requests, octets, microseconds, errors = map(int, match.groups())
    took_s = microseconds / 1e6
    return Load(
        requests / took_s,
        octets / took_s,
        errors,
        (report.cpu_seconds(server.pid) - before) / took_s * 100,
        (_children_s() - used) / took_s * 100,
    )


def _children_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def fill(path: Path, octets: int) -> None:
    """A file of noise."""
    with path.open("wb") as file:
        for _ in range(0, octets, 1024**2):
            file.write(os.urandom(1024**2))
