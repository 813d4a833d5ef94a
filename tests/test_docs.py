"""What the documents name is there."""

import ast
import re
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
ROOT = TESTS.parent
PROOF = re.compile(r"`([\w/]*\w+\.(?:py|sh))?(?:::(\w+))?`")


def proofs() -> list[tuple[str, str]]:
    """File and test of each reference in the last cells of tables of proofs; `::test` means the file before."""
    found = []
    file = ""
    texts = [(ROOT / "docs" / name).read_text() for name in ("security.md", "http.md")]
    for line in "\n".join(texts).splitlines():
        if line.startswith("|") and not set(line) <= set("|- "):
            for named, test in PROOF.findall(line.strip("|").split("|")[-1]):
                file = named or file
                found.append((file, test))
    return found


def names_of(path: Path) -> set[str]:
    return {
        node.name
        for node in ast.parse(path.read_text()).body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }


@pytest.mark.parametrize(("file", "test"), proofs())
def test_each_proof_is_there(file: str, test: str) -> None:
    path = TESTS / file
    assert path.is_file()
    assert not test or test in names_of(path)


def test_each_rule_of_http_has_its_row_and_a_proof() -> None:
    rows = [row for row in (ROOT / "docs" / "http.md").read_text().splitlines() if re.match(r"\| \d+:", row)]
    assert [int(row[2:].partition(":")[0]) for row in rows] == list(range(1, 41))
    assert [row for row in rows if not PROOF.search(row.strip("|").split("|")[-1])] == []


def test_each_threat_has_a_proof() -> None:
    rows = [
        line for line in (ROOT / "docs" / "security.md").read_text().splitlines() if line.startswith("| ")
    ]
    threats = [row for row in rows if row.count("|") == 4 and not row.startswith("| attack")]
    assert len(threats) > 25
    assert [row for row in threats if not PROOF.search(row.strip("|").split("|")[-1])] == []
