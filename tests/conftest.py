"""Tests run the text that is here, not what was compiled of it, unless they set EDGE_PURE to nothing."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

os.environ.setdefault("EDGE_PURE", "1")

ROOT = Path(__file__).parents[1]


class Tree:
    """A copy of the sources and of some tests, where the hot modules may be compiled."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.edge = folder / "edge"
        unwanted = shutil.ignore_patterns("__pycache__", "node_modules", "vendor", "_compiled")
        shutil.copytree(ROOT / "edge", self.edge, ignore=unwanted)

    def run(self, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Python, in this folder."""
        own = {"PYTHONPATH": str(self.folder), "EDGE_PURE": "", "PYTHONDONTWRITEBYTECODE": "1"}
        return subprocess.run(
            [sys.executable, *words],
            cwd=self.folder,
            env=os.environ | own | environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )


@pytest.fixture(scope="session")
def compiled_tree(tmp_path_factory) -> Tree:
    tree = Tree(tmp_path_factory.mktemp("compiled"))
    done = tree.run("-m", "edge.compile")
    assert done.returncode == 0, done.stderr
    return tree


@pytest.fixture
def text_tree(tmp_path) -> Tree:
    return Tree(tmp_path)
