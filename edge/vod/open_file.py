"""Octets of a file: from the page cache without leaving the loop, from the disk in a thread."""

import asyncio
import errno
import os
from pathlib import Path


class OpenFile:
    """A regular file, opened to be read. Closed when nobody holds it: a thread may still read when its reader
    has left. OSError: it cannot be opened.
    """

    __slots__ = ("_fd", "path")

    def __init__(self, path: Path) -> None:
        self.path = path
        self._fd = -1
        self._fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)  # a FIFO would block

    def __del__(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)

    def status(self) -> os.stat_result:
        """Of what is open, whatever its name means by now."""
        return os.fstat(self._fd)

    def real_path(self) -> Path:
        """Where it is, every symbolic link followed."""
        return Path(f"/proc/self/fd/{self._fd}").readlink()

    async def read(self, size: int, at: int) -> bytes | bytearray:
        """Up to `size` octets from `at` on; none at the end. OSError: the disk failed."""
        piece = self.read_now(size, at)
        return piece if piece is not None else await asyncio.to_thread(self._read_disk, size, at)

    def _read_disk(self, size: int, at: int) -> bytes:
        return os.pread(self._fd, size, at)

    def read_now(self, size: int, at: int) -> bytearray | None:
        """As `read`; None: it is not in the page cache."""
        buffer = bytearray(size)
        try:
            count = os.preadv(self._fd, [buffer], at, os.RWF_NOWAIT)
        except BlockingIOError:
            return None
        except OSError as error:
            if error.errno != errno.EOPNOTSUPP:  # tmpfs: all of it is in memory
                raise
            count = os.preadv(self._fd, [buffer], at)
        if count < size:
            del buffer[count:]
        return buffer
