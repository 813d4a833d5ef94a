"""Where an answer came from, told by each cache on its way (RFC 9211): the nearest to the origin first."""

import re

_LONGEST = 512
_MOST_CACHES = 8

_TOKEN = r"[A-Za-z*][!#$%&'*+\-.^_`|~0-9A-Za-z:/]*"  # noqa: S105  of the grammar
_STRING = r'"(?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\["\\])*"'
_BARE = rf"(?:-?[0-9]{{1,15}}(?:\.[0-9]{{1,3}})?|{_STRING}|{_TOKEN}|:[A-Za-z0-9+/=]*:|\?[01])"
_MEMBER = re.compile(rf"(?:{_TOKEN}|{_STRING})(?:; *[a-z*][a-z0-9_\-.*]*(?:={_BARE})?)*")
_COMMA = re.compile(r"[ \t]*,[ \t]*")


def told_before(field: str) -> str:
    """What caches nearer to the origin said, to go before our own; empty where it is none.

    A list of structured fields (RFC 9651, 3.1) whose members are names with parameters (RFC 9211, 2). One
    fault in it, and it is dropped as a whole; so is what is absurdly long.
    """
    text = field.strip(" \t")
    if not text or len(text) > _LONGEST:
        return ""
    at = count = 0
    while (found := _MEMBER.match(text, at)) is not None and count < _MOST_CACHES:
        count += 1
        if found.end() == len(text):
            return text
        comma = _COMMA.match(text, found.end())
        if comma is None:
            return ""
        at = comma.end()
    return ""


def appended(before: str, own: str) -> str:
    """The value of the field. `before`: see `told_before`."""
    return f"{before}, {own}" if before else own
