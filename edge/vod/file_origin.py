"""A folder as an origin: served from the files themselves."""

import asyncio
import os
import stat
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

from edge.errors import NotFound, OriginChanged, OriginUnavailable
from edge.http.byte_range import ByteRange
from edge.vod.asset import Asset
from edge.vod.media_type import media_type
from edge.vod.open_file import OpenFile

PIECE_BYTES = 256 * 1024
_SETTLED_S = 1.0
"""Above the granularity of the clock that stamps files: within it, two versions may bear the same times."""


class FileOrigin:
    """Everything below `root`, symbolic links only where they stay below it."""

    def __init__(self, name: str, root: Path) -> None:
        self.name = name
        self._root = root.resolve()

    async def stat(self, key: str) -> Asset:
        """See Origin.stat. Folders, devices and pipes are not found."""
        status = await asyncio.to_thread(lambda: self._open(key).status())
        weak = "W/" if time.time() - status.st_ctime < _SETTLED_S else ""
        modified = datetime.fromtimestamp(status.st_mtime, UTC)
        return Asset(key, status.st_size, weak + _version(status), modified, media_type(key), self.name)

    async def read(self, asset: Asset, span: ByteRange) -> AsyncIterator[bytes]:
        """See Origin.read. Each piece is handed out only if the file is still the same after it was read."""
        file = await asyncio.to_thread(self._open, asset.key)
        version = asset.etag.removeprefix("W/")
        at = span.start
        while at < span.stop:
            try:
                piece = await file.read(min(PIECE_BYTES, span.stop - at), at)
            except OSError as error:
                raise OriginUnavailable(f"{self.name}: {error.strerror}; look at the disk") from error
            if not piece or _version(file.status()) != version:
                raise OriginChanged(f"{self.name}: {asset.key} was changed while it was read; ask again")
            at += len(piece)
            yield piece

    async def close(self) -> None:
        """Nothing is held."""

    def _open(self, key: str) -> OpenFile:
        try:
            file = OpenFile(self._root / key)
            is_ours = stat.S_ISREG(file.status().st_mode) and file.real_path().is_relative_to(self._root)
        except (FileNotFoundError, NotADirectoryError, ValueError) as error:
            raise _missing() from error
        except OSError as error:
            raise OriginUnavailable(f"{self.name}: {error.strerror}; look at its rights") from error
        if not is_ours:
            raise _missing()
        return file


def _missing() -> NotFound:
    return NotFound("There is no such asset; look at its name, capitals included")


def _version(status: os.stat_result) -> str:
    """As an entity-tag. The time of change (ctime) moves with every write and cannot be set back."""
    parts = (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)
    return '"' + "-".join(f"{part:x}" for part in parts) + '"'
