"""nginx over a folder, one process on one core: the yardstick of ranges, and the origin that fills a cache quickly."""

import asyncio
import contextlib
import os
import shutil
import signal
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

from bench.server_process import SERVER_CORE, ServerProcess, free_port, pin

SETTINGS = "one process, sendfile, tcp_nopush off, open_file_cache, keep-alive, no log"
_CONFIGURATION = """
daemon off; master_process off; pid {scratch}/pid; error_log {scratch}/error.log; worker_rlimit_nofile 20000;
events {{ worker_connections 16000; }}
http {{
  access_log off; sendfile on; tcp_nopush off; tcp_nodelay on; types {{ video/mp4 mp4; }}
  keepalive_requests 1000000000; keepalive_timeout 600s;
  open_file_cache max=1000 inactive=600s; open_file_cache_valid 600s; open_file_cache_min_uses 1;
  {temporary}
  server {{ listen 127.0.0.1:{port} backlog=4096; root {root}; }}
}}
"""
_TEMPORARY = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")


def version() -> str | None:
    """None: it is not installed."""
    program = shutil.which("nginx")
    if program is None:
        return None
    said = subprocess.run([program, "-v"], capture_output=True, text=True, check=True).stderr
    return said.strip().rpartition("/")[2]


@contextlib.asynccontextmanager
async def file_server(
    root: Path, scratch: Path, core: int | None = SERVER_CORE
) -> AsyncIterator[ServerProcess]:
    """`root` is served as it is, until the context ends; `scratch` is for its own files."""
    port = free_port()
    temporary = " ".join(f"{kind}_temp_path {scratch}/{kind};" for kind in _TEMPORARY)
    file = scratch / "nginx.conf"
    file.write_text(_CONFIGURATION.format(scratch=scratch, port=port, root=root, temporary=temporary))
    if os.geteuid() == 0:
        file.write_text(f"user root;{file.read_text()}")
    process = await asyncio.create_subprocess_exec(
        "nginx",
        "-e",
        str(scratch / "error.log"),
        "-c",
        str(file),
        preexec_fn=None if core is None else (lambda: pin(core)),
    )
    try:
        await listening(port, process)
        yield ServerProcess(process.pid, f"http://127.0.0.1:{port}")
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
        await process.wait()


async def listening(port: int, process: asyncio.subprocess.Process) -> None:
    """Until somebody answers there. RuntimeError: the process ended, or ten seconds did."""
    for _ in range(200):
        if process.returncode is not None:
            raise RuntimeError(f"the process ended with code {process.returncode}")
        with contextlib.suppress(OSError):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.close()
            return
        await asyncio.sleep(0.05)
    raise RuntimeError("it did not listen within 10 s")
