"""What outlives the process: which streams there were and what viewers have of them, and who was revoked.

Every file is written beside its place and moved there in one step; small ones are forced to the disk first. A
full disk is no reason to stop: what cannot be written is told in the log, and missing the next time. These
functions wait for the disk: a running loop calls them in a thread.
"""

import json
import logging
import os
import re
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

logger = logging.getLogger(__name__)

STREAMS = "streams.json"
REVOKED = "revoked.json"
PASTS = "streams"
MOST_PAST_BYTES = 1 << 30
KEEPING_S = 3.0
"""For all streams together; beyond, one begins anew after a restart. Viewers wait while this is written."""

_MOST = 10_000
_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
_LARGEST_NUMBER = 10**12
_MEND = "server.state_dir: let edge write there, or name another folder; a restart would forget its viewers"
_MARGIN = 30
"""The file is some seconds old when a process dies: its successor begins past whatever was listed by then."""

Numbers = tuple[int, int]
"""The next media sequence number, and how many discontinuities there were."""


def remember(folder: Path | None, streams: Mapping[str, Numbers], *, is_last: bool = False) -> None:
    """Write the numbers of each name. `is_last`: they will not grow any more."""
    if folder is not None:
        _write(
            folder / STREAMS,
            [_json({"unix_s": int(time.time()), "clean": is_last, "streams": dict(streams)})],
        )


def recall(folder: Path | None, *, within_s: float, now: float) -> dict[str, Numbers]:
    """Numbers by name, if the file is no older than `within_s` (`now`: Unix seconds).

    {} where there is no file, or none of ours.
    """
    document = _read(folder, STREAMS)
    try:
        written, streams = document["unix_s"], document["streams"]
        margin = 0 if document["clean"] is True else _MARGIN
        if not (isinstance(written, int) and 0 <= now - written <= within_s):
            return {}
        return {
            name: (msn + margin, discontinuities + margin)
            for name, (msn, discontinuities) in list(streams.items())[:_MOST]
            if _NAME.fullmatch(name) and _is_number(msn) and _is_number(discontinuities)
        }
    except (KeyError, TypeError, ValueError, AttributeError):
        return {}


def keep(folder: Path | None, pasts: Iterable[tuple[str, Sequence[bytes]]]) -> None:
    """Write what viewers have of each stream, as many as there is room and time for.

    Not forced to the disk: who comes after a power cut comes too late for it.
    """
    left, deadline = MOST_PAST_BYTES, time.monotonic() + KEEPING_S
    for name, buffers in pasts:
        size = sum(map(len, buffers))
        if folder is None or size > left or time.monotonic() > deadline:
            continue
        left -= size
        _write(folder / PASTS / f"{name}.past", buffers, is_forced=False)


def kept(folder: Path | None) -> Iterator[tuple[str, bytes]]:
    """What `keep` wrote. Each file is good for one process: it is gone when it was read."""
    for path in sorted((folder / PASTS).glob("*.past")) if folder is not None else ():
        try:
            data = path.read_bytes() if path.stat().st_size <= MOST_PAST_BYTES else b""
            path.unlink()
        except OSError as error:
            logger.warning(
                "state.unreadable", extra={"file": str(path), "error": error.strerror, "mend": _MEND}
            )
            continue
        if _NAME.fullmatch(path.stem):
            yield path.stem, data


def remember_revoked(folder: Path | None, names: Iterable[str]) -> None:
    """Write who was revoked while we ran."""
    if folder is not None:
        _write(folder / REVOKED, [_json({"names": sorted(names)})])


def recall_revoked(folder: Path | None) -> list[str]:
    """[] where there is no file, or none of ours."""
    document = _read(folder, REVOKED)
    names = document.get("names") if isinstance(document, dict) else None
    if not isinstance(names, list):
        return []
    return [name for name in names[:_MOST] if isinstance(name, str) and 0 < len(name) <= 256]


def _is_number(value: object) -> bool:
    return type(value) is int and 0 <= value < _LARGEST_NUMBER


def _json(document: object) -> bytes:
    return json.dumps(document).encode()


def _read(folder: Path | None, file: str) -> dict[str, Any]:
    if folder is None:
        return {}
    try:
        document = json.loads((folder / file).read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}


def _write(path: Path, buffers: Sequence[bytes], *, is_forced: bool = True) -> None:
    new = path.with_suffix(".new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with new.open("wb") as file:
            file.writelines(buffers)
            file.flush()
            if is_forced:
                os.fsync(file.fileno())
        new.replace(path)
        if is_forced:
            _force_folder(path.parent)
    except OSError as error:
        logger.warning("state.unwritable", extra={"file": str(path), "error": error.strerror, "mend": _MEND})


def _force_folder(path: Path) -> None:
    folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
