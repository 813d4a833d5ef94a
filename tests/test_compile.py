import shutil

import pytest

from edge.compiled import MODULES

pytestmark = [pytest.mark.alone, pytest.mark.timeout(300)]


def test_machine_code_passes_the_tests_of_its_rooms_and_of_those_above(compiled_tree, compiling):
    done = compiling.tests()
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


def test_what_is_there_is_not_made_again(compiled_tree):
    before = sorted(compiled_tree.edge.glob("_compiled/*/*"))
    done = compiled_tree.run("-m", "edge.compile", PATH="/nowhere", CC="/nowhere/cc")
    assert done.returncode == 0, done.stderr
    assert sorted(compiled_tree.edge.glob("_compiled/*/*")) == before


def test_what_was_made_of_other_sources_goes(compiled_tree, text_tree):
    shutil.copytree(compiled_tree.edge / "_compiled", text_tree.edge / "_compiled")
    (old,) = (text_tree.edge / "_compiled").iterdir()
    place = old.rename(old.with_name("0" * 32))
    done = text_tree.run(
        "-c",
        "import pathlib, edge.compile as c\n"
        f"made = c.FOLDER / 'new-x'; made.mkdir(); c._take(made, c.FOLDER / {old.name!r})",
    )
    assert done.returncode == 0, done.stderr
    assert (old.is_dir(), place.exists()) == (True, False)


def test_without_a_compiler_the_mend_is_told_and_nothing_is_left(text_tree):
    done = text_tree.run("-m", "edge.compile", CC="/nowhere/cc", PATH="/nowhere")
    assert done.returncode == 1
    assert "gcc" in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr
    assert list((text_tree.edge / "_compiled").iterdir()) == []


def test_a_folder_that_cannot_be_written_is_told_at_once(text_tree):
    (text_tree.edge / "_compiled").touch()
    done = text_tree.run("-m", "edge.compile")
    assert done.returncode == 1
    assert "_compiled" in done.stderr
    assert "gcc" not in done.stderr
    assert "Traceback" not in done.stderr
