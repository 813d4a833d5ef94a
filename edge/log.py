"""One line per thing that matters: an event name and its facts, as text on a terminal, as JSON in a pipe.

The message of a record is the name of the event, `room.what_happened`, and never changes; what changes is in
`extra`. docs/logs.md lists them all; a test compares it with the code.
"""

import json
import logging
import sys
from typing import Any, Literal

ACCESS_LOG = "edge.access"
"""Its lines are a share of the requests that the operator chose: none of them is left out here."""

_RESERVED = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


def _facts(record: logging.LogRecord) -> dict[str, Any]:
    return {key: value for key, value in vars(record).items() if key not in _RESERVED}


def _visible(value: object) -> str:
    """What strangers send cannot begin a line of its own, nor speak to the terminal."""
    text = str(value)
    return text if text.isprintable() else repr(text)


class TextFormatter(logging.Formatter):
    """`12:00:01 INFO  publisher.connected stream=bunny took_ms=12`."""

    def format(self, record: logging.LogRecord) -> str:
        """The line, and the traceback under it where there is one."""
        facts = "".join(f" {key}={_visible(value)}" for key, value in _facts(record).items())
        line = f"{self.formatTime(record, '%H:%M:%S')} {record.levelname:<7} {record.getMessage()}{facts}"
        return f"{line}\n{self.formatException(record.exc_info)}" if record.exc_info else line


class JsonFormatter(logging.Formatter):
    """One JSON object a line, for journald and log collectors."""

    def format(self, record: logging.LogRecord) -> str:
        """The line; a traceback becomes the member `traceback`."""
        line = {
            "time": self.formatTime(record, "%Y-%m-%dT%H:%M:%S%z"),
            "level": record.levelname.lower(),
            "event": record.getMessage(),
            "logger": record.name,
            **_facts(record),
        }
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str)


class Sampled(logging.Filter):
    """Lets the first lines of each event through, then one a second, which tells how many were left out.

    Errors and the access log are never left out. Bounded by the number of events, for names hold no facts.
    """

    def __init__(self, burst: int = 20, per_second: float = 1.0) -> None:
        super().__init__()
        self._burst, self._per_second = burst, per_second
        self._room: dict[str, tuple[float, float]] = {}
        self._left_out: dict[str, int] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the record is written; `left_out` is added to one that follows others that were not."""
        if record.levelno >= logging.ERROR or record.name == ACCESS_LOG:
            return True
        event = str(record.msg)
        room, since = self._room.get(event, (float(self._burst), record.created))
        room = min(self._burst, room + max(0.0, record.created - since) * self._per_second)
        is_written = room >= 1
        self._room[event] = (room - is_written, record.created)
        if not is_written:
            self._left_out[event] = self._left_out.get(event, 0) + 1
        elif left_out := self._left_out.pop(event, 0):
            record.left_out = left_out
        return is_written


def set_up(level: str, style: Literal["auto", "text", "json"]) -> None:
    """Send every record of this process to standard error."""
    text = sys.stderr.isatty() if style == "auto" else style == "text"
    handler = logging.StreamHandler()
    handler.addFilter(Sampled())
    handler.setFormatter(TextFormatter() if text else JsonFormatter())
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    logging.getLogger(ACCESS_LOG).setLevel(logging.INFO)  # asked for by a key of its own
    for noisy in ("aioice", "aiortc", "aiohttp.access", "libav"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
