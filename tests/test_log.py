"""Log lines: an event and its facts."""

import json
import logging
import sys

from edge.log import JsonFormatter, TextFormatter


def record(**facts: object) -> logging.LogRecord:
    return logging.getLogger("edge.test").makeRecord(
        "edge.test", logging.INFO, "f", 1, "publisher %s", ("connected",), None, extra=facts
    )


def test_text_on_a_terminal() -> None:
    line = TextFormatter().format(record(stream="bunny", rtt_ms=12))
    assert line.endswith("INFO    publisher connected stream=bunny rtt_ms=12")


def test_json_in_a_pipe() -> None:
    line = json.loads(JsonFormatter().format(record(stream="bunny")))
    assert (line["event"], line["stream"], line["level"]) == ("publisher connected", "bunny", "info")


def test_a_traceback_follows() -> None:
    try:
        raise ValueError("odd")
    except ValueError:
        failed = record()
        failed.exc_info = sys.exc_info()
    assert "ValueError: odd" in TextFormatter().format(failed).splitlines()[-1]
    assert "ValueError: odd" in json.loads(JsonFormatter().format(failed))["traceback"]
