"""`python -m edge.compile`: machine code of hot modules (see edge.compiled). Needs mypyc and a C compiler."""

import contextlib
import shutil
import sys
import tempfile
import time
from pathlib import Path

from edge.compiled import EDGE, FOLDER, MODULES, SHARED, SUFFIX, place_of, sources
from edge.errors import EdgeError

_NEEDS = "needs mypy and setuptools (pip install mypy setuptools), and a C compiler with Python's headers"


def build() -> Path:
    """Where it is now, whole; made, unless it was there. EdgeError; OSError: the folder cannot be written."""
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=FOLDER, prefix="new-") as work, contextlib.chdir(work):
        copy = Path(work, "edge")
        for source in sources(EDGE):
            (copy / source.relative_to(EDGE)).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, copy / source.relative_to(EDGE))
        (copy / "__init__.py").touch()
        place = place_of(copy)
        if not place.exists():
            _compile()
            _lay_out(Path("lib"), Path("made"))
            _take(Path(work, "made"), place)
    return place


def _compile() -> None:
    try:
        from mypyc.build import mypycify
        from setuptools import Distribution
        from setuptools.errors import BaseError, CompileError, LinkError
    except ImportError as error:
        raise EdgeError(f"{error}: {_NEEDS}") from error
    Path("mypy.ini").write_text("[mypy]\nstrict = true\nignore_missing_imports = true\n", "ascii")
    texts = [f"{name.replace('.', '/')}.py" for name in MODULES]
    try:
        modules = mypycify(["--config-file", "mypy.ini", *texts], group_name=SHARED.removesuffix("__mypyc"))
        command = Distribution({"name": "edge", "ext_modules": modules}).get_command_obj("build_ext")
        command.build_lib, command.build_temp = "lib", "temp"
        command.ensure_finalized()
        command.run()
    except SystemExit as error:  # mypy's own way to say that it found faults, which it has told
        raise EdgeError("mypy does not take these modules") from error
    except (BaseError, CompileError, LinkError) as error:
        raise EdgeError(f"{error}: {_NEEDS} (gcc, libc6-dev and python3-dev of Debian)") from error


def _lay_out(lib: Path, made: Path) -> None:
    made.mkdir()
    for name in (SHARED, *MODULES):
        (lib / f"{name.replace('.', '/')}{SUFFIX}").rename(made / f"{name}{SUFFIX}")


def _take(made: Path, place: Path) -> None:
    """In one step; files that a running server has open stay its own. What was made of other sources goes."""
    try:
        made.rename(place)
    except OSError:
        if not place.is_dir():  # else somebody else was quicker
            raise
    for other in FOLDER.iterdir():
        if other != place and not other.name.startswith("new-"):
            shutil.rmtree(other, ignore_errors=True)


def main() -> int:
    began = time.monotonic()
    try:
        place = build()
    except (EdgeError, OSError) as error:
        print(f"edge: nothing was compiled, the text runs: {error}", file=sys.stderr)  # noqa: T201
        return 1
    print(f"{len(MODULES)} modules in {time.monotonic() - began:.0f} s: {place}")  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main())
