"""What players tell of themselves: Common Media Client Data (CTA-5004), in the query or in header fields."""

import re
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import unquote_plus

FIELDS = ("cmcd-object", "cmcd-request", "cmcd-session", "cmcd-status")
IN_LINE = b"CMCD="
_LONGEST = 2048
_AND = ord("&")
_VALUE = re.compile(rb"CMCD=([A-Za-z0-9\-._~!$'()*+,;=:@/?%]{0,2048})[& ]")


class PlayerReport(NamedTuple):
    """None: the player did not say. `starved`: the buffer ran dry since the last report (bs)."""

    bitrate: int | None = None
    """Of what is played, bit/s (br)."""
    buffer_s: float | None = None
    """Ahead of what is played (bl)."""
    throughput: int | None = None
    """As the player measures it, bit/s (mtp)."""
    starved: bool = False
    starting: bool = False
    """Wanted urgently: the player starts, seeks or recovers (su)."""
    started_after_s: float | None = None
    """From the wish to play to the first picture (msd, version 2)."""


_FIELD = re.compile(
    rb"\r\n(?:CMCD-(?:Object|Request|Session|Status)|cmcd-(?:object|request|session|status)):"
    rb"([\t\x20-\x7e]*)(?=\r\n)"
)
_WORDS = "{comma}(?:(br|bl|mtp|msd){equals}([0-9]{{1,9}})|(bs|su)(?:{equals}true)?)(?={comma})"
_PLAIN = re.compile(_WORDS.format(comma=",", equals="="))
_ENCODED = re.compile(_WORDS.format(comma="%2C", equals="%3D"))


def split_cmcd(query: str) -> tuple[str | None, str]:
    """The value of `CMCD=` in a raw query, decoded, and the query without it; None where there is none.

    The rest is what caches and the playlists' directives see: a report is different with every request.
    """
    if "CMCD=" not in query:
        return None, query
    value, rest = None, []
    for field in query.split("&"):
        if field.startswith("CMCD="):
            value = field[5:]
        else:
            rest.append(field)
    return (None if value is None else unquote_plus(value[:_LONGEST])), "&".join(rest)


def split_line(line: bytes) -> tuple[str | None, bytes]:
    """The same of a request line (RFC 9112, 3), but its value is not decoded: it is for `parse_encoded`. What
    is left is a plain line exactly if `line` is one.

    None as well where that is not sure, and where there are two.
    """
    at = line.find(IN_LINE)
    query = line.find(b"?", 0, max(at, 0))
    if query < 0 or (line[at - 1] != _AND and at - 1 != query) or line.find(IN_LINE, at + 5) >= 0:
        return None, line
    value = _VALUE.match(line, at)
    if value is None:
        return None, line
    end = value.end()
    rest = line[:at] + line[end:] if line[end - 1] == _AND else line[: at - 1] + line[end - 1 :]
    return value[1].decode("ascii"), rest


def split_fields(raw: bytes) -> tuple[str | None, bytes]:
    """The four fields of a head as one value, and the head without them; None without any. `raw`: from the
    line end of the request line to the empty line.
    """
    if b"CMCD-" not in raw and b"cmcd-" not in raw:
        return None, raw
    rest, *found = _FIELD.split(raw)
    if not found:
        return None, raw
    return b",".join(found[::2])[:_LONGEST].decode("ascii"), b"".join((rest, *found[1::2]))


def of_fields(headers: Mapping[str, str]) -> str | None:
    """The four header fields as one value; None without any."""
    values = [headers[name] for name in FIELDS if name in headers]
    return ",".join(values)[:_LONGEST] if values else None


def parse_cmcd(value: str) -> PlayerReport:
    """Keys that are malformed, unknown or absurd are passed over: no report is a reason to refuse."""
    return _report(_PLAIN.findall(f",{value[:_LONGEST]},".replace(" ", "")))


def parse_encoded(value: str) -> PlayerReport:
    """The same of a value that is percent-encoded; read as it is where it is so in the usual way."""
    if "," in value or "=" in value or "+" in value or "%20" in value or "%2c" in value or "%3d" in value:
        return parse_cmcd(unquote_plus(value))
    return _report(_ENCODED.findall(f"%2C{value}%2C"))


def _report(words: list[tuple[str, str, str]]) -> PlayerReport:
    """`words`: a key and its digits, or a flag."""
    found = {key or flag: digits for key, digits, flag in words}
    return PlayerReport(
        int(found["br"]) * 1000 if "br" in found else None,
        int(found["bl"]) / 1000 if "bl" in found else None,
        int(found["mtp"]) * 1000 if "mtp" in found else None,
        "bs" in found,
        "su" in found,
        int(found["msd"]) / 1000 if "msd" in found else None,
    )
