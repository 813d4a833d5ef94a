"""Tests run the text that is here, not what was compiled of it, unless they set EDGE_PURE to nothing."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

os.environ.setdefault("EDGE_PURE", "1")

TESTS = Path(__file__).parent
ROOT = TESTS.parent
ROOMS = ("media", "rtp", "fmp4", "hls", "live")
INGEST = ("ingest_fragment", "intake", "opus_path", "pump", "reach", "still_pictures", "tally")
TIMED = ("bench", "e2e")
"""Folders whose tests measure time: `alone`, as some files elsewhere say of themselves."""


class Tree:
    """A copy of the sources and of some tests, where the hot modules may be compiled."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.edge = folder / "edge"
        unwanted = shutil.ignore_patterns("__pycache__", "node_modules", "vendor", "_compiled")
        shutil.copytree(ROOT / "edge", self.edge, ignore=unwanted)

    def run(self, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Python, in this folder."""
        with self.start(*words, **environment) as process:
            return finished(process)

    def start(self, *words: str, before: tuple[str, ...] = (), **environment: str) -> subprocess.Popen[str]:
        """`before`: what stands before Python in the command."""
        own = {"PYTHONPATH": str(self.folder), "EDGE_PURE": "", "PYTHONDONTWRITEBYTECODE": "1"}
        return subprocess.Popen(
            [*before, sys.executable, *words],
            cwd=self.folder,
            env=os.environ | own | environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )


def finished(process: subprocess.Popen[str]) -> subprocess.CompletedProcess[str]:
    try:
        out, err = process.communicate(timeout=600)
    except BaseException:
        process.kill()
        raise
    return subprocess.CompletedProcess(process.args, process.returncode, out, err)


class Compiling:
    """mypyc, and the tests of its rooms: over a minute of a core, that of the moments when other tests wait.

    It begins with the first test, and whoever wants it waits for what is left of it.
    """

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="edge-compiled-", ignore_cleanup_errors=True)
        self._tree = Tree(Path(self._folder.name))
        for room in (*ROOMS, "ingest"):
            shutil.copytree(TESTS / room, self._tree.folder / "tests" / room)
        shutil.copy(ROOT / "pyproject.toml", self._tree.folder)
        (self._tree.folder / "tests/conftest.py").write_text(
            "from edge.compiled import is_compiled\nassert is_compiled()\n"
        )
        tests = [*(f"tests/{room}" for room in ROOMS), *(f"tests/ingest/test_{name}.py" for name in INGEST)]
        self._process: subprocess.Popen[str] | None = None
        self._thread = ThreadPoolExecutor(1)
        self._made = self._thread.submit(self._run, "-m", "edge.compile")
        self._tested = self._thread.submit(self._run, "-m", "pytest", "-q", "-p", "no:cacheprovider", *tests)

    def _run(self, *words: str) -> subprocess.CompletedProcess[str]:
        with self._tree.start(*words, before=("nice", "-n", "19")) as self._process:
            return finished(self._process)

    def tree(self) -> Tree:
        """Compiled."""
        done = self._made.result()
        assert done.returncode == 0, done.stderr
        return self._tree

    def tests(self) -> subprocess.CompletedProcess[str]:
        """Of the rooms that were compiled, and of those above, which ran machine code."""
        return self._tested.result()

    def close(self) -> None:
        self._thread.shutdown(wait=False, cancel_futures=True)
        if self._process is not None:
            self._process.kill()
        self._thread.shutdown()
        self._folder.cleanup()


@pytest.fixture(scope="session")
def compiling(pytestconfig) -> Compiling:
    return pytestconfig.stash[COMPILING]


@pytest.fixture(scope="session")
def compiled_tree(compiling) -> Tree:
    return compiling.tree()


@pytest.fixture
def text_tree(tmp_path) -> Tree:
    return Tree(tmp_path)


COMPILING = pytest.StashKey[Compiling]()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.relative_to(TESTS).parts[0] in TIMED:
            item.add_marker(pytest.mark.alone)


@pytest.hookimpl(wrapper=True)
def pytest_runtestloop(session: pytest.Session) -> Iterator[None]:
    items = getattr(session, "items", ())  # none where others run them
    wanted = any("compiling" in getattr(item, "fixturenames", ()) for item in items)
    if not wanted or session.config.option.collectonly:
        return (yield)
    session.config.stash[COMPILING] = compiling = Compiling()
    try:
        return (yield)
    finally:
        compiling.close()
