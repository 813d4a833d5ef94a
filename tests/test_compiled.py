import ast
import shutil

import pytest

from edge.compiled import EDGE, MODULES, SHARED

pytestmark = [pytest.mark.alone, pytest.mark.timeout(300)]

ASK = "import edge.rtp.packet as p, edge.compiled as c; print(c.is_compiled(), p.__file__.endswith('.py'))"
MACHINE_CODE, TEXT = "True False\n", "False True\n"


@pytest.fixture
def tree(compiled_tree, text_tree):
    """One of its own, compiled."""
    shutil.copytree(compiled_tree.edge / "_compiled", text_tree.edge / "_compiled")
    return text_tree


@pytest.mark.parametrize("name", MODULES)
def test_no_module_has_what_mypyc_makes_something_else_of(name):
    text = (EDGE.parent / f"{name.replace('.', '/')}.py").read_text()
    assert "cached_property" not in text
    for function in ast.walk(ast.parse(text)):
        if isinstance(function, ast.FunctionDef):
            named = [one for one in ast.walk(function) if isinstance(one, ast.ExceptHandler) and one.name]
            assert len(named) < 2, function.name


def test_machine_code_of_these_sources_is_what_runs(tree):
    assert tree.run("-c", ASK).stdout == MACHINE_CODE


@pytest.mark.parametrize("source", ["rtp/rtcp.py", "live/hub.py", "errors.py", "compile.py"])
def test_who_edits_a_text_runs_it_and_who_undoes_that_runs_machine_code_again(tree, source):
    edited = tree.edge / source
    before = edited.read_text()
    edited.write_text(before + "\n")
    assert tree.run("-c", ASK).stdout == TEXT
    edited.write_text(before)
    assert tree.run("-c", ASK).stdout == MACHINE_CODE


def test_a_file_more_is_another_source(tree):
    (tree.edge / "media/bits2.py").touch()
    assert tree.run("-c", ASK).stdout == TEXT


def test_who_wants_the_text_says_so(tree):
    assert tree.run("-c", ASK, EDGE_PURE="1").stdout == TEXT


def test_where_nothing_was_compiled_the_text_runs(text_tree):
    assert text_tree.run("-c", ASK).stdout == TEXT


def test_what_cannot_be_loaded_here_is_as_if_it_were_not_there(tree):
    (shared,) = tree.edge.glob(f"_compiled/*/{SHARED}*")
    shared.write_bytes(b"\x7fELF of another machine")
    assert tree.run("-c", ASK).stdout == TEXT


@pytest.mark.parametrize("is_there", [True, False])
def test_all_of_it_or_nothing(tree, is_there):
    (one,) = tree.edge.glob("_compiled/*/edge.rtp.twcc.*")
    one.write_bytes(b"") if is_there else one.unlink()
    assert tree.run("-c", ASK).stdout == TEXT
