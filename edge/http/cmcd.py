"""What players tell of themselves: Common Media Client Data (CTA-5004), in the query or in header fields."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import unquote_plus

FIELDS = ("cmcd-object", "cmcd-request", "cmcd-session", "cmcd-status")
_LONGEST = 2048
_LARGEST = 10**9


@dataclass(frozen=True, slots=True)
class PlayerReport:
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
    return (None if value is None else unquote_plus(value[:_LONGEST])), "&".join(rest)


def of_fields(headers: Mapping[str, str]) -> str | None:
    """The four header fields as one value; None without any."""
    values = [headers[name] for name in FIELDS if name in headers]
    return ",".join(values)[:_LONGEST] if values else None


def parse_cmcd(value: str) -> PlayerReport:
    """Keys that are malformed, unknown or absurd are passed over: no report is a reason to refuse."""
    found: dict[str, str] = {}
    for item in value[:_LONGEST].split(","):
        key, equals, text = item.strip().partition("=")
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


def _number(found: Mapping[str, str], key: str) -> int | None:
    text = found.get(key, "")
    if not (text.isascii() and text.isdigit() and len(text) <= 9):
        return None
    return min(int(text), _LARGEST)
