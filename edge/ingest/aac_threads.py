"""Threads that make AAC: what all publishers bring in a turn of the loop is one errand, not one for each."""

import asyncio
import contextlib
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TypeAlias

from edge.ingest.supervisor import guarded
from edge.media.sample import Sample

TOGETHER = 8
"""Publishers of one errand, at most: 2 ms of work. More of them are for the next thread."""

_MOST_THREADS = 4
_NICE = 10
"""Where these threads share a core with the loop, they would keep it while datagrams wait."""

Outcome: TypeAlias = "list[Sample] | Exception"
Work = Callable[[], list[Sample]]
Done = Callable[[Outcome], None]


class AacThreads:
    """As many as there are cores for us, up to four: a second one on the same core would only stand in the
    way of the first while that has the interpreter and the loop wants it.
    """

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(min(_MOST_THREADS, _cores()), "audio", _stand_back)
        self._asked: list[tuple[Work, Done]] = []

    def ask(self, work: Work, done: Done) -> None:
        """In the running loop `done` is told what `work` gave in a thread, or what it raised. What it raises
        itself goes to the loop's exception handler.
        """
        if not self._asked:
            asyncio.get_running_loop().call_soon(self._send)
        self._asked.append((work, done))

    def close(self) -> None:
        """What is not begun is not done."""
        self._asked.clear()
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _send(self) -> None:
        asked, self._asked = self._asked, []
        loop = asyncio.get_running_loop()
        for begin in range(0, len(asked), TOGETHER):
            works, dones = zip(*asked[begin : begin + TOGETHER], strict=True)
            errand = loop.run_in_executor(self._threads, _run, works)
            errand.add_done_callback(partial(_tell, dones))


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):  # on Linux; a unit or a container may have less than the machine
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _stand_back() -> None:
    with contextlib.suppress(OSError):  # a sandbox that lets nobody change priorities
        os.nice(_NICE)  # of this thread alone: setpriority(2)


def _run(works: Sequence[Work]) -> list[Outcome]:
    """In the thread: one publisher's fault is none of the others'."""
    outcomes: list[Outcome] = []
    for work in works:
        guarded(partial(_do, work, outcomes), outcomes.append)
    return outcomes


def _do(work: Work, outcomes: list[Outcome]) -> None:
    outcomes.append(work())


def _tell(dones: Sequence[Done], errand: "asyncio.Future[list[Outcome]]") -> None:
    """All are told, whatever one of them makes of it."""
    if errand.cancelled():  # we are closed
        return
    faults: list[Exception] = []
    for done, outcome in zip(dones, errand.result(), strict=True):
        guarded(partial(done, outcome), faults.append)
    if faults:
        raise ExceptionGroup("sound that was made could not be taken", faults)
