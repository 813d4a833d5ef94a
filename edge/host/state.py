"""Which streams there were, over a restart: their viewers are kept, and their numbers go on."""

import contextlib
import json
import os
import re
import time
from collections.abc import Mapping
from pathlib import Path

FILE = "streams.json"
_MOST = 10_000
_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
_LARGEST_NUMBER = 10**12
_MARGIN = 30
"""The file is some seconds old when a process dies: its successor begins past whatever was listed by then."""


def remember(folder: Path | None, streams: Mapping[str, int]) -> None:
    """Write name and next media sequence number of each, in one step. A full disk is no reason to stop."""
    if folder is None:
        return
    document = {"unix_s": int(time.time()), "streams": dict(streams)}
    path = folder / FILE
    with contextlib.suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
        path.with_suffix(".new").write_text(json.dumps(document), "utf-8")
        os.replace(path.with_suffix(".new"), path)  # noqa: PTH105  atomic, and says so


def recall(folder: Path | None, *, within_s: float, now: float) -> dict[str, int]:
    """First media sequence numbers by name, if the file is no older than `within_s` (`now`: Unix seconds).

    {} where there is no file, or none of ours.
    """
    if folder is None:
        return {}
    try:
        document = json.loads((folder / FILE).read_text("utf-8"))
        written, streams = document["unix_s"], document["streams"]
        if not (isinstance(written, int) and isinstance(streams, dict) and 0 <= now - written <= within_s):
            return {}
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return {}
    return {
        name: number + _MARGIN
        for name, number in list(streams.items())[:_MOST]
        if _NAME.fullmatch(name) and type(number) is int and 0 <= number < _LARGEST_NUMBER
    }
