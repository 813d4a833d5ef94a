"""Where the reader of a playlist keeps what is wrong with tags and their attributes."""

from edge.watch.attributes import Attributes, parse_attributes
from edge.watch.findings import Finding

_MOST_FAULTS = 100


class TagFaults:
    """`faults` are the first hundred, in the order of the lines."""

    def __init__(self) -> None:
        self.faults: list[Finding] = []

    def fault(self, finding: Finding) -> None:
        """Keep what is wrong."""
        if len(self.faults) < _MOST_FAULTS:
            self.faults.append(finding)

    def attributes(self, tag: str, text: str) -> Attributes:
        """Read the list of `tag`; a malformed one breaks LL 2."""
        attributes = parse_attributes(text)
        for problem in attributes.problems:
            self.fault(Finding("LL 2", "attribute-list", f"{tag}: {problem}"))
        attributes.problems.clear()
        return attributes

    def values(self, tag: str, attributes: Attributes, rule: str) -> None:
        """Keep what reading the values brought to light: it breaks `rule`, or LL 3 (decimals)."""
        for problem in attributes.problems:
            if "floating-point" in problem:
                self.fault(Finding("LL 3", "decimal", f"{tag}: {problem}"))
            else:
                self.fault(Finding(rule, "attribute-value", f"{tag}: {problem}"))
