import shutil
from pathlib import Path

import pytest

from edge.compiled import MODULES, ROOMS

TESTS = Path(__file__).parent
ROOT = TESTS.parent


@pytest.mark.timeout(300)
def test_machine_code_passes_the_tests_of_its_rooms(compiled_tree):
    for room in ROOMS:
        shutil.copytree(TESTS / room, compiled_tree.folder / "tests" / room)
    shutil.copy(ROOT / "pyproject.toml", compiled_tree.folder)
    (compiled_tree.folder / "tests/conftest.py").write_text(
        "from edge.compiled import is_compiled\nassert is_compiled()\n"
    )
    done = compiled_tree.run("-m", "pytest", "-q", "-p", "no:cacheprovider", "tests")
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr
    assert " passed" in done.stdout


def test_every_module_is_what_it_is_said_to_be(compiled_tree):
    told = compiled_tree.run(
        "-c",
        "import importlib, edge.compiled\n"
        "for name in edge.compiled.MODULES: print(importlib.import_module(name).__file__)",
    ).stdout.split()
    assert len(told) == len(MODULES)
    assert all("_compiled" in file for file in told)


@pytest.mark.parametrize("environment", [{"CC": "/nowhere/cc", "PATH": "/nowhere"}])
def test_without_a_compiler_the_mend_is_told_and_nothing_is_left(text_tree, environment):
    done = text_tree.run("-m", "edge.compile", **environment)
    assert done.returncode == 1
    assert "gcc" in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr
    assert text_tree.run("-c", "import edge.compiled; print(edge.compiled.is_compiled())").stdout == "False\n"
