"""The answers for assets: preconditions, ranges and their fields (RFC 9110, 13 and 14)."""

import secrets
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime

from edge.errors import EdgeError, NotFound, RangeNotSatisfiable
from edge.http import multipart
from edge.http.byte_range import ByteRange
from edge.http.cors import OPEN
from edge.http.message import Headers, RequestHead, Response
from edge.http.precondition import failed, http_date, range_holds
from edge.http.problem import problem, problem_of
from edge.http.ranges import wanted
from edge.vod.asset import Asset
from edge.vod.origin import Origin

_TAME: Headers = (("X-Content-Type-Options", "nosniff"), ("Content-Security-Policy", "sandbox"))
"""An asset is media, not a page of this site."""


@dataclass(frozen=True, slots=True)
class Streaming:
    """An answer whose body comes in pieces. `pieces` is called once, or never; what it raises cuts the body.

    `headers` as in Response; `content_length` octets come, or the connection is to be closed.
    """

    status: int
    headers: Headers
    content_length: int
    pieces: Callable[[], AsyncIterator[bytes]]


class Library:
    """All origins under one roof. `mounts`: prefixes like "/clips", and what is below each."""

    def __init__(self, mounts: Sequence[tuple[str, Origin]], max_age_s: int) -> None:
        longest_first = sorted(mounts, key=lambda mount: len(mount[0]), reverse=True)
        self._mounts = [(prefix.strip("/"), origin) for prefix, origin in longest_first]
        self._cache_control = f"public, max-age={max_age_s}"

    async def answer(self, key: str, head: RequestHead, now: datetime) -> Response | Streaming:
        """To a GET or HEAD for `key`, a path below `/vod/`. Never raises. `now`: wall time, UTC."""
        try:
            origin, rest = self._find(key)
            asset = await origin.stat(rest)
            return self._of_asset(origin, asset, head, now)
        except EdgeError as error:
            return problem_of(error, headers=OPEN)

    async def close(self) -> None:
        """Give everything back."""
        for _, origin in self._mounts:
            await origin.close()

    def _find(self, key: str) -> tuple[Origin, str]:
        for prefix, origin in self._mounts:
            if not prefix:
                return origin, key
            if key.startswith(prefix + "/"):
                return origin, key[len(prefix) + 1 :]
        raise NotFound("No origin has assets under this name (the operator's key: vod.origins)")

    def _of_asset(
        self, origin: Origin, asset: Asset, head: RequestHead, now: datetime
    ) -> Response | Streaming:
        validators = self._validators(asset)
        match failed(head.headers, asset.etag, asset.modified):
            case 304:
                return Response(304, validators)
            case 412:
                return problem(412, "Precondition failed", "The asset is another version now", headers=OPEN)
        try:
            ranges = self._ranges(asset, head, now)
        except RangeNotSatisfiable as error:
            return problem_of(error, headers=(("Content-Range", f"bytes */{asset.size}"), *OPEN))
        fields = (("Accept-Ranges", "bytes"), *validators, *_TAME)
        kind = ("Content-Type", asset.content_type)
        if ranges is None:
            span = ByteRange(0, asset.size)
            return Streaming(200, (kind, *fields), asset.size, lambda: origin.read(asset, span))
        if len(ranges) == 1:
            (span,) = ranges
            told = ("Content-Range", span.within(asset.size))
            return Streaming(206, (kind, told, *fields), span.size, lambda: origin.read(asset, span))
        return _several(origin, asset, ranges, fields)

    def _ranges(self, asset: Asset, head: RequestHead, now: datetime) -> tuple[ByteRange, ...] | None:
        fields = head.headers
        if head.method != "GET" or not range_holds(fields.get("if-range"), asset.etag, asset.modified, now):
            return None
        return wanted(fields.get("range"), asset.size)

    def _validators(self, asset: Asset) -> Headers:
        dated = (("Last-Modified", http_date(asset.modified)),) if asset.modified else ()
        return (("ETag", asset.etag), *dated, ("Cache-Control", self._cache_control), *OPEN)


def _several(origin: Origin, asset: Asset, ranges: tuple[ByteRange, ...], fields: Headers) -> Streaming:
    boundary = secrets.token_hex(16)
    heads = multipart.heads(ranges, asset.size, asset.content_type, boundary)
    length = sum(map(len, heads)) + sum(span.size for span in ranges)

    async def pieces() -> AsyncIterator[bytes]:
        for head, span in zip(heads, ranges, strict=False):
            yield head
            async with aclosing(origin.read(asset, span)) as body:  # type: ignore[type-var]
                async for piece in body:
                    yield piece
        yield heads[-1]

    return Streaming(206, (("Content-Type", multipart.content_type(boundary)), *fields), length, pieces)
