import subprocess
import sys
from pathlib import Path

import pytest

CACHE, SERVER = (str(Path(__file__).with_name(name)) for name in ("full_disk.py", "full_disk_server.py"))


def kept(command):
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return int(done.stdout.split()[-1])


@pytest.mark.parametrize("script", [CACHE, SERVER], ids=["cache", "server"])
def test_a_full_disk_is_passed_by(tmp_path, script):
    mount = f"mount -t tmpfs -o size=8m none {tmp_path}"
    if subprocess.run(["unshare", "-rm", "sh", "-c", mount], capture_output=True, check=False).returncode:
        assert kept([sys.executable, script, str(tmp_path), "limited"]) == 0
    else:
        used = kept(["unshare", "-rm", "sh", "-c", f"{mount} && {sys.executable} {script} {tmp_path}"])
        assert 4_000_000 < used < 8_400_000


@pytest.mark.parametrize("script", [CACHE, SERVER], ids=["cache", "server"])
def test_files_that_may_not_grow_are_passed_by(tmp_path, script):
    assert kept([sys.executable, script, str(tmp_path), "limited"]) == 0
