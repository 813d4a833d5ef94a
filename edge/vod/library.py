"""The answers for assets: preconditions, ranges and their fields (RFC 9110, 13 and 14; RFC 9211)."""

import secrets
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from edge.errors import EdgeError, RangeNotSatisfiable
from edge.http import multipart
from edge.http.byte_range import ByteRange
from edge.http.cors import OPEN
from edge.http.message import Headers, Pieces, RequestHead, Response, Streaming
from edge.http.precondition import failed, http_date, range_holds
from edge.http.problem import problem, problem_of
from edge.http.ranges import wanted
from edge.vod.asset import Asset
from edge.vod.block_cache import BlockCache

_TAME: Headers = (("X-Content-Type-Options", "nosniff"), ("Content-Security-Policy", "sandbox"))
"""An asset is media, not a page of this site."""

_UNUSUAL = frozenset({"if-match", "if-none-match", "if-modified-since", "if-unmodified-since", "if-range"})
_MOST_HITS = 4096


@dataclass(frozen=True, slots=True)
class _Plan:
    """What is to be answered: `ranges` of the asset, or all of it (None)."""

    ranges: tuple[ByteRange, ...] | None
    headers: Headers


@dataclass(frozen=True, slots=True)
class _Hit:
    """The fields of every hit of `asset`, but for Content-Range, until `until_s` of the loop's time."""

    asset: Asset
    until_s: float
    headers: Headers


