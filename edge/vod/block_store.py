"""Blocks on disk. A block that is torn, altered or unreadable is not there.

A block is written beside, then renamed: a name has a whole block or none, also after SIGKILL. Nothing is ever
synced to the disk (fsync): a cache may forget, and what a power cut tears the checksum finds when it is read.
`index.log` only saves opening every file at start: what it has and the folder has not is gone, what the
folder has and it has not tells itself.
"""

import contextlib
import errno
import fcntl
import itertools
import json
import logging
import os
import resource
import sys
import threading
import time
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path

from edge.errors import ConfigError
from edge.http.message import Octets
from edge.vod.asset import BlockKey
from edge.vod.block_file import LONGEST_TAIL, StoredBlock, cleared, file_name, label_of, trailer, verify
from edge.vod.open_block import OpenBlock, copied_stop

logger = logging.getLogger(__name__)

_LEAST_OPEN_FILES, _MOST_OPEN_FILES = 64, 16_384
_OPEN_SHARE = 8
"""A part of the files that the process may have open: viewers need theirs; what is mapped is open twice."""
_MOST_MAPPED, _LET_GO_AT_ONCE = 1_024, 64
_LOG_SLACK = 100_000
_LOG_LEAST = 1_000
_NAME_DIGITS = 32
_ROWS_AT_ONCE = 500
_TYPES = [str, str, str, int, str, int, bool]
_TO_READ = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK  # a FIFO would hold a thread for ever
_TAIL_READ = 512
"""Octets from the end of a file that hold nearly every label."""


_NO_ROOM = {errno.ENOSPC, errno.EDQUOT}


class DiskFull(Exception):
    """There is no room for a block: nothing of it is left."""


