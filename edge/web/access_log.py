"""One line for a request, or for a share of them, written by a thread of its own."""

import asyncio
import logging
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

from edge.http.token_path import for_log
from edge.log import ACCESS_LOG

logger = logging.getLogger(ACCESS_LOG)

_MOST_HELD = 20_000


class Line(NamedTuple):
    """`path` may have a token in it, which is not written. `seconds`: until there was an answer to send."""

    client: str
    method: str
    path: str
    status: int
    octets: int
    seconds: float


class AccessLog:
    """`share` of all requests: 1 is every one, 0.01 is one in a hundred. More than a thread can write in
    time is left out, and the number told.
    """

    def __init__(self, share: float) -> None:
        self._share = share
        self._credit = 0.0
        self._lines: list[Line] = []
        self._left_out = 0
        self._writer = ThreadPoolExecutor(1, "access-log") if share else None
        self.is_on = self._writer is not None
        """Whether there is anything to note."""

    def note(self, line: Line) -> None:
        """Take it or leave it; costs next to nothing."""
        self._credit += self._share
        if self._credit < 1:
            return
        self._credit -= 1
        if len(self._lines) < _MOST_HELD:
            self._lines.append(line)
        else:
            self._left_out += 1

    def flush(self) -> None:
        """About once a second, from within the loop."""
        if self._writer is None or not self._lines:
            return
        lines, self._lines = self._lines, []
        left_out, self._left_out = self._left_out, 0
        asyncio.get_running_loop().run_in_executor(self._writer, _write, lines, left_out)

    def close(self) -> None:
        """Write what is left."""
        if self._writer is not None:
            self._writer.submit(_write, self._lines, self._left_out)
            self._writer.shutdown()
            self._writer = None
            self.is_on = False


def _write(lines: list[Line], left_out: int) -> None:
    for line in lines:
        facts = line._replace(path=for_log(line.path))._asdict()
        logger.info("web.request", extra=facts)
    if left_out:
        logger.warning("web.requests_left_out", extra={"count": left_out})
