"""Log lines: an event and its facts."""

import ast
import json
import logging
import re
import sys
from pathlib import Path

from edge.log import ACCESS_LOG, JsonFormatter, Sampled, TextFormatter, set_up

ROOT = Path(__file__).parents[1]
LEVELS = {"info": "info", "warning": "warning", "error": "error", "exception": "error"}


def record(**facts: object) -> logging.LogRecord:
    return logging.getLogger("edge.test").makeRecord(
        "edge.test", logging.INFO, "f", 1, "publisher.connected", (), None, extra=facts
    )


def test_text_on_a_terminal() -> None:
    line = TextFormatter().format(record(stream="bunny", rtt_ms=12))
    assert line.endswith("INFO    publisher.connected stream=bunny rtt_ms=12")


def test_nobody_writes_lines_of_his_own() -> None:
    """Nor speaks to the terminal: names in addresses are anybody's, and are decoded."""
    line = TextFormatter().format(
        record(resource="a\n12:00 INFO  auth.fine\r\x1b[2J\u2028b", stream="bücher")
    )
    assert line.isprintable()
    assert line.endswith(r"resource='a\n12:00 INFO  auth.fine\r\x1b[2J\u2028b' stream=bücher")


def test_json_in_a_pipe() -> None:
    line = json.loads(JsonFormatter().format(record(stream="bunny")))
    assert (line["event"], line["stream"], line["level"]) == ("publisher.connected", "bunny", "info")


def test_a_traceback_follows() -> None:
    try:
        raise ValueError("odd")
    except ValueError:
        failed = record()
        failed.exc_info = sys.exc_info()
    assert "ValueError: odd" in TextFormatter().format(failed).splitlines()[-1]
    assert "ValueError: odd" in json.loads(JsonFormatter().format(failed))["traceback"]


def events() -> dict[str, str]:
    """Level by event, of every call of a logger in the code."""
    found = {}
    for path in sorted((ROOT / "edge").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
                continue
            if not (isinstance(node.func.value, ast.Name) and node.func.value.id == "logger"):
                continue
            event = node.args[0]
            assert isinstance(event, ast.Constant), f"{path}:{node.lineno}: the name of an event is a literal"
            assert re.fullmatch(r"[a-z]+\.[a-z_]+", event.value), f"{path}:{node.lineno}: room.what_happened"
            assert len(node.args) == 1, f"{path}:{node.lineno}: facts go into `extra`"
            found[event.value] = LEVELS[node.func.attr]
    return found


def test_every_event_is_in_the_table() -> None:
    """docs/logs.md: `| event | level | when | what to do |`, by name."""
    lines = (ROOT / "docs" / "logs.md").read_text().splitlines()
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("| `")]
    assert {row[0].strip("`"): row[1] for row in rows} == events()
    assert [row[0] for row in rows] == sorted(row[0] for row in rows)
    assert all(len(row) == 4 and row[2] for row in rows)


def test_where_there_are_many_some_are_written_and_the_others_counted() -> None:
    """No sleep: a record brings its own time."""
    sampled = Sampled(burst=3, per_second=1.0)

    def written(at: float, level: int = logging.WARNING, event: str = "web.turned_away") -> bool | int:
        one = logging.LogRecord("edge", level, "f", 1, event, None, None)
        one.created = at
        return sampled.filter(one) and getattr(one, "left_out", True)

    assert [written(10.0) for _ in range(5)] == [True, True, True, False, False]
    assert written(10.0, event="other.event") is True, "each event has its own measure"
    assert [written(11.0), written(11.0)] == [2, False]
    assert [written(20.0), written(20.0), written(20.0), written(20.0)] == [1, True, True, False]
    assert all(written(20.0, logging.ERROR) for _ in range(50)), "errors are all written"


def test_of_the_access_log_nothing_is_left_out(capsys, monkeypatch) -> None:
    """Its share is chosen by a key of its own, and neither masses nor `server.log_level` make it less."""
    monkeypatch.setattr(logging.root, "handlers", [])
    monkeypatch.setattr(logging.root, "level", logging.root.level)
    set_up("warning", "json")
    for _ in range(200):
        logging.getLogger(ACCESS_LOG).info("web.request")
        logging.getLogger("edge.other").info("stream.began")
    lines = [json.loads(line)["event"] for line in capsys.readouterr().err.splitlines()]
    assert lines == ["web.request"] * 200
