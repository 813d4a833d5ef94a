"""Whether a request still means what its sender thinks (RFC 9110, 13)."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime

from edge.http.entity_tag import matches


def http_date(moment: datetime) -> str:
    """IMF-fixdate (RFC 9110, 5.6.7). `moment` is aware, UTC."""
    return format_datetime(moment.replace(microsecond=0), usegmt=True)


def parse_http_date(text: str) -> datetime | None:
    """Aware, UTC; None for what is no date."""
    try:
        moment = parsedate_to_datetime(text)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None


def failed(fields: Mapping[str, str], etag: str, modified: datetime | None) -> int | None:
    """412 or 304 instead of the answer to a GET or HEAD, or None, in the order of RFC 9110, 13.2.2.

    `fields` have lower-case names. `etag` and `modified` (aware, UTC) are those that the 200 would have.
    """
    if (listed := fields.get("if-match")) is not None:
        if not _names_it(listed, etag, strongly=True):
            return 412
    elif _is_later(modified, fields.get("if-unmodified-since")) is True:
        return 412
    if (listed := fields.get("if-none-match")) is not None:
        return 304 if _names_it(listed, etag) else None
    return 304 if _is_later(modified, fields.get("if-modified-since")) is False else None


def range_holds(asked: str | None, etag: str, modified: datetime | None, now: datetime) -> bool:
    """Whether a Range field counts, by the If-Range beside it (13.1.5): a strong validator, exactly ours.

    A date counts where the asset was a second old or more (8.8.2.2).
    """
    if asked is None:
        return True
    asked = asked.strip()
    if asked.endswith('"'):
        return etag.startswith('"') and asked == etag
    is_strong = modified is not None and now - modified >= timedelta(seconds=1)
    return is_strong and modified is not None and asked == http_date(modified)


def _names_it(listed: str, etag: str, *, strongly: bool = False) -> bool:
    """`*` names whatever there is, also where it has no entity-tag (13.1.1 and 13.1.2)."""
    return listed.strip() == "*" or matches(listed, etag, strongly=strongly)


def _is_later(modified: datetime | None, asked: str | None) -> bool | None:
    """None where the field is to be ignored."""
    since = parse_http_date(asked) if asked is not None else None
    if since is None or modified is None:
        return None
    return modified.replace(microsecond=0) > since
