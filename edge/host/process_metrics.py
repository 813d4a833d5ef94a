"""`process_*`, as Prometheus' client libraries name them, told without holding the loop.

The library's own collector lists all open files in the scrape: 2.7 ms with 4 000 connections, 8 with 10 000.
"""

import asyncio
import contextlib
import os
import resource
import time
from collections.abc import Iterable
from pathlib import Path

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

_FILES = Path("/proc/self/fd")
_STAT = Path("/proc/self/stat")
_MEMORY = Path("/proc/self/statm")
_STARTED = 19  # proc(5), from behind the name: the 22nd field
_TICKS_PER_S = os.sysconf("SC_CLK_TCK")


class ProcessCollector:
    """What the kernel says of this process; nothing where there is no proc(5)."""

    def __init__(self) -> None:
        self._started_at = _started_at() if _STAT.exists() else None
        self._open_files: int | None = None

    async def look(self) -> None:
        """Count the open files, which `collect` tells then."""
        if self._started_at is None:
            return
        try:
            self._open_files = _told() or await asyncio.to_thread(_listed)
        except (OSError, RuntimeError):  # no file is left to be opened for the list, or no thread
            self._open_files = None

    def collect(self) -> Iterable[Metric]:
        """See prometheus_client.registry.Collector."""
        if self._started_at is None:
            return
        with contextlib.suppress(OSError):
            virtual, resident = _memory()
            yield _gauge("virtual_memory_bytes", "Virtual memory size in bytes.", virtual)
            yield _gauge("resident_memory_bytes", "Resident memory size in bytes.", resident)
        yield _gauge(
            "start_time_seconds", "Start time of the process since unix epoch in seconds.", self._started_at
        )
        yield CounterMetricFamily(
            "process_cpu_seconds", "Total user and system CPU time spent in seconds.", time.process_time()
        )
        if self._open_files is not None:
            yield _gauge("open_fds", "Number of open file descriptors.", self._open_files)
        most, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        unlimited = most == resource.RLIM_INFINITY
        yield _gauge(
            "max_fds", "Maximum number of open file descriptors.", float("inf") if unlimited else most
        )


def _gauge(name: str, documentation: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"process_{name}", documentation, value)


def _started_at() -> float:
    """Unix seconds."""
    fields = _STAT.read_bytes().rpartition(b")")[2].split()
    booted_at = time.time() - time.clock_gettime(time.CLOCK_BOOTTIME)
    return booted_at + int(fields[_STARTED]) / _TICKS_PER_S


def _memory() -> tuple[int, int]:
    """Octets: virtual, resident."""
    virtual, resident = map(int, _MEMORY.read_bytes().split()[:2])
    page = resource.getpagesize()
    return virtual * page, resident * page


def _told() -> int:
    """The kernel's own count of open files; 0 before Linux 6.2."""
    return _FILES.stat().st_size


def _listed() -> int:
    return sum(1 for _ in os.scandir(_FILES))
