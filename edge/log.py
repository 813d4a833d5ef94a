"""One line per thing that matters: an event name and its facts, as text on a terminal, as JSON in a pipe."""

import json
import logging
import sys
from typing import Any, Literal

_RESERVED = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


def _facts(record: logging.LogRecord) -> dict[str, Any]:
    return {key: value for key, value in vars(record).items() if key not in _RESERVED}


class TextFormatter(logging.Formatter):
    """`12:00:01 INFO  publisher connected stream=bunny rtt_ms=12`."""

    def format(self, record: logging.LogRecord) -> str:
        """The line, and the traceback under it where there is one."""
        facts = "".join(f" {key}={value}" for key, value in _facts(record).items())
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


def set_up(level: str, style: Literal["auto", "text", "json"]) -> None:
    """Send every record of this process to standard error."""
    text = sys.stderr.isatty() if style == "auto" else style == "text"
    handler = logging.StreamHandler()
    handler.setFormatter(TextFormatter() if text else JsonFormatter())
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    for noisy in ("aioice", "aiortc", "aiohttp.access", "libav"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
