"""What an answer lets a shared cache do with it, and for how long (RFC 9111; HTTP 25, 26, 30)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from edge.http.precondition import parse_http_date

_DIRECTIVE = re.compile(
    r'\s*([!#$%&\'*+.^_`|~0-9A-Za-z-]{1,64})(?:=(?:"([^"]{0,1000})"|([^\s",]{0,1000})))?\s*'
)
_LONGEST_FIELD = 1000
_LONGEST_S = 2**31
_NEVER_STALE = frozenset({"must-revalidate", "proxy-revalidate", "no-cache", "s-maxage"})


@dataclass(frozen=True, slots=True)
class Storing:
    """Durations are seconds; None: the answer does not say."""

    may_store: bool = True
    fresh_s: float | None = None
    """From the moment the answer came: its age is taken off already. 0 or less: to be asked for each time."""
    age_s: float = 0.0
    """Of the answer when it came (RFC 9111, 4.2.3)."""
    may_be_stale: bool = True
    stale_while_revalidate_s: float | None = None
    stale_if_error_s: float | None = None
    cache_control: str = ""
    """To be passed on: the field as it came, and what others say in its terms; empty: nothing is said."""


UNSAID = Storing()
"""Of an answer that says nothing about it."""


def storing(fields: Mapping[str, str]) -> Storing:
    """Of the fields of a 200 or 206; names in lower case, several lines of one field joined by commas."""
    text = fields.get("cache-control", "")
    text = text if len(text) <= _LONGEST_FIELD and text.isprintable() and text.isascii() else "no-store"
    said = _directives(text)
    age_s = _seconds(fields.get("age", "0"))
    lifetime_s = _lifetime(said, fields)
    varies = _varies_by_anything(fields)
    return Storing(
        may_store=not {"no-store", "private"} & said.keys() and not varies,
        fresh_s=None if lifetime_s is None else lifetime_s - (age_s or 0.0) if age_s is not None else 0.0,
        age_s=age_s or 0.0,
        may_be_stale=not _NEVER_STALE & said.keys(),
        stale_while_revalidate_s=_seconds(said.get("stale-while-revalidate")),
        stale_if_error_s=_seconds(said.get("stale-if-error")),
        cache_control=_in_one(text, "no-store") if varies else _passed_on(text, said, fields, lifetime_s),
    )


def _passed_on(
    text: str, said: Mapping[str, str], fields: Mapping[str, str], lifetime_s: float | None
) -> str:
    """With max-age in the place of Expires, which is measured from a Date, and that is of our own answer."""
    is_timed = "expires" in fields if text else lifetime_s is not None
    if not is_timed or {"max-age", "no-cache", "no-store"} & said.keys():
        return text
    seconds = min(_until_expires(fields) if "expires" in fields else 0.0, _LONGEST_S)
    return _in_one(text, f"max-age={int(seconds)}")


def _in_one(*directives: str) -> str:
    return ", ".join(filter(None, directives))


def _directives(text: str) -> dict[str, str]:
    """Of a name that stands twice with different values, the value is none (4.2.1: stale)."""
    found: dict[str, str] = {}
    for each in _split(text):
        matched = _DIRECTIVE.fullmatch(each)
        if matched is None:
            continue
        name, value = matched[1].lower(), matched[2] or matched[3] or ""
        found[name] = value if found.get(name, value) == value else ""
    return found


def _varies_by_anything(fields: Mapping[str, str]) -> bool:
    """`*` among others, too (RFC 9110, 12.5.5). By fields it may: origins are always asked with the same."""
    return "*" in {name.strip() for name in fields.get("vary", "").split(",")}


def _split(text: str) -> list[str]:
    """At commas that are not within quotes."""
    return re.findall(r'(?:[^",]|"[^"]*"?)+', text)


def _lifetime(said: Mapping[str, str], fields: Mapping[str, str]) -> float | None:
    """RFC 9111, 4.2.1: s-maxage, max-age, Expires; what is malformed has expired."""
    if "no-cache" in said or (not said and fields.get("pragma", "").strip().lower() == "no-cache"):
        return 0.0
    for name in ("s-maxage", "max-age"):
        if name in said:
            return _seconds(said[name]) or 0.0
    return _until_expires(fields) if "expires" in fields else None


def _until_expires(fields: Mapping[str, str]) -> float:
    until, date = parse_http_date(fields["expires"]), parse_http_date(fields.get("date", ""))
    return max(0.0, (until - date).total_seconds()) if until and date else 0.0


def _seconds(text: str | None) -> float | None:
    """RFC 9111, 1.2.2; None for what is none."""
    if text is None or not (text.strip().isascii() and text.strip().isdigit()):
        return None
    digits = text.strip().lstrip("0") or "0"
    return float(min(int(digits[:11]), _LONGEST_S)) if len(digits) <= 10 else float(_LONGEST_S)
