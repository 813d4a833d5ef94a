"""nginx as the yardstick: one process on the server's core, the same bytes from tmpfs, its own best settings."""

import asyncio
import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

from bench.server_process import SERVER_CORE, ServerProcess, free_port, pin

SETTINGS = (
    "one process, files on tmpfs, sendfile, tcp_nopush off, open_file_cache, keep-alive, gzip_static, no log"
)

_CONFIGURATION = """
daemon off; master_process off; pid {folder}/pid; error_log {folder}/error.log; worker_rlimit_nofile 20000;
events {{ worker_connections 16000; }}
http {{
  access_log off; sendfile on; tcp_nopush off; tcp_nodelay on; gzip_static on;
  keepalive_requests 1000000000; keepalive_timeout 600s;
  open_file_cache max=1000 inactive=600s; open_file_cache_valid 600s; open_file_cache_min_uses 1;
  types {{ application/vnd.apple.mpegurl m3u8; video/mp4 m4s mp4; }}
  {temporary}
  server {{ listen 127.0.0.1:{port} backlog=4096; root {folder}/root; }}
}}
"""
_TEMPORARY = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")


def version() -> str | None:
    """None: it is not installed."""
    program = shutil.which("nginx")
    if program is None:
        return None
    return (
        subprocess.run([program, "-v"], capture_output=True, text=True, check=True)
        .stderr.strip()
        .rpartition("/")[2]
    )


@contextlib.asynccontextmanager
async def nginx(files: Mapping[str, bytes], core: int | None = SERVER_CORE) -> AsyncIterator[ServerProcess]:
    """Serves `files` by their paths, until the context ends. Needs /dev/shm, else the temporary folder."""
    memory = "/dev/shm" if Path("/dev/shm").is_dir() else None
    with tempfile.TemporaryDirectory(dir=memory, prefix="bench-nginx-") as name:
        folder = Path(name)
        for path, body in files.items():
            file = folder / "root" / path.lstrip("/")
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(body)
        os.chmod(folder, 0o755)
        port = free_port()
        temporary = " ".join(f"{kind}_temp_path {folder}/{kind};" for kind in _TEMPORARY)
        file = folder / "nginx.conf"
        file.write_text(_CONFIGURATION.format(folder=folder, port=port, temporary=temporary))
        process = await asyncio.create_subprocess_exec(
            "nginx", "-e", str(folder / "error.log"), "-c", str(file),
            preexec_fn=None if core is None else (lambda: pin(core)),
        )  # fmt: skip
        try:
            await _listens(port, process)
            yield ServerProcess(process.pid, f"http://127.0.0.1:{port}")
        finally:
            if process.returncode is None:
                process.send_signal(signal.SIGTERM)
            await process.wait()


async def _listens(port: int, process: asyncio.subprocess.Process) -> None:
    for _ in range(200):
        if process.returncode is not None:
            raise RuntimeError(f"nginx ended with code {process.returncode}")
        with contextlib.suppress(OSError):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.close()
            return
        await asyncio.sleep(0.05)
    raise RuntimeError("nginx did not listen within 10 s")
