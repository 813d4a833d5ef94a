"""A verified block that is open: its octets out of the page cache, as a copy or as the pages themselves."""

import errno
import mmap
import os
import time

PIECE = 65_536
"""What a slow reader holds in memory, beside what its socket does."""

SEEN_S = 5.0
"""What was used so long ago is taken to be in the page cache still: a kernel gives up used pages last."""
HELD_S = 1.0
"""A block stays mapped for so long without being asked for."""

_SCRATCH = memoryview(bytearray(PIECE))
"""For looking only: to copy is the cheapest way to ask a kernel what is in its page cache."""


def copied_stop(start: int, stop: int) -> int:
    """Where to stop copying: all of what is small, else where a piece ends."""
    return stop if stop - start <= PIECE else start - start % PIECE + PIECE


class OpenBlock:
    """Whoever has it may read on, whatever becomes of its name. For one thread, but for what opens it."""

    __slots__ = ("_changed_ns", "_fd", "_flags", "_seen", "_used_at", "_view", "size")

    def __init__(self, fd: int) -> None:
        """`fd` is its own from now on."""
        self._fd = fd
        self.size = 0
        """Octets of the block, which the file begins with."""
        self._changed_ns = -1
        self._flags = getattr(os, "RWF_NOWAIT", 0)
        self._seen: dict[int, float] = {}
        """Until when a piece is taken to be in the page cache, by its number."""
        self._view: memoryview | None = None
        self._used_at = 0.0

    def __del__(self) -> None:
        os.close(self._fd)

    def verified(self, size: int, changed_ns: int) -> None:
        """`size` octets are right, as they were when the file was written last (its ctime: nobody can set
        that back).
        """
        self.size, self._changed_ns = size, changed_ns

    def is_untouched(self) -> bool:
        """Whether nobody wrote to the file since it was verified."""
        return os.fstat(self._fd).st_ctime_ns == self._changed_ns

    def copied(self, start: int, stop: int) -> bytearray | None:
        """Octets from here to before there, without waiting. None: they are not all in the page cache."""
        buffer = bytearray(stop - start)
        return buffer if self._fill(buffer, start) else None

    def _fill(self, buffer: bytearray | memoryview, start: int) -> bool:
        try:
            return os.preadv(self._fd, [buffer], start, self._flags) == len(buffer)
        except BlockingIOError:
            return False
        except OSError as error:
            if error.errno != errno.EOPNOTSUPP or not self._flags:
                return False
            self._flags = 0  # tmpfs, overlayfs: there is no disk to wait for, or no way to tell
            return self._fill(buffer, start)

    def mapped(self, start: int, stop: int) -> memoryview | None:
        """As `copied`, without a copy. To be sent only: should the disk fail or the file be cut short, the
        kernel refuses to send it, but who touches it is killed (SIGBUS).
        """
        now, seen = time.monotonic(), self._seen
        for number in range(start // PIECE, (stop - 1) // PIECE + 1):
            if seen.get(number, 0.0) <= now and not self._is_there(number):
                return None
            seen[number] = now + SEEN_S
        view = self._view = self._view or self._map()
        self._used_at = now
        return None if view is None else view[start:stop]

    def _map(self) -> memoryview | None:
        try:
            return memoryview(mmap.mmap(self._fd, self.size, prot=mmap.PROT_READ))
        except (OSError, ValueError):  # too many of them, or the file was cut short in this moment
            return None

    def _is_there(self, number: int) -> bool:
        start = number * PIECE
        return self._fill(_SCRATCH[: min(PIECE, self.size - start)], start)

    @property
    def is_mapped(self) -> bool:
        return self._view is not None

    def let_go(self) -> bool:
        """Whether it is mapped still: not where nobody asked lately. What is on its way stays."""
        if time.monotonic() - self._used_at >= HELD_S:
            self._view = None
            self._seen.clear()
        return self._view is not None
