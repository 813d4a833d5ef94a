import os
import shutil

import pytest

from bench import wrk
from bench.file_server import file_server


def test_a_file_of_noise(tmp_path):
    wrk.fill(tmp_path / "a", 2 * 1024**2)
    assert (tmp_path / "a").stat().st_size == 2 * 1024**2


async def test_ranges_of_a_file_are_asked_for_and_counted(tmp_path, monkeypatch):
    if not (wrk.is_there() and shutil.which("nginx")):
        with pytest.raises((FileNotFoundError, RuntimeError)):
            async with file_server(tmp_path, tmp_path, core=None) as server:
                await wrk.ranges(server, "/film.mp4", size=65_536, of=1024**2, seconds=0.2)
        return
    monkeypatch.setattr(wrk, "pin", lambda _: None)
    wrk.fill(tmp_path / "film.mp4", 1024**2)
    os.chmod(tmp_path, 0o755)
    async with file_server(tmp_path, tmp_path, core=None) as server:
        load = await wrk.ranges(server, "/film.mp4", size=65_536, of=1024**2, seconds=0.5)
        assert load.errors == 0
        assert load.requests_per_s > 100
        assert load.bytes_per_s / load.requests_per_s == pytest.approx(65_536 + 300, rel=0.01), (
            "ranges, not the whole"
        )
        assert (await wrk.ranges(server, "/none.mp4", size=65_536, of=1024**2, seconds=0.2)).errors > 0
