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
    return (None if value is None else _decoded(value)), "&".join(rest)


def split_line(line: bytes) -> tuple[str | None, bytes]:
    """The same of a request line (RFC 9112, 3): what is left is a plain one exactly if `line` is.

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
    return _decoded(value[1].decode("ascii")), rest


def of_fields(headers: Mapping[str, str]) -> str | None:
    """The four header fields as one value; None without any."""
    values = [headers[name] for name in FIELDS if name in headers]
    return ",".join(values)[:_LONGEST] if values else None


def parse_cmcd(value: str) -> PlayerReport:
    """Keys that are malformed, unknown or absurd are passed over: no report is a reason to refuse."""
    found: dict[str, str] = {}
    for item in value[:_LONGEST].replace(" ", "").split(","):
        key, equals, text = item.partition("=")
        found[key] = text if equals else "true"
    bitrate, buffer = _number(found, "br"), _number(found, "bl")
    throughput, start = _number(found, "mtp"), _number(found, "msd")
    return PlayerReport(
        None if bitrate is None else bitrate * 1000,
        None if buffer is None else buffer / 1000,
        None if throughput is None else throughput * 1000,
        found.get("bs") == "true",
        found.get("su") == "true",
        None if start is None else start / 1000,
    )


def _decoded(value: str) -> str:
    """Percent-decoded; what stands in every report without looking at each letter."""
    text = value[:_LONGEST].replace("%2C", ",").replace("%3D", "=").replace("%22", '"')
    return unquote_plus(text) if "%" in text or "+" in text else text


def _number(found: Mapping[str, str], key: str) -> int | None:
    text = found.get(key)
    if text is None or not (len(text) <= 9 and text.isascii() and text.isdigit()):
        return None
    return int(text)
