"""Attribute lists, read strictly (draft-pantos-hls-rfc8216bis-22 4.2)."""

import string
from collections.abc import Iterator
from dataclasses import dataclass, field

_NAME = frozenset(string.ascii_uppercase + string.digits + "-")
_DIGITS = frozenset(string.digits)
_MAX_INTEGER = (1 << 64) - 1


def decimal_integer(text: str) -> int | None:
    """A decimal-integer (0 to 2^64-1, at most 20 digits), or None for anything else."""
    if not 0 < len(text) <= 20 or not _DIGITS.issuperset(text):
        return None
    value = int(text)
    return value if value <= _MAX_INTEGER else None


def decimal_float(text: str) -> float | None:
    """A decimal-floating-point (no sign, no exponent), or None for anything else."""
    whole, dot, fraction = text.partition(".")
    if not 0 < len(whole) <= 15 or len(fraction) > 20 or (dot and not fraction):
        return None
    if not _DIGITS.issuperset(whole) or not _DIGITS.issuperset(fraction):
        return None
    return float(text)


@dataclass(frozen=True, slots=True)
class Value:
    """An attribute's value as written, without its quotes."""

    text: str
    quoted: bool


@dataclass(slots=True)
class Attributes:
    """What one tag's list holds. `problems` are sentences: of the list itself, and of values read so far."""

    values: dict[str, Value] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    def __contains__(self, name: str) -> bool:
        return name in self.values

    def quoted(self, name: str) -> str | None:
        """A quoted-string."""
        return self._read(name, quoted=True)

    def enumerated(self, name: str) -> str | None:
        """An enumerated-string (no quotes)."""
        return self._read(name, quoted=False)

    def yes(self, name: str) -> bool:
        """An enumerated-string that may only be YES or NO."""
        text = self.enumerated(name)
        if text not in {None, "YES", "NO"}:
            self.problems.append(f"{name} is {text}, which is neither YES nor NO")
        return text == "YES"

    def integer(self, name: str) -> int | None:
        text = self._read(name, quoted=False)
        value = None if text is None else decimal_integer(text)
        if text is not None and value is None:
            self.problems.append(f"{name}={text[:40]} is not a decimal-integer")
        return value

    def seconds(self, name: str) -> float | None:
        """A decimal-floating-point."""
        text = self._read(name, quoted=False)
        value = None if text is None else decimal_float(text)
        if text is not None and value is None:
            self.problems.append(f"{name}={text[:40]} is not a decimal-floating-point")
        return value

    def plain(self) -> dict[str, str]:
        """Names and texts, for comparing."""
        return {name: value.text for name, value in self.values.items()}

    def _read(self, name: str, *, quoted: bool) -> str | None:
        value = self.values.get(name)
        if value is None:
            return None
        if value.quoted != quoted:
            self.problems.append(f"{name} must {'be' if quoted else 'not be'} in quotes")
        return value.text


def parse_attributes(text: str) -> Attributes:
    """Read `text`, the part of a tag after its colon. Never raises: what is wrong is in `problems`."""
    found = Attributes()
    for item in _split(text):
        name, equals, value = item.partition("=")
        if not equals or not name or not _NAME.issuperset(name):
            found.problems.append(f"`{item[:60]}` is not NAME=value")
            continue
        if name in found.values:
            found.problems.append(f"{name} is given twice")
            continue
        found.values[name] = _value(name, value, found.problems)
    return found


def _split(text: str) -> Iterator[str]:
    """Cut at the commas that are outside quotes."""
    start, inside = 0, False
    for index, char in enumerate(text):
        if char == '"':
            inside = not inside
        elif char == "," and not inside:
            yield text[start:index]
            start = index + 1
    yield text[start:]


def _value(name: str, text: str, problems: list[str]) -> Value:
    if len(text) >= 2 and text[0] == text[-1] == '"' and '"' not in text[1:-1]:
        return Value(text[1:-1], quoted=True)
    if not text or '"' in text or any(char.isspace() for char in text):
        problems.append(f"the value of {name} is empty, or has white space or a stray quote in it")
    return Value(text, quoted=False)