class Library:
    """All assets, whichever origin and whichever disk they come from."""

    def __init__(self, cache: BlockCache, max_age_s: int) -> None:
        self._cache = cache
        self._cache_control = f"public, max-age={max_age_s}"
        self._hits: dict[str, _Hit] = {}

    async def answer(self, key: str, head: RequestHead, now: datetime) -> Response | Streaming:
        """To a GET or HEAD for `key`, a path below `/vod/`. Never raises. `now`: wall time, UTC."""
        try:
            await self._cache.loaded(key)
            before = self._cache.known(key)
            asset = await self._cache.open(key)
            plan = self._plan(asset, head, now, before=before)
        except EdgeError as error:
            return problem_of(error, headers=OPEN)
        return plan if isinstance(plan, Response) else self._streaming(asset, plan)

    def answer_now(self, key: str, head: RequestHead, now: datetime) -> Response | None:
        """As `answer` to a GET, when nobody need be asked and all, 64 KiB at most, is in the page cache.

        None: ask `answer`. The buffers are the caller's; a reader that is slow keeps them in memory.
        """
        asset = self._cache.opened(key) if head.method == "GET" else None
        if asset is None:
            return None
        if not _UNUSUAL.isdisjoint(head.headers):
            plan = self._plan(asset, head, now, before=asset)
            if isinstance(plan, Response):
                return plan
            ranges = plan.ranges
        else:
            try:
                ranges = wanted(head.headers.get("range"), asset.size)
            except RangeNotSatisfiable:
                return self._refused(asset, head, now)
        if ranges is not None and len(ranges) > 1:
            return None
        span = ranges[0] if ranges else ByteRange(0, asset.size)
        body = self._cache.read_now(asset, span)
        if body is None:
            return None
        hit = self._hit(asset)
        if not ranges:
            return Response(200, hit.headers, body)
        told = (("Content-Range", span.within(asset.size)),)
        return Response(206, hit.headers, body, own=told, slice=partial(self._slice, hit))

    def _slice(self, hit: _Hit, first: int, last: int) -> Response | None:
        """See Response.slice."""
        size = hit.asset.size
        span = ByteRange(first, min(last + 1, size))
        if first > last or first >= size or self._cache.now_s() >= hit.until_s:
            return None
        body = self._cache.read_now(hit.asset, span)
        told = (("Content-Range", f"bytes {first}-{span.stop - 1}/{size}"),)
        return None if body is None else Response(206, hit.headers, body, own=told)

    def _refused(self, asset: Asset, head: RequestHead, now: datetime) -> Response | None:
        plan = self._plan(asset, head, now, before=asset)
        return plan if isinstance(plan, Response) else None

    def _hit(self, asset: Asset) -> _Hit:
        """What `_plan` says of a hit: one object for a part of a second, so that lanes keep its octets."""
        known = self._hits.get(asset.key)
        now_s = self._cache.now_s()
        if known is not None and known.asset is asset and now_s < known.until_s:
            return known
        if len(self._hits) >= _MOST_HITS:
            self._hits.clear()
        age_s = self._cache.age_s(asset)
        until_s = now_s + 1.0
        if age_s is not None:
            until_s = now_s + min(1.0 - age_s % 1, self._cache.left_s(asset) % 1)
        headers = self._fields(asset, (), self._status(asset, (), before=asset))
        hit = self._hits[asset.key] = _Hit(asset, until_s, headers)
        return hit

    def _fields(self, asset: Asset, told: Headers, status: Headers) -> Headers:
        return (
            *told,
            ("Content-Type", asset.content_type),
            ("Accept-Ranges", "bytes"),
            *self._validators(asset),
            *status,
            *_TAME,
        )

    async def close(self) -> None:
        """Give everything back."""
        await self._cache.close()

    def _plan(
        self, asset: Asset, head: RequestHead, now: datetime, *, before: Asset | None
    ) -> Response | _Plan:
        match failed(head.headers, asset.etag, asset.modified):
            case 304:
                return Response(304, (*self._validators(asset), *self._status(asset, None, before=before)))
            case 412:
                return problem(412, "Precondition failed", "The asset is another version now", headers=OPEN)
        try:
            ranges = self._ranges(asset, head, now)
        except RangeNotSatisfiable as error:
            return problem_of(error, headers=(("Content-Range", f"bytes */{asset.size}"), *OPEN))
        told: Headers = ()
        if ranges is not None and len(ranges) == 1:
            told = (("Content-Range", ranges[0].within(asset.size)),)
        status = self._status(asset, ranges or (ByteRange(0, asset.size),), before=before)
        return _Plan(ranges, self._fields(asset, told, status))

    def _ranges(self, asset: Asset, head: RequestHead, now: datetime) -> tuple[ByteRange, ...] | None:
        fields = head.headers
        if head.method != "GET" or not range_holds(fields.get("if-range"), asset.etag, asset.modified, now):
            return None
        ranges = wanted(fields.get("range"), asset.size)
        if ranges is not None and len(ranges) > 1 and not asset.is_strong:
            return None  # each would come from an answer of its own, maybe of another version
        return ranges

    def _streaming(self, asset: Asset, plan: _Plan) -> Streaming:
        if plan.ranges is not None and len(plan.ranges) > 1:
            return self._several(asset, plan.ranges, plan.headers)
        (span,) = plan.ranges or (ByteRange(0, asset.size),)
        status = 206 if plan.ranges else 200
        return Streaming(status, plan.headers, span.size, lambda: self._cache.stream(asset, span))

    def _several(self, asset: Asset, ranges: tuple[ByteRange, ...], fields: Headers) -> Streaming:
        boundary = secrets.token_hex(16)
        heads = multipart.heads(ranges, asset.size, asset.content_type, boundary)
        length = sum(map(len, heads)) + sum(span.size for span in ranges)
        named = tuple(item for item in fields if item[0] != "Content-Type")

        async def pieces() -> Pieces:
            for head, span in zip(heads, ranges, strict=False):
                yield head
                async with aclosing(self._cache.stream(asset, span)) as body:
                    async for piece in body:
                        yield piece
            yield heads[-1]

        return Streaming(206, (("Content-Type", multipart.content_type(boundary)), *named), length, pieces)

    def _validators(self, asset: Asset) -> Headers:
        """What a 304 has, too. What the origin says about storing goes on as it is where it says how long."""
        said = asset.storing
        speaks = said.fresh_s is not None or not said.may_store
        fields = [("ETag", asset.etag)] if asset.etag else []
        if asset.modified:
            fields.append(("Last-Modified", http_date(asset.modified)))
        if said.cache_control or not (speaks and said.expires):
            fields.append(("Cache-Control", said.cache_control if speaks else self._cache_control))
        else:
            fields.append(("Expires", said.expires))
        return (*fields, *OPEN)

    def _status(self, asset: Asset, ranges: tuple[ByteRange, ...] | None, *, before: Asset | None) -> Headers:
        """Cache-Status (RFC 9211) and Age (RFC 9111, 5.1). Look before the body is begun."""
        age_s = self._cache.age_s(asset)
        if age_s is None:
            return (("Cache-Status", "edge; fwd=bypass"),)
        age = ("Age", str(int(age_s)))
        if not self._cache.keeps(asset):
            why = "no-strong-validator" if asset.storing.may_store else "not-storable"
            return (("Cache-Status", f"edge; fwd=uri-miss; detail={why}"), age)
        ttl = f"; ttl={int(self._cache.left_s(asset))}"
        return (("Cache-Status", f"edge; {self._came(asset, ranges, before=before)}{ttl}"), age)

    def _came(self, asset: Asset, ranges: tuple[ByteRange, ...] | None, *, before: Asset | None) -> str:
        """`before`: what was known of it before it was opened."""
        found = [self._cache.how(asset, span) for span in ranges or ()]
        there, size = sum(each.there for each in found), sum(each.size for each in found)
        if there == size and (before is asset or before or there):
            return "hit" if before is asset else "fwd=stale"
        joined = "; collapsed" if any(each.is_coming for each in found) else ""
        return f"fwd={'partial' if there else 'uri-miss'}{joined}"
