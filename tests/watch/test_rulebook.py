import ast
from pathlib import Path

from edge.watch.rulebook import RULES, cite, source, title

WATCH = Path(__file__).parents[2] / "edge" / "watch"


def rules_named_in_code():
    for path in WATCH.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                words = node.value.split()
                if len(words) == 2 and words[0] in {"LL", "CMAF"} and words[1].isdigit():
                    yield node.value


def test_every_rule_that_is_judged_is_in_the_book():
    assert set(rules_named_in_code()) <= RULES.keys()


def test_a_rule_is_cited_with_its_source():
    assert cite("LL 19") == "LL 19 (draft 4.4.4.9)"
    assert source("LL 45") == "B.1"
    assert "85-100 %" in title("LL 19")
