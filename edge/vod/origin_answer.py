"""What an origin says over HTTP, believed where it is exactly what was asked (RFC 9110; HTTP 22, 23, 37)."""

import re
from collections.abc import Mapping
from typing import NamedTuple

from edge.errors import NotFound, OriginChanged, OriginLied, OriginUnavailable
from edge.http.byte_range import ByteRange
from edge.http.cache_status import told_before
from edge.http.precondition import parse_http_date
from edge.http.storing import storing
from edge.vod.asset import Asset
from edge.vod.media_type import media_type

_CONTENT_RANGE = re.compile(r"bytes ([0-9]{1,18})-([0-9]{1,18})/([0-9]{1,18})", re.IGNORECASE)
_ETAG = re.compile(r'(?:W/)?"[\x21\x23-\x7e\x80-\xff]{0,254}"')
_MEDIA_TYPE = re.compile(r"[\w.+-]{1,64}/[\w.+-]{1,64}(?:;[\x20-\x7e]{0,128})?", re.ASCII)
_AWAY = {408, 425, 429}
_CLOSED = {401, 403, 407}


class ContentRange(NamedTuple):
    """The field of that name, satisfied and with a known length (RFC 9110, 14.4)."""

    span: ByteRange
    size: int


def parse_content_range(text: str) -> ContentRange | None:
    """None: malformed, another unit, or an unknown length."""
    found = _CONTENT_RANGE.fullmatch(text.strip())
    if found is None:
        return None
    first, last, size = map(int, found.groups())
    return ContentRange(ByteRange(first, last + 1), size) if first <= last < size else None


def described(key: str, status: int, fields: Mapping[str, str], *, origin: str) -> Asset:
    """The asset, from the answer to HEAD (200) or to GET of its first octet (206). NotFound, OriginError."""
    _refused(status, key)
    _plain(fields)
    part = parse_content_range(fields.get("Content-Range", "")) if status == 206 else None
    length = fields.get("Content-Length", "")
    if part is not None:
        size = part.size
    elif status == 200 and length.isascii() and length.isdigit() and len(length) <= 18:
        size = int(length)
    else:
        raise OriginLied(f"The origin does not tell how long {key!r} is (status {status})")
    etag = _once(fields, "etag")
    joined = _joined(fields)
    return Asset(
        key,
        size,
        etag if _ETAG.fullmatch(etag) else "",
        parse_http_date(fields.get("Last-Modified", "")),
        _media_type(fields.get("Content-Type", ""), key),
        origin,
        storing(joined),
        told_before(joined.get("cache-status", "")),
    )


def accepted(asset: Asset, span: ByteRange, status: int, fields: Mapping[str, str]) -> None:
    """The octets that follow are `span` of this version, if the body has as many; OriginError, NotFound."""
    if status in {412, 416}:
        raise OriginChanged(f"{asset.key!r} changed at its origin (status {status})")
    _refused(status, asset.key)
    _same_version(asset, _once(fields, "etag"), status)
    _plain(fields)
    length = fields.get("Content-Length")
    if length is not None and length.strip() != str(span.size):
        raise OriginLied(f"Content-Length is {length[:40]!r}, {span.size} octets were asked for")
    if status == 200 and span == (0, asset.size):
        return
    if status != 206:
        raise OriginLied(f"Status {status} in answer to a range")
    text = _once(fields, "content-range")
    if parse_content_range(text) != (span, asset.size):
        raise OriginLied(f"Content-Range is {text[:80]!r}, asked for was {span.within(asset.size)!r}")


def _joined(fields: Mapping[str, str]) -> dict[str, str]:
    """Names in lower case, a field of several lines as one (RFC 9110, 5.3)."""
    lines: dict[str, list[str]] = {}
    for name, value in fields.items():  # a multi-dictionary tells each line
        lines.setdefault(name.lower(), []).append(value)
    return {name: ", ".join(values) for name, values in lines.items()}


def _once(fields: Mapping[str, str], name: str) -> str:
    """Empty where it is not there, or there with two values: which of both would be meant?"""
    values = {value.strip() for each, value in fields.items() if each.lower() == name}
    return values.pop() if len(values) == 1 else ""


def _refused(status: int, key: str) -> None:
    if status in {404, 410}:
        raise NotFound(f"There is no {key!r}")
    if status >= 500 or status in _AWAY:
        raise OriginUnavailable(f"The origin answered {status}")
    if status in _CLOSED:
        raise OriginUnavailable(f"The origin answered {status}: give it credentials, or let this server in")


def _same_version(asset: Asset, etag: str, status: int) -> None:
    if etag == asset.etag or status not in {200, 206}:
        return
    if not asset.is_strong and etag.removeprefix("W/") == asset.etag.removeprefix("W/"):
        return
    if _ETAG.fullmatch(etag) and etag.startswith('"'):
        raise OriginChanged(f"{asset.key!r} was {asset.etag}, now it is {etag}")
    raise OriginLied(f"ETag is {etag[:80]!r}, asked for was the version {asset.etag}")


def _plain(fields: Mapping[str, str]) -> None:
    coding = fields.get("Content-Encoding", "identity").strip().lower()
    if coding not in {"identity", ""}:
        raise OriginLied(f"Content-Encoding is {coding[:40]!r}, only identity was accepted")


def _media_type(text: str, key: str) -> str:
    return text if _MEDIA_TYPE.fullmatch(text) else media_type(key)
