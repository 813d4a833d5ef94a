"""What a check says, and the book in which all of it is kept."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from edge.watch.rulebook import source

Level = Literal["breach", "advice", "note"]

_MOST_KINDS = 300


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing seen. `rule` is a name of the rulebook, `check` a short stable name, `detail` a sentence.

    breach: a MUST is broken, the exit code will say so. advice: a SHOULD is not followed. note: legal, but
    worth knowing.
    """

    rule: str
    check: str
    detail: str
    level: Level = "breach"


def advice(rule: str, check: str, detail: str) -> Finding:
    """A SHOULD that is not followed."""
    return Finding(rule, check, detail, "advice")


def note(rule: str, check: str, detail: str) -> Finding:
    """Legal, but worth knowing."""
    return Finding(rule, check, detail, "note")


@dataclass(slots=True)
class Entry:
    """All findings of one check: how many, when the first came (seconds since the start), where, and its
    sentence.
    """

    finding: Finding
    first_at: float
    where: str
    count: int = 1

    def as_json(self) -> dict[str, object]:
        """The flat object of `--json`."""
        return {
            "rule": self.finding.rule,
            "source": source(self.finding.rule),
            "check": self.finding.check,
            "detail": self.finding.detail,
            "count": self.count,
            "first_at_s": round(self.first_at, 3),
            "where": self.where,
        }


@dataclass(slots=True)
class Ledger:
    """Findings, one entry a kind, in the order of their first appearance."""

    entries: dict[tuple[str, str, Level], Entry] = field(default_factory=dict)

    def add(self, findings: Iterable[Finding], at: float, where: str) -> None:
        """Count `findings` seen `at` seconds after the start in the resource `where`."""
        for finding in findings:
            key = (finding.rule, finding.check, finding.level)
            entry = self.entries.get(key)
            if entry is not None:
                entry.count += 1
            elif len(self.entries) < _MOST_KINDS:
                self.entries[key] = Entry(finding, at, where)

    def of(self, level: Level) -> list[Entry]:
        """The entries of one level."""
        return [entry for entry in self.entries.values() if entry.finding.level == level]

    def count(self, level: Level) -> int:
        """How often anything of this level was seen."""
        return sum(entry.count for entry in self.of(level))
