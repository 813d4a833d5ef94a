"""What origins said, in one file: appended while they say it, read at the next start."""

import contextlib
import json
import os
from collections.abc import Iterable
from fnmatch import fnmatchcase
from pathlib import Path

from edge.vod.asset_row import forgotten
from edge.vod.block_file import cleared

_LONGEST = 4096
_WILD = frozenset("*?[")


class AssetLog:
    """It waits for a disk: call it from one thread. Nothing is synced: it may forget, see BlockStore.

    Bounded: beyond twice `most` octets it is written anew, with the latest of at most `most` octets.
    """

    def __init__(self, path: Path, most: int) -> None:
        self._path = path
        self._most = most
        self._file = -1
        self._size = 0

    def load(self) -> dict[str, str]:
        """The latest row of each asset by its name, quoted; not looked into. Those written last come last."""
        with contextlib.suppress(OSError):
            cleared(self._path, self._path.with_suffix(".aside"))
        latest = self._latest()
        if self._size > self._most:
            self._write_anew(latest.values())
        return latest

    def append(self, row: str) -> None:
        """A full disk costs a question at the next start."""
        if len(row) <= _LONGEST:
            self._append(row)

    def forget(self, key: str) -> None:
        """Where that cannot be written, all is forgotten: it needs no room."""
        if not self._append(forgotten(key)):
            self._empty()

    def forget_matching(self, pattern: str) -> None:
        """As `forget`, of all that match."""
        if _WILD.isdisjoint(pattern):
            self.forget(pattern)
            return
        left = (row for name, row in self._latest().items() if not fnmatchcase(json.loads(name), pattern))
        self._write_anew(left)

    def _latest(self) -> dict[str, str]:
        found: dict[str, str] = {}
        try:
            self._size = self._path.stat().st_size
            if self._size > 4 * self._most:
                return found  # none of ours is that long
            with self._path.open(encoding="ascii", errors="replace", newline="\n") as file:
                for line in file:
                    _, name, rest = (*line[:-1].split("\t", 2), "", "")[:3]
                    found.pop(name, None)
                    if rest and _is_name(name):
                        found[name] = line[:-1]
        except OSError:
            pass
        return found

    def _append(self, row: str) -> bool:
        line = f"\n{row}\n".encode("ascii", "replace")  # the one before may be torn
        try:
            if self._file < 0:
                self._file = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
            is_whole = os.write(self._file, line) == len(line)
        except OSError:
            return False
        self._size += len(line)
        if self._size > 2 * self._most:
            self._write_anew(self._latest().values())
        return is_whole

    def _write_anew(self, rows: Iterable[str]) -> None:
        kept, octets = [], 0
        for row in reversed([*rows]):
            octets += len(row) + 1
            if octets > self._most:
                break
            kept.append(row + "\n")
        fresh = self._path.with_suffix(".fresh")
        try:
            fresh.write_text("".join(reversed(kept)), "ascii", "replace", "\n")
            fresh.replace(self._path)
        except OSError:
            with contextlib.suppress(OSError):
                fresh.unlink(missing_ok=True)
            self._empty()
            return
        self.close()
        self._size = octets

    def _empty(self) -> None:
        with contextlib.suppress(OSError):
            os.truncate(self._path, 0)
        self._size = 0

    def close(self) -> None:
        """It may go on after that."""
        if self._file >= 0:
            os.close(self._file)
        self._file = -1


def _is_name(text: str) -> bool:
    try:
        return isinstance(json.loads(text), str)
    except (ValueError, RecursionError):
        return False
