"""What operators read of metrics: the table, the alert rules, the dashboard; all of it against the code."""

import re
import subprocess
from pathlib import Path

import pytest
import yaml

from edge.metrics_table import families, labels, table
from tests.dashboard import queries

ROOT = Path(__file__).parents[1]
RULES = ROOT / "config" / "alerts.yml"
SUFFIXES = {"counter": ("_total",), "gauge": ("",), "histogram": ("_bucket", "_count", "_sum")}


def asked() -> list[tuple[str, str]]:
    rules = yaml.safe_load(RULES.read_text())["groups"][0]["rules"]
    return [*((rule["alert"], rule["expr"]) for rule in rules), *queries()]


def test_the_table_is_that_of_the_code():
    assert (ROOT / "docs" / "metrics.md").read_text() == table(), (
        "run: python -m edge.metrics_table > docs/metrics.md"
    )


@pytest.mark.parametrize(("title", "query"), asked())
def test_queries_ask_for_what_there_is(title, query):
    known = {family.name + suffix: family.name for family in families() for suffix in SUFFIXES[family.type]}
    families_asked = set(re.findall(r"\bedge_[a-z_]+", query))
    assert families_asked <= set(known), title
    used = set(re.findall(r"\b([a-z]+)(?:=~?|!=)\"", query)) - {"instance", "job"}
    for name in families_asked:
        assert used <= set(labels()[known[name]]), (title, name)


def test_every_alert_tells_the_mend():
    for rule in yaml.safe_load(RULES.read_text())["groups"][0]["rules"]:
        assert {"summary", "mend"} <= set(rule["annotations"]), rule["alert"]


def test_prometheus_understands_rules_and_queries(tmp_path):
    recorded = {"groups": [{"name": "q", "rules": [
        {"record": f"q{number}", "expr": query} for number, (_, query) in enumerate(asked())
    ]}]}  # fmt: skip
    path = tmp_path / "queries.yml"
    path.write_text(yaml.safe_dump(recorded))
    for file in (RULES, path):
        done = subprocess.run(
            ["promtool", "check", "rules", str(file)], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
