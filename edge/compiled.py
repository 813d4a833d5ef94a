"""Hot modules of pure rooms as machine code, where somebody made it (`make compile`) of these very sources.

mypyc makes it of the Python that is there, so there is one text of each. Whoever edits that text runs what he
wrote: machine code of other sources, or for another Python, is as if it were not there, and so it is with
EDGE_PURE set.
"""

import hashlib
import importlib
import importlib.util
import os
import sys
import sysconfig
from importlib.machinery import ModuleSpec
from pathlib import Path

ROOMS = ("media", "rtp", "fmp4", "hls")
"""They import each other and `errors`, and nothing else of ours."""

# Not here: whatever has a functools.cached_property: mypyc makes it a property that is computed each time.
MODULES = (
    "edge.fmp4.fragment",
    "edge.hls.bandwidth",
    "edge.hls.lane",
    "edge.hls.open_segment",
    "edge.hls.part_durations",
    "edge.hls.position",
    "edge.hls.segment",
    "edge.hls.segmenter",
    "edge.media.h264",
    "edge.media.opus",
    "edge.media.sample",
    "edge.media.timebase",
    "edge.media.track",
    "edge.rtp.access_unit",
    "edge.rtp.arrivals",
    "edge.rtp.h264_depayload",
    "edge.rtp.key_frames",
    "edge.rtp.opus_depayload",
    "edge.rtp.packet",
    "edge.rtp.receiver",
    "edge.rtp.reception",
    "edge.rtp.reorder",
    "edge.rtp.rtp_clock",
    "edge.rtp.statistics",
    "edge.rtp.timeline",
    "edge.rtp.twcc",
)
SHARED = "edge_compiled__mypyc"
"""The module that all of them are in."""

EDGE = Path(__file__).parent
FOLDER = EDGE / "_compiled"
MARK = "made_of"
PURE = "EDGE_PURE"


class Compiled:
    """Finds them for `import`; see importlib.abc.MetaPathFinder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def find_spec(self, name: str, path: object = None, target: object = None) -> ModuleSpec | None:
        """Where a module is, None: not here."""
        del path, target
        if name != SHARED and name not in MODULES:
            return None
        return importlib.util.spec_from_file_location(name, self._folder / file_of(name))


def install(folder: Path = FOLDER) -> bool:
    """From now on imports take what is in `folder`, if it is of these sources. Whether it is so."""
    if os.environ.get(PURE) or not _is_of_these_sources(folder):
        return False
    finder = Compiled(folder)
    sys.meta_path.insert(0, finder)
    try:
        importlib.import_module(SHARED)
    except ImportError:  # of a machine with another libc
        sys.meta_path.remove(finder)
        return False
    return True


def is_compiled() -> bool:
    """Whether this process runs machine code."""
    return SHARED in sys.modules


def file_of(name: str) -> str:
    """For this Python only."""
    return f"{name}{sysconfig.get_config_var('EXT_SUFFIX')}"


def fingerprint() -> str:
    """Of all that the machine code depends on."""
    digest = hashlib.sha256()
    for source in sorted(
        [EDGE / "errors.py", *(one for room in ROOMS for one in (EDGE / room).glob("*.py"))]
    ):
        digest.update(f"{source.relative_to(EDGE)} {source.stat().st_size}\n".encode())
        digest.update(source.read_bytes())
    return digest.hexdigest()


def _is_of_these_sources(folder: Path) -> bool:
    try:
        return (folder / file_of(MARK)).read_text("ascii") == fingerprint()
    except (OSError, UnicodeDecodeError):
        return False
