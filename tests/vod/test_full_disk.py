import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SCRIPTS = ("full_disk.py", "full_disk_server.py", "small_disk.py")
CACHE, SERVER, SMALL = (str(Path(__file__).with_name(name)) for name in SCRIPTS)


def kept(command):
    ours = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, env=ours)
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


def test_a_full_disk_still_keeps_what_is_asked_for(tmp_path):
    mount = f"mount -t tmpfs -o size=8m none {tmp_path}"
    if not subprocess.run(["unshare", "-rm", "sh", "-c", mount], capture_output=True, check=False).returncode:
        asked = kept(["unshare", "-rm", "sh", "-c", f"{mount} && {sys.executable} {SMALL} {tmp_path}"])
        assert asked == 0


@pytest.mark.parametrize("script", [CACHE, SERVER], ids=["cache", "server"])
def test_files_that_may_not_grow_are_passed_by(tmp_path, script):
    assert kept([sys.executable, script, str(tmp_path), "limited"]) == 0
