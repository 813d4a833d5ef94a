"""The plan of the house, checked from the syntax tree so that it cannot rot."""

import ast
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
EDGE = ROOT / "edge"
FILES = sorted(path for path in EDGE.rglob("*.py") if "node_modules" not in path.parts)

FLOORS = {
    "compiled": -1, "compile": 1,
    "media": 0, "http": 0, "errors": 0, "units": 0, "config": 0, "config_section": 0, "config_vod": 0, "config_faults": 0,
    "metrics": 0, "log": 0,
    "rtp": 1, "fmp4": 1,
    "hls": 2,
    "live": 3, "vod": 3, "auth": 3, "host": 3,
    "ingest": 4,
    "web": 5, "publish": 5, "watch": 5, "cache": 5,
    "demo": 5, "operating": 6, "metrics_table": 6, "health": 6, "check": 6, "server": 7, "cli": 8, "__main__": 9, "__init__": 0,
}  # fmt: skip
CONFIG = {"config", "config_section", "config_vod", "config_faults"}
KNOWN_TO_ALL = {"errors", "units", "metrics", "log", "__init__"} | CONFIG
SHELL_ONLY = {"metrics", "log"} | CONFIG
PURE = {"media", "http", "rtp", "fmp4", "hls"}
NO_LOOP = PURE | {"live"}
IMPURE_MODULES = {
    "asyncio", "socket", "time", "select", "threading", "subprocess", "os", "random", "secrets", "logging",
    "aiohttp", "aiortc", "aioice", "av", "uvloop", "prometheus_client", "pydantic",
}  # fmt: skip
FORBIDDEN_NAMES = {"utils", "helpers", "common", "core", "base", "manager"}


def room(path: Path) -> str:
    return path.relative_to(EDGE).parts[0].removesuffix(".py")


def imports(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            module = node.module or ""
            found |= {module} | {f"{module}.{alias.name}" for alias in node.names if module == "edge"}
    return found


def rooms_imported(path: Path) -> set[str]:
    names = {name.split(".")[1] for name in imports(path) if name.startswith("edge.")}
    return {name for name in names if name in FLOORS}


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(EDGE)))
def test_a_file_keeps_to_the_plan(path: Path) -> None:
    own = room(path)
    assert own in FLOORS, f"{own} has no floor: give it one here and in the plan"
    for other in rooms_imported(path) - {own}:
        if other in KNOWN_TO_ALL:
            assert own not in PURE or other not in SHELL_ONLY, f"{own} is pure and imports {other}"
        else:
            assert FLOORS[other] < FLOORS[own], (
                f"{own} (floor {FLOORS[own]}) imports {other} (floor {FLOORS[other]})"
            )
    foreign = {name.split(".")[0] for name in imports(path)}
    if own in PURE:
        assert not foreign & IMPURE_MODULES, f"{own} is pure"
    if own in NO_LOOP:
        assert "asyncio" not in foreign
    assert path.stem not in FORBIDDEN_NAMES


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(EDGE)))
def test_files_and_functions_stay_small(path: Path) -> None:
    text = path.read_text()
    assert text.count("\n") <= 400
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            size = (node.end_lineno or 0) - node.lineno + 1
            assert size <= 60, f"{path}:{node.lineno} {node.name} has {size} lines"


def test_only_one_file_knows_aiortc_on_the_server() -> None:
    users = {
        str(path.relative_to(EDGE))
        for path in FILES
        if any(name.split(".")[0] == "aiortc" for name in imports(path)) and room(path) != "publish"
    }
    assert users <= {"ingest/dtls.py"}


def test_no_cycles_between_files() -> None:
    graph = {}
    for path in FILES:
        module = ".".join(("edge", *path.relative_to(EDGE).with_suffix("").parts)).removesuffix(".__init__")
        graph[module] = {name for name in imports(path) if name.startswith("edge.")}
    tuple(TopologicalSorter(graph).static_order())


def test_every_file_has_its_test() -> None:
    tests = {path.stem for path in (ROOT / "tests").rglob("test_*.py")}
    untested = {
        str(path.relative_to(EDGE))
        for path in FILES
        if path.stem not in {"__init__", "__main__"}
        and not any(name in tests for name in (f"test_{path.stem}", f"test_{room(path)}_{path.stem}"))
    }
    assert untested == set(), "one test file per source file"


def test_no_two_files_of_tests_have_one_name() -> None:
    """pytest knows them by it."""
    names = [path.name for path in (ROOT / "tests").rglob("test_*.py") if "node_modules" not in path.parts]
    assert sorted(names) == sorted(set(names))


def test_broad_excepts_stand_only_at_the_doors() -> None:
    """`except Exception` belongs to the task supervisor, the web middleware and the command line."""
    found = set()
    for path in FILES:
        for node in ast.walk(ast.parse(path.read_text())):
            if (
                isinstance(node, ast.ExceptHandler)
                and isinstance(node.type, ast.Name)
                and node.type.id == "Exception"
            ):
                found.add(str(path.relative_to(EDGE)))
    assert found <= {"ingest/supervisor.py", "web/middleware.py", "cli.py", "server.py"}


def test_links_to_what_set_up_makes_are_ignored_as_what_it_makes_is() -> None:
    """A pattern with a slash at its end is of folders only: a link would be committed, and each checkout of it
    takes the real folder away.
    """
    ignored = (ROOT / ".gitignore").read_text().splitlines()
    assert {".venv", "node_modules"} <= set(ignored)
