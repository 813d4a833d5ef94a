"""Hot modules as machine code, where somebody made it (`make compile`) of these very sources.

mypyc makes it of the Python that is there, so there is one text of each. Whoever edits that text runs what he
wrote: machine code lies in a folder that is named for all it was made of, and no other is looked at. So it is
as if it were not there for other sources, for another Python, and with EDGE_PURE set.
"""

import os
import sys
from importlib.machinery import EXTENSION_SUFFIXES, ModuleSpec
from pathlib import Path

# Not here: whatever has a functools.cached_property, which mypyc makes a property that is computed each time,
# or two `except ... as` in one function, which end in a TypeError.
MODULES = (
    "edge.fmp4.fragment",
    "edge.hls.audio_lane",
    "edge.hls.bandwidth",
    "edge.hls.front",
    "edge.hls.lane",
    "edge.hls.lanes",
    "edge.hls.lead_writer",
    "edge.hls.open_part",
    "edge.hls.open_segment",
    "edge.hls.part_durations",
    "edge.hls.past",
    "edge.hls.playlist",
    "edge.hls.position",
    "edge.hls.segment",
    "edge.hls.segmenter",
    "edge.hls.sound_writer",
    "edge.hls.source_clock",
    "edge.hls.video_lane",
    "edge.hls.window",
    "edge.ingest.fragment",
    "edge.ingest.opus_path",
    "edge.ingest.pump",
    "edge.ingest.reach",
    "edge.ingest.still_pictures",
    "edge.live.publication",
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
SUFFIX = EXTENSION_SUFFIXES[0]
PURE = "EDGE_PURE"


class Compiled:
    """Finds them for `import`; see importlib.abc.MetaPathFinder."""

    def __init__(self, folder: Path) -> None:
        self._files = {name: folder / f"{name}{SUFFIX}" for name in (SHARED, *MODULES)}

    @property
    def is_whole(self) -> bool:
        """One of them alone would meet the text of others, whose classes are not its own."""
        return all(file.is_file() and file.stat().st_size for file in self._files.values())

    def find_spec(self, name: str, path: object = None, target: object = None) -> ModuleSpec | None:
        """Where a module is, None: not here."""
        del path, target
        file = self._files.get(name)
        if file is None:
            return None
        from importlib.util import spec_from_file_location

        return spec_from_file_location(name, file)


def install() -> bool:
    """From now on imports take machine code of these sources, if there is any. Whether it is so."""
    if os.environ.get(PURE) or not FOLDER.is_dir():
        return False
    finder = Compiled(place_of(EDGE))
    if not finder.is_whole:
        return False
    sys.meta_path.insert(0, finder)
    try:
        __import__(SHARED)
    except (ImportError, RuntimeError):  # of a machine with another libc
        sys.meta_path.remove(finder)
        return False
    return True


def is_compiled() -> bool:
    """Whether this process runs machine code."""
    return SHARED in sys.modules


def place_of(edge: Path) -> Path:
    """Where machine code of the sources in `edge` belongs, for this Python."""
    from hashlib import sha256

    digest = sha256(SUFFIX.encode())
    for source in sources(edge):
        text = source.read_bytes()
        digest.update(f"{source.relative_to(edge)} {len(text)}\n".encode())
        digest.update(text)
    return FOLDER / digest.hexdigest()[:32]


def sources(edge: Path) -> list[Path]:
    """All that machine code depends on, and how it is made."""
    return sorted([*edge.glob("*.py"), *edge.glob("*/*.py")])
