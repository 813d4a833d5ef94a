"""`python -m bench.start`: `edge serve` begins -> /readyz says yes, with a cold cache and with a warm one; and until
all blocks on disk are known, for which only those wait who ask for an asset.
"""

import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import Any

from bench import report
from bench.server_process import GENERATOR_CORE, SERVER_CORE, free_port, pin
from edge.vod.asset import Asset, BlockKey
from edge.vod.asset_log import AssetLog
from edge.vod.asset_row import moment, row
from edge.vod.block_file import StoredBlock, file_name
from edge.vod.block_store import BlockStore

BLOCK_BYTES = 4096
LOOK_EVERY_S = 0.002


def fill(cache: Path, blocks: int, *, are_empty: bool = False) -> None:
    """As many real blocks, small ones: a start opens none of them. `are_empty`: files with nothing in them,
    which are sooner made.
    """
    store = BlockStore(cache)
    store.take()
    every = [StoredBlock(BlockKey(f"film{number // 1000}.mp4", '"v1"', number % 1000, "far"), BLOCK_BYTES, False)
             for number in range(blocks)]  # fmt: skip
    octets = bytes(BLOCK_BYTES)
    for block in every:
        if are_empty:
            touch(cache / "blocks" / file_name(block.key))
        else:
            assert store.write(block, [octets])
    store.remember(every)
    store.close()
    said = AssetLog(cache / "assets.log", 2**24)
    for name in sorted({block.key.asset for block in every}):
        said.append(row(Asset(name, 1000 * 2**20, '"v1"', None, "video/mp4", "far"), moment()))
    said.close()


def touch(path: Path) -> None:
    path.parent.mkdir(exist_ok=True)
    path.touch()


def start(cache: Path, checkout: Path | None, *, is_log_lost: bool) -> dict[str, Any]:
    """One start, and an end by its id. `checkout`: of another than this one. `is_log_lost`: each block is opened."""
    if is_log_lost:
        (cache / "index.log").unlink()
    port = free_port()
    origin = '[{kind="http", name="far", mirrors=["http://127.0.0.1:9"]}]'
    settings = (f"server.listen=127.0.0.1:{port}", f"vod.cache_dir={cache}", f"vod.origins={origin}", "server.log_level=warning")  # fmt: skip
    flags = [flag for setting in settings for flag in ("--set", setting)]
    began = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, "-m", "edge", "serve", *flags],
        cwd=checkout,
        preexec_fn=lambda: pin(SERVER_CORE),
    )
    try:
        ready_s = _until_ready(process, port) - began
        waited_s = _waited_s(process.pid)
        known_at, blocks = _until_known(process, port)
        cpu_s = report.cpu_seconds(process.pid)
    finally:
        process.send_signal(signal.SIGINT)
        process.wait()
    return {
        "ready_s": ready_s,
        "waited_s": waited_s,
        "blocks_known_s": known_at - began,
        "known_blocks": blocks,
        "server_cpu_s": cpu_s,
    }


def _until_ready(process: subprocess.Popen[bytes], port: int) -> float:
    while process.poll() is None:
        try:
            with socket.create_connection(("127.0.0.1", port), 1) as one:
                one.sendall(b"GET /readyz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
                if one.recv(100).startswith(b"HTTP/1.1 200"):
                    return time.monotonic()
        except OSError:
            pass
        time.sleep(LOOK_EVERY_S)
    raise RuntimeError(f"the server ended with code {process.returncode}")


def _waited_s(pid: int) -> float:
    """For how long its main thread might have run, had others left it a core."""
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[1]) / 1e9


def _until_known(process: subprocess.Popen[bytes], port: int) -> tuple[float, int]:
    """By the metric that is set when all are; and how many."""
    while process.poll() is None:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics") as answer:
            lines = answer.read().decode().splitlines()
        held = next(line for line in lines if line.startswith("edge_vod_held_blocks "))
        if (blocks := round(float(held.split()[1]))) > 0:
            return time.monotonic(), blocks
        time.sleep(10 * LOOK_EVERY_S)
    raise RuntimeError(f"the server ended with code {process.returncode}")


def main(argv: list[str] | None = None) -> None:
    parser = report.arguments("start", __doc__ or "")
    parser.add_argument("--blocks", type=int, nargs="+", default=[1, 100_000])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--checkout", type=Path, help="measure the server of another checkout than this one")
    parser.add_argument("--log-lost", action="store_true", help="what is on disk has to tell itself")
    options = parser.parse_args(argv)
    pin(GENERATOR_CORE)
    result = report.Result("start", {"rounds": options.rounds}, {"name": "none"})
    with tempfile.TemporaryDirectory() as folder:
        caches = {blocks: Path(folder, str(blocks)) for blocks in options.blocks}
        for blocks, cache in caches.items():
            fill(cache, blocks)
        rounds = [
            {
                blocks: start(cache, options.checkout, is_log_lost=options.log_lost)
                for blocks, cache in caches.items()
            }
            for _ in range(options.rounds)
        ]
    for blocks in options.blocks:
        starts = [one[blocks] for one in rounds]
        middle = {key: report.percentile([one[key] for one in starts], 0.5) for key in starts[0]}
        result.rows.append(
            {"blocks": blocks, **middle, "slowest_ready_s": max(one["ready_s"] for one in starts)}
        )
    result.write(options.json)


if __name__ == "__main__":
    main()
