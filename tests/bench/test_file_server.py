import asyncio
import shutil
import sys

import aiohttp
import pytest

from bench.file_server import file_server, listening, version


async def test_a_folder_is_served_by_range(tmp_path):
    if version() is None:
        assert shutil.which("nginx") is None
        return
    (tmp_path / "root").mkdir()
    (tmp_path / "root" / "a.mp4").write_bytes(bytes(range(100)))
    tmp_path.chmod(0o755)
    async with (
        file_server(tmp_path / "root", tmp_path, core=None) as server,
        aiohttp.ClientSession() as http,
        http.get(f"{server.base}/a.mp4", headers={"Range": "bytes=5-7"}) as answer,
    ):
        assert (answer.status, await answer.read()) == (206, b"\5\6\7")
        assert answer.headers["ETag"].startswith('"')


async def test_a_process_that_ends_is_told():
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", "raise SystemExit(3)")
    await process.wait()
    with pytest.raises(RuntimeError, match="code 3"):
        await listening(1, process)
