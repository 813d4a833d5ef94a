"""`python -m edge.compile`: machine code of hot modules (see edge.compiled). Needs mypyc and a C compiler."""

import contextlib
import shutil
import sys
import sysconfig
import tempfile
import time
from pathlib import Path

from edge.compiled import EDGE, FOLDER, MARK, MODULES, ROOMS, SHARED, file_of, fingerprint
from edge.errors import EdgeError

_MEND = "python -m pip install 'edge[dev]', and a C compiler with Python's headers (gcc and python3-dev)"


def build(folder: Path) -> None:
    """Leave it in `folder`, whole or not at all. ImportError: no mypyc; EdgeError: no compiler; OSError."""
    with tempfile.TemporaryDirectory() as work, contextlib.chdir(work):
        for room in ROOMS:
            shutil.copytree(EDGE / room, Path("edge", room), ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy(EDGE / "errors.py", "edge")
        Path("edge", "__init__.py").touch()
        made = Path("made")
        _compile(made)
        Path(made, file_of(MARK)).write_text(fingerprint(), "ascii")
        _lay_out(made, folder)


def _compile(made: Path) -> None:
    from mypyc.build import mypycify
    from setuptools import Distribution
    from setuptools.errors import BaseError, CompileError, LinkError

    Path("mypy.ini").write_text("[mypy]\nstrict = true\n", "ascii")
    sources = [f"{name.replace('.', '/')}.py" for name in MODULES]
    modules = mypycify(["--config-file", "mypy.ini", *sources], group_name=SHARED.removesuffix("__mypyc"))
    command = Distribution({"name": "edge", "ext_modules": modules}).get_command_obj("build_ext")
    command.build_lib, command.build_temp = "lib", "temp"
    command.ensure_finalized()
    try:
        command.run()
    except (BaseError, CompileError, LinkError) as error:
        raise EdgeError(str(error)) from error
    made.mkdir()
    for name in (SHARED, *MODULES):
        Path("lib", f"{name.replace('.', '/')}{sysconfig.get_config_var('EXT_SUFFIX')}").rename(
            made / file_of(name)
        )


def _lay_out(made: Path, folder: Path) -> None:
    """The mark goes first and comes last: what is half written is not taken."""
    folder.mkdir(exist_ok=True)
    mark = made / file_of(MARK)
    (folder / mark.name).unlink(missing_ok=True)
    for each in [*(one for one in made.iterdir() if one != mark), mark]:
        shutil.move(each, folder / each.name)


def main() -> int:
    began = time.monotonic()
    try:
        build(FOLDER)
    except (ImportError, OSError, EdgeError) as error:
        print(f"edge: nothing was compiled ({error}): {_MEND}", file=sys.stderr)  # noqa: T201
        return 1
    print(f"{len(MODULES)} modules in {time.monotonic() - began:.0f} s: {FOLDER}")  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main())
