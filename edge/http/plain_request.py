"""Request heads that leave nothing to interpret, read by two regular expressions. All others: not at all.

What is not plain goes to a strict parser: a lane that guesses at framing is how requests are smuggled
(RFC 9112, 11.2).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from edge.http.cache_control import is_only_if_cached

END = b"\r\n\r\n"
MOST_HEAD_BYTES = 8000
"""Of the line, and of the fields. Longer ones are not plain: parsers have limits of their own by line."""

_PLAIN = rb"A-Za-z0-9\-._~!$&'()*+,;=:@/"
_PATH = rb"/[%b]*(?:%%[0-9A-Fa-f]{2}[%b]*)*" % (_PLAIN, _PLAIN)
_LINE = re.compile(rb"(GET|HEAD|OPTIONS) (%b)(?:\?([%b?%%]*))? HTTP/1\.1" % (_PATH, _PLAIN))
_FIELDS = re.compile(rb"(?:\r\n[!#$%&'*+\-.^_`|~0-9A-Za-z]+:[\t\x20-\x7e]*)+\r\n\r\n")
_HOST = re.compile(r"[A-Za-z0-9.\-_]+(:[0-9]{1,5})?|\[[0-9a-fA-F:.]+\](:[0-9]{1,5})?")
_MOST_FIELDS = 100
_NEVER = re.compile(r"content-.*|transfer-encoding|te|trailer|upgrade|expect|sec-websocket-.*|http2-settings")
"""Fields that change what the octets of a connection mean, or promise a body."""
_MAY_REPEAT = "x-forwarded-for"


class RequestLine(NamedTuple):
    """`path` is as it came, percent-encoded; `query` is raw, without the question mark."""

    method: str
    path: str
    query: str


@dataclass(frozen=True, slots=True)
class Fields:
    """The header fields of a request, as many requests of one connection have them."""

    raw: bytes
    """From the line end of the request line to the empty line, both included."""
    values: Mapping[str, str]
    """Those that were wanted; names in lower case."""
    forwarded_for: tuple[str, ...]
    closes: bool
    """`Connection: close`."""
    told: str | None = None
    """What a player reports of itself (see edge.http.cmcd.split_fields); it is not among `values`."""

    def telling(self, raw: bytes, told: str) -> "Fields":
        """The same with a report in it."""
        return Fields(raw, self.values, self.forwarded_for, self.closes, told)


def is_odd(start: bytes) -> bool:
    """Whether what came of a head so far shows that it will not be plain: it begins as no method does (TLS,
    to a port without), or there is a CR or LF that stands alone.
    """
    if not (start[:1].isupper() or start[:1] in {b"", b"\r"}):
        return True
    pairs = start.count(b"\r\n")
    return start.count(b"\n") != pairs or start.count(b"\r") - start.endswith(b"\r") != pairs


def read_line(line: bytes) -> RequestLine | None:
    """A request line without its line end; None where it is not plain: GET, HEAD or OPTIONS of a
    path in HTTP/1.1.
    """
    found = _LINE.fullmatch(line)
    if found is None or len(line) > MOST_HEAD_BYTES:
        return None
    method, path, query = found.groups(b"")
    return RequestLine(method.decode("ascii"), path.decode("ascii"), query.decode("ascii"))


def read_fields(raw: bytes, wanted: frozenset[str]) -> Fields | None:
    """See Fields.raw; None where they are not plain: a body, another protocol, a field given twice, anything
    but visible ASCII and line ends as they should be (RFC 9112, 2.2 and 5), or no Host (3.2).
    """
    if len(raw) > MOST_HEAD_BYTES or _FIELDS.fullmatch(raw) is None:
        return None
    values: dict[str, str] = {}
    forwarded_for = []
    lines = raw[2:-4].decode("ascii").split("\r\n")
    for line in lines:
        given, _, text = line.partition(":")
        name, value = given.lower(), text.strip(" \t")
        if name == _MAY_REPEAT:
            forwarded_for.append(value)
        elif name in values or _NEVER.fullmatch(name):
            return None
        values[name] = value
    connection = values.get("connection", "keep-alive").lower()
    is_plain = len(lines) <= _MOST_FIELDS and connection in {"keep-alive", "close"}
    is_plain = is_plain and not is_only_if_cached(values.get("cache-control"))
    if not is_plain or _HOST.fullmatch(values.get("host", "")) is None:
        return None
    kept = {name: value for name, value in values.items() if name in wanted}
    return Fields(raw, kept, tuple(forwarded_for), connection == "close")
