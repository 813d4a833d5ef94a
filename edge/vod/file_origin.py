"""A folder as an origin: served from the files themselves."""

import asyncio
import errno
import os
import stat
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

from cachetools import LRUCache

from edge.errors import NotFound, OriginChanged, OriginUnavailable
from edge.http.byte_range import ByteRange
from edge.vod.asset import Asset
from edge.vod.media_type import media_type
from edge.vod.open_file import OpenFile
from edge.vod.origin_faults import watched

PIECE_BYTES = 64 * 1024
HELD_S = 1.0
"""A file stays open so long for who asks next: a name that means another file is noticed as late as that."""
_MOST_HELD = 256
_NAMES_AT_ONCE = 1_000
_NO_FILE = {errno.ENAMETOOLONG, errno.ELOOP, errno.ENXIO}
"""Names that are too long, links that go in a circle, sockets."""
_SETTLED_S = 1.0
"""Above the granularity of the clock that stamps files: within it, two versions may bear the same times."""


class _Held:
    """A file that was asked for a moment ago, and what it is by the whole path that it was asked for by."""

    __slots__ = ("asset", "file", "until_s", "version")

    def __init__(self, file: OpenFile, asset: Asset, until_s: float) -> None:
        self.file = file
        self.asset = asset
        self.version = asset.etag
        self.until_s = until_s

    def is_untouched(self) -> bool:
        return _version(self.file.status()) == self.version


class FileOrigin:
    """Everything below `root`, symbolic links only where they stay below it."""

    def __init__(self, name: str, root: Path) -> None:
        self.name = name
        self._root = root.resolve()
        self._held: LRUCache[str, _Held] = LRUCache(_MOST_HELD)

    async def stat(self, key: str) -> Asset:
        """See Origin.stat. Folders, devices and pipes are not found."""
        with self._watched(key, "stat"):
            file = await asyncio.to_thread(self._open, key)
        status = file.status()
        weak = "W/" if time.time() - status.st_ctime < _SETTLED_S else ""
        modified = datetime.fromtimestamp(status.st_mtime, UTC)
        asset = Asset(key, status.st_size, weak + _version(status), modified, media_type(key), self.name)
        if asset.is_strong:
            self._held[key] = _Held(file, asset, asyncio.get_running_loop().time() + HELD_S)
        return asset

    def opened(self, key: str, name: str, now: float) -> Asset | None:
        """What `stat` said within HELD_S, under `name`, if the file is as it was. `now`: the loop's time."""
        held = self._held.get(key)
        if held is None:
            return None
        if now >= held.until_s or not held.is_untouched():
            del self._held[key]
            return None
        if held.asset.key != name:
            held.asset = replace(held.asset, key=name)
        return held.asset

    def read_now(self, key: str, asset: Asset, span: ByteRange) -> bytearray | None:
        """All of it, of a file that is held and was not changed, when it is in the page cache."""
        held = self._held.get(key)
        if held is None or held.version != asset.etag:
            return None
        try:
            octets = held.file.read_now(span.size, span.start)
        except OSError:
            return None  # `read` tells what is wrong
        return octets if octets is not None and len(octets) == span.size and held.is_untouched() else None

    async def read(self, asset: Asset, span: ByteRange) -> AsyncIterator[bytes | bytearray]:
        """See Origin.read. Each piece is handed out only if the file is still the same after it was read."""
        with self._watched(asset.key, "read") as answered:
            async for piece in self._pieces(asset, span):
                answered()
                yield piece

    def _watched(self, key: str, verb: str) -> AbstractContextManager[Callable[[], None]]:
        return watched(self.name, str(self._root), key, verb)

    async def _pieces(self, asset: Asset, span: ByteRange) -> AsyncIterator[bytes | bytearray]:
        held = self._held.get(asset.key)
        is_held = held is not None and held.version == asset.etag
        file = held.file if held and is_held else await asyncio.to_thread(self._open, asset.key)
        version = asset.etag.removeprefix("W/")
        at = span.start
        while at < span.stop:
            try:
                piece = await file.read(min(PIECE_BYTES, span.stop - at), at)
            except OSError as error:
                raise _failed(f"{error.strerror}; look at the disk") from error
            if not piece or _version(file.status()) != version:
                raise OriginChanged(f"{asset.key!r} was changed while it was read; ask again")
            at += len(piece)
            yield piece

    async def names(self, start: str) -> AsyncGenerator[str]:
        """See Listing. Links to folders are not followed here."""
        found = self._walk(start.rpartition("/")[0])
        while True:
            with self._watched(start, "list"):
                some = await asyncio.to_thread(lambda: list(islice(found, _NAMES_AT_ONCE)))
            if not some:
                return
            for name in some:
                yield name

    def _walk(self, folder: str) -> Iterator[str]:
        if "\0" in folder or not (self._root / folder).resolve().is_relative_to(self._root):
            return
        for path, folders, files in os.walk(self._root / folder, onerror=self._unread):
            folders.sort()
            below = Path(path).relative_to(self._root)
            for file in sorted(files):
                yield str(below / file)

    def _unread(self, error: OSError) -> None:
        if not isinstance(error, FileNotFoundError | NotADirectoryError):
            raise _failed(f"{error.filename}: {error.strerror}; look at its rights") from error

    async def close(self) -> None:
        """Lets go of the files."""
        self._held.clear()

    def _open(self, key: str) -> OpenFile:
        try:
            file = OpenFile(self._root / key)
            is_ours = stat.S_ISREG(file.status().st_mode) and file.real_path().is_relative_to(self._root)
        except (FileNotFoundError, NotADirectoryError, ValueError) as error:
            raise _missing() from error
        except OSError as error:
            if error.errno in _NO_FILE:
                raise _missing() from error
            raise _failed(f"{error.strerror}; look at its rights") from error
        if not is_ours:
            raise _missing()
        return file


def _missing() -> NotFound:
    return NotFound("There is no such asset; look at its name, capitals included")


def _failed(what: str) -> OriginUnavailable:
    return OriginUnavailable("The origin's folder cannot be read", logged=what)


def _version(status: os.stat_result) -> str:
    """As an entity-tag. The time of change (ctime) moves with every write and cannot be set back."""
    parts = (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)
    return '"' + "-".join(f"{part:x}" for part in parts) + '"'
