"""Which octets a Range field asks for (RFC 9110, 14.1.1 to 14.2)."""

import re

from edge.errors import RangeNotSatisfiable
from edge.http.byte_range import ByteRange

MOST_RANGES = 8
"""More are answered with the whole (RFC 9110, 14.2 and 17.15)."""

_SPEC = re.compile(r"([0-9]*)-([0-9]*)")
_LONGEST_FIELD = 1000
_MOST_DIGITS = 18
_NEAR = 80
"""What the head of one more part costs: gaps below it are sent along (15.3.7.2)."""


def wanted(field: str | None, size: int) -> tuple[ByteRange, ...] | None:
    """The ranges of a representation of `size` octets; None: the field is to be ignored.

    Ignored is what is malformed, of another unit, or too much (14.2). Ranges that overlap are joined. Raises
    RangeNotSatisfiable where nothing of what is asked for is there.
    """
    specs = _specs(field or "")
    if not specs or size == 0:
        return None
    ranges = [span for first, last in specs if (span := _resolved(first, last, size)) is not None]
    if not ranges:
        raise RangeNotSatisfiable(f"The asset has {size} octets; ask for some of those")
    return _joined(ranges)


def _specs(field: str) -> list[tuple[int | None, int | None]] | None:
    """First and last octet, or None and the length of a suffix; None for what is malformed."""
    unit, equals, text = field.partition("=")
    if not equals or unit.lower() != "bytes" or len(field) > _LONGEST_FIELD:
        return None
    specs = []
    for spec in filter(None, (each.strip(" \t") for each in text.split(","))):
        found = _SPEC.fullmatch(spec)
        first, last = map(_number, found.groups()) if found else (None, None)
        if (first is None and last is None) or (first is not None and last is not None and last < first):
            return None
        specs.append((first, last))
    return specs if len(specs) <= MOST_RANGES else None


def _number(digits: str) -> int | None:
    if not digits:
        return None
    digits = digits.lstrip("0")
    return 10**_MOST_DIGITS if len(digits) > _MOST_DIGITS else int(digits or "0")


def _resolved(first: int | None, last: int | None, size: int) -> ByteRange | None:
    if first is None:
        start, stop = max(0, size - (last or 0)), size
    else:
        start, stop = first, size if last is None else min(last + 1, size)
    return ByteRange(start, stop) if start < stop else None


def _joined(ranges: list[ByteRange]) -> tuple[ByteRange, ...]:
    """In the order that was asked for, unless some overlap or nearly touch."""
    joined: list[ByteRange] = []
    for span in sorted(ranges):
        if joined and span.start - joined[-1].stop < _NEAR:
            joined[-1] = ByteRange(joined[-1].start, max(joined[-1].stop, span.stop))
        else:
            joined.append(span)
    return tuple(ranges if len(joined) == len(ranges) else joined)