class BlockStore:
    """Only `read_now` is for the event loop. Everything else waits for a disk: call it from threads.

    Blocks are pieces of `unit` octets: a folder of another unit is emptied.
    """

    def __init__(self, root: Path, unit: int = 1_048_576, *, maps: bool = True) -> None:
        """`maps`: see OpenBlock.mapped."""
        self._root = root
        self.unit = unit
        self._format = f"edge blocks 2, pieces of {unit} octets\n"
        limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0] // _OPEN_SHARE
        self._most_open = max(_LEAST_OPEN_FILES, min(limit, _MOST_OPEN_FILES))
        self._blocks = root / "blocks"
        self._fresh = root / "fresh"
        self._log_path = root / "index.log"
        self._lock = threading.Lock()
        self._open: OrderedDict[BlockKey, OpenBlock] = OrderedDict()
        self._names = itertools.count()
        self._maps = maps
        self._mapped: dict[OpenBlock, None] = {}
        self._log = self._guard = -1
        self._logged = self._live = 0

    def take(self) -> None:
        """The folder is ours from now on. ConfigError: it cannot be, or another server has it."""
        try:
            self._root.mkdir(parents=True, exist_ok=True)
            self._guard = os.open(self._root / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            fcntl.flock(self._guard, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self._make_ours()
        except OSError as error:
            taken = error.errno in {errno.EAGAIN, errno.EACCES} and self._guard >= 0
            mend = (
                "another server has it: give each its own" if taken else "name a folder that can be written"
            )
            raise ConfigError(f"vod.cache_dir = {str(self._root)!r}: {error.strerror}: {mend}") from error

    def load(self) -> list[StoredBlock]:
        """What the folder has, which was taken; coldest first."""
        try:
            blocks, told = self._survey()
        except OSError as error:
            logger.warning("vod.block_unreadable", extra={"file": str(self._blocks), "error": error.strerror})
            return []
        if self._logged > 2 * len(blocks) + _LOG_LEAST:
            self.remember(blocks)
        else:
            self._append(told)
        return blocks

    def _make_ours(self) -> None:
        """Blocks that were cut otherwise go, and what was not finished; nothing else that lies here."""
        path = self._root / "format"
        for file in (path, self._log_path):
            cleared(file, self._aside(file.name))
        try:
            is_ours = path.read_text("utf-8") == self._format
        except (OSError, UnicodeDecodeError):
            is_ours = False
        for folder in (self._blocks, self._fresh):
            folder.mkdir(exist_ok=True)
        for torn in os.scandir(self._fresh):
            if torn.name.isdecimal() or torn.name == self._log_path.name:
                _unlink(torn.path)
        if not is_ours:
            self._log_path.unlink(missing_ok=True)
            for name in self._names_there():
                _unlink(f"{self._blocks}/{name[:2]}/{name}")
            path.write_text(self._format, "utf-8")

    def _aside(self, name: str) -> Path:
        return self._root / f"aside.{time.time_ns():x}.{name}"

    def _names_there(self) -> set[str]:
        folders = [folder for folder in os.scandir(self._blocks) if len(folder.name) == 2 and folder.is_dir()]
        return {
            file
            for folder in folders
            for file in _within(folder.path)
            if len(file) == _NAME_DIGITS and file[:2] == folder.name
        }

    def _append(self, told: Iterable[str]) -> None:
        """Rows that the log has not; a torn last line is ended."""
        with contextlib.suppress(OSError):
            self._open_log()
            _write_all(self._log, "".join(f"\n{row}" for row in told).encode() + b"\n")

    def _open_log(self) -> None:
        if self._log >= 0:
            os.close(self._log)
        self._log = os.open(self._log_path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def _survey(self) -> tuple[list[StoredBlock], list[str]]:
        """All that are there, coldest first; and rows of those among them that the log does not tell of."""
        there = self._names_there()
        found: dict[str, StoredBlock] = {}
        self._logged = 0
        for name, block in self._logged_blocks():
            self._logged += 1
            if name in there and block.size <= self.unit:
                found.pop(name, None)
                found[name] = block
        told, rows = self._told_by_files(there - found.keys())
        self._live = len(told) + len(found)
        return [*told, *found.values()], rows

    def _logged_blocks(self) -> Iterator[tuple[str, StoredBlock]]:
        try:
            lines = self._log_path.read_text("utf-8", "replace").split("\n")
        except OSError:
            return
        yield from _stored(lines)

    def _told_by_files(self, names: set[str]) -> tuple[list[StoredBlock], list[str]]:
        """Blocks, and their rows; those that tell nothing go. Whether octets are right is not looked at."""
        folder = str(self._blocks)
        asked = {name: told for name in sorted(names) if (told := _ask(folder, name)) is not None}
        found = {
            name: block
            for name, block in _stored(row for row, _ in asked.values())
            if name in asked and block.size == asked[name][1] and file_name(block.key)[3:] == name
        }
        for name in asked.keys() - found.keys():
            path = self._blocks / name[:2] / name
            with contextlib.suppress(OSError):
                cleared(path, self._aside(name))
                path.unlink(missing_ok=True)
        return [*found.values()], [asked[name][0] for name in found]

    def remember(self, blocks: Iterable[StoredBlock]) -> None:
        """Writes the log anew in this order, coldest first. A disk that is full costs a slower start only."""
        rows = [_row(block) for block in blocks]
        fresh = self._fresh / "index.log"
        with self._lock, contextlib.suppress(OSError):
            fresh.write_text("".join(rows), "utf-8")
            fresh.replace(self._log_path)
            self._open_log()
            self._logged = self._live = len(rows)

    def write(self, block: StoredBlock, pieces: Sequence[bytes]) -> bool:
        """Whether it is kept. A broken disk is a no, with nothing left behind. DiskFull."""
        path = self._blocks / file_name(block.key)
        fresh = self._fresh / str(next(self._names))
        try:
            path.parent.mkdir(exist_ok=True)
            with fresh.open("wb", buffering=0) as file:
                for piece in (*pieces, trailer(block, pieces)):
                    _write_all(file.fileno(), piece)
            try:
                fresh.replace(path)
            except IsADirectoryError:
                cleared(path, self._aside(path.name))
                fresh.replace(path)
        except OSError as error:
            with contextlib.suppress(OSError):
                fresh.unlink(missing_ok=True)
            if error.errno in _NO_ROOM:
                raise DiskFull from error
            logger.warning("vod.block_not_kept", extra={"error": error.strerror, "folder": str(self._root)})
            return False
        with self._lock:
            self._open.pop(block.key, None)
        self._note(block)
        return True

    def free(self) -> int:
        """Octets that the disk has room for."""
        with contextlib.suppress(OSError):
            room = os.statvfs(self._root)
            return room.f_bavail * room.f_frsize
        return 0

    def _note(self, block: StoredBlock) -> None:
        with contextlib.suppress(OSError):
            os.write(self._log, _row(block).encode())
        self._logged += 1
        self._live += 1
        if self._logged > 2 * self._live + _LOG_SLACK:
            self.remember(self._survey()[0])

    def read_now(self, key: BlockKey, start: int, stop: int, *, to_send: bool = False) -> Octets | None:
        """From memory, without waiting. None: not verified, altered, not in the page cache: use `read`.

        `to_send`: nobody will look at them, see OpenBlock.mapped; and fewer than asked for will do.
        """
        block = self._open.get(key)
        if block is None or stop > block.size or not block.is_untouched():
            return None
        if not to_send:
            return block.copied(start, stop)
        if self._maps and (block.is_mapped or len(self._mapped) < _MOST_MAPPED):
            octets = block.mapped(start, stop)
            if octets is not None:
                self._mapped[block] = None
                return octets
        return block.copied(start, copied_stop(start, stop))

    def let_go(self) -> None:
        """Some times a second: what is not asked for any more is not to be counted as our memory."""
        for block in list(islice(self._mapped, _LET_GO_AT_ONCE)):
            del self._mapped[block]
            if block.let_go():
                self._mapped[block] = None

    def read(self, key: BlockKey, start: int, stop: int) -> bytes | None:
        """The whole block is read and verified, these octets are given. None: it is bad and now gone."""
        try:
            fd = os.open(self._blocks / file_name(key), _TO_READ)
        except OSError:
            self.remove(key)
            return None
        block = OpenBlock(fd)
        try:
            before = os.fstat(fd)
            whole = memoryview(os.pread(fd, min(before.st_size, self.unit + LONGEST_TAIL + 1), 0))
            size = verify(whole, key)
        except OSError:
            size = None
        if size is None or stop > size:
            logger.warning("vod.block_bad", extra={"asset": key.asset, "number": key.number})
            self.remove(key)
            return None
        block.verified(size, before.st_ctime_ns)
        self._hold(key, block)
        return bytes(whole[start:stop])

    def _hold(self, key: BlockKey, block: OpenBlock) -> None:
        with self._lock:
            self._open[key] = block
            self._open.move_to_end(key)
            if len(self._open) > self._most_open:
                self._open.popitem(last=False)

    def remove(self, key: BlockKey) -> None:
        """Who reads it now reads on."""
        with self._lock:
            if self._open.pop(key, None) is not None or self._live:
                self._live = max(0, self._live - 1)
        path = self._blocks / file_name(key)
        with contextlib.suppress(OSError):
            cleared(path, self._aside(path.name))
            path.unlink(missing_ok=True)

    def close(self) -> None:
        """Gives the folder free."""
        self._open.clear()
        self._mapped.clear()
        for fd in {self._log, self._guard} - {-1}:
            os.close(fd)
        self._log = self._guard = -1


def _ask(folder: str, name: str) -> tuple[str, int] | None:
    """Its row and how many octets it has, empty and none where it is no block. None: unreadable."""
    path = f"{folder}/{name[:2]}/{name}"
    try:
        fd = os.open(path, _TO_READ)
        try:
            size = os.lseek(fd, 0, os.SEEK_END)
            label = label_of(os.pread(fd, _TAIL_READ, max(0, size - _TAIL_READ)))
            if label is None:
                label = label_of(os.pread(fd, LONGEST_TAIL, max(0, size - LONGEST_TAIL)))
        finally:
            os.close(fd)
    except OSError as error:
        logger.warning("vod.block_unreadable", extra={"file": path, "error": error.strerror})
        return None
    if label is None:
        return "", 0
    return f'["{name}",{label.text[1:]}', size - label.with_tail


def _within(folder: str) -> list[str]:
    """Names; none of a folder that cannot be read."""
    try:
        return os.listdir(folder)  # noqa: PTH208  paths are strings here, a hundred thousand of them
    except OSError as error:
        logger.warning("vod.block_unreadable", extra={"file": folder, "error": error.strerror})
        return []


def _unlink(path: str) -> None:
    """What is a folder is none of ours, and stays."""
    with contextlib.suppress(IsADirectoryError):
        os.unlink(path)  # noqa: PTH108


def _row(block: StoredBlock) -> str:
    name = file_name(block.key)[3:]
    return json.dumps([name, *block.key, block.size, block.is_head]) + "\n"


def _stored(lines: Iterable[str]) -> Iterator[tuple[str, StoredBlock]]:
    """The names of files, and what is in them."""
    for name, asset, etag, number, origin, size, is_head in _rows(iter(lines)):
        key = BlockKey(sys.intern(asset), sys.intern(etag), number, sys.intern(origin))
        yield name, StoredBlock(key, size, is_head)


def _rows(lines: Iterator[str]) -> Iterator[tuple[str, str, str, int, str, int, bool]]:
    """Some at a time: the parser lets no other thread run, and the event loop has viewers meanwhile."""
    while some := [*itertools.islice(lines, _ROWS_AT_ONCE)]:
        yield from _some_rows(some)


def _some_rows(lines: list[str]) -> Iterator[tuple[str, str, str, int, str, int, bool]]:
    with contextlib.suppress(ValueError, RecursionError):
        yield from filter(_is_row, json.loads("[" + ",".join(line for line in lines if line) + "]"))
        return
    for line in lines:
        with contextlib.suppress(ValueError, RecursionError):
            row = json.loads(line)
            if _is_row(row):
                yield row


def _is_row(row: object) -> bool:
    return isinstance(row, list) and [*map(type, row)] == _TYPES and row[3] >= 0 and row[5] >= 0


def _write_all(fd: int, octets: bytes) -> None:
    rest = memoryview(octets)
    while rest:
        rest = rest[os.write(fd, rest) :]
