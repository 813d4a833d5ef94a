"""The answers for assets: preconditions, ranges and their fields (RFC 9110, 13 and 14; RFC 9211)."""

import asyncio
import secrets
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime

from edge.errors import EdgeError, RangeNotSatisfiable
from edge.http import multipart
from edge.http.byte_range import ByteRange
from edge.http.cache_control import is_only_if_cached
from edge.http.cache_status import appended
from edge.http.cors import OPEN
from edge.http.message import AtHand, Headers, Octets, Pieces, RequestHead, Response, Streaming
from edge.http.precondition import failed, http_date, range_holds
from edge.http.problem import problem, problem_of
from edge.http.ranges import wanted
from edge.vod.asset import Asset
from edge.vod.block_cache import BlockCache
from edge.vod.open_block import PIECE

_TAME: Headers = (("X-Content-Type-Options", "nosniff"), ("Content-Security-Policy", "sandbox"))
"""An asset is media, not a page of this site."""

_UNUSUAL = frozenset({"if-match", "if-none-match", "if-modified-since", "if-unmodified-since", "if-range"})
_MOST_HITS = 4096


@dataclass(frozen=True, slots=True)
class _Plan:
    """What is to be answered: `ranges` of the asset, or all of it (None)."""

    ranges: tuple[ByteRange, ...] | None
    headers: Headers


class _Hit:
    """What every hit of `asset` has, until `until_s` of the loop's time. See Slices."""

    __slots__ = ("_library", "_now_s", "_read_now", "asset", "headers", "size", "until_s")

    def __init__(self, asset: Asset, headers: Headers, until_s: float, library: "Library") -> None:
        self.asset = asset
        self._library = library
        self.size = asset.size
        self.headers = headers
        self.until_s = until_s
        self._read_now = library.reader(asset)
        self._now_s = asyncio.get_running_loop().time

    def renewed(self) -> "_Hit | None":
        """See Slices.renewed."""
        return self._library.hit_again(self.asset)

    def read(self, start: int, stop: int) -> tuple[Octets, ...] | None:
        """See Slices.read."""
        if self._now_s() >= self.until_s or (octets := self._read_now(start, stop)) is None:
            return None
        at = start + len(octets)
        if at == stop:
            return (octets,)
        if stop - start > PIECE or (rest := self.read(at, stop)) is None:
            return None
        return (octets, *rest)


class Library:
    """All assets, whichever origin and whichever disk they come from."""

    def __init__(self, cache: BlockCache, max_age_s: int) -> None:
        self._cache = cache
        self._cache_control = f"max-age={max_age_s}"
        self._hits: dict[str, _Hit] = {}

    async def answer(self, key: str, head: RequestHead, now: datetime) -> Response | Streaming:
        """To a GET or HEAD for `key`, a path below `/vod/`. Never raises. `now`: wall time, UTC."""
        try:
            await self._cache.loaded(key)
            if is_only_if_cached(head.headers.get("cache-control")) and not self._has(key, head, now):
                return problem(
                    504, "Not stored", "Not all of it is here: ask without only-if-cached", headers=OPEN
                )
            before = self._cache.known(key)
            asset = await self._cache.open(key)
            plan = self._plan(asset, head, now, before=before)
        except EdgeError as error:
            return problem_of(error, headers=OPEN)
        return plan if isinstance(plan, Response) else self._streaming(asset, plan)

    def _has(self, key: str, head: RequestHead, now: datetime) -> bool:
        """Whether no origin need be asked; true where nothing is cached and this is the origin. NotFound."""
        if not self._cache.is_cached(key):
            return True
        asset = self._cache.opened(key)
        plan = None if asset is None else self._plan(asset, head, now, before=asset)
        if asset is None or not isinstance(plan, _Plan):
            return plan is not None
        spans = plan.ranges or (ByteRange(0, asset.size),)
        return head.method == "HEAD" or all(self._cache.holds(asset, span) for span in spans)

    def answer_now(self, key: str, head: RequestHead, now: datetime) -> Response | AtHand | None:
        """As `answer` to a GET, when nobody need be asked and 64 KiB at least are in the page cache.

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
        hit = self._hit(asset)
        told = (("Content-Range", span.within(asset.size)),) if ranges else ()
        if span.size > PIECE:
            return self._at_hand(hit, span, told)
        body = hit.read(span.start, span.stop)
        if body is None:
            return None
        if not ranges:
            return Response(200, hit.headers, body)
        return Response(206, hit.headers, body, own=told, slices=hit)

    def _at_hand(self, hit: _Hit, span: ByteRange, told: Headers) -> AtHand | None:
        asset, read = hit.asset, self._cache.reader(hit.asset)
        is_there = not self._cache.keeps(asset) or self._came(asset, (span,), before=asset) == "hit"
        first = read(span.start, span.stop) if is_there else None
        if first is None:
            return None

        def rest(start: int) -> Pieces:
            return self._cache.stream(asset, ByteRange(start, span.stop))

        headers = (*told, *hit.headers)
        return AtHand(206 if told else 200, headers, span.start, span.stop, first, read, rest)

    def _refused(self, asset: Asset, head: RequestHead, now: datetime) -> Response | None:
        plan = self._plan(asset, head, now, before=asset)
        return plan if isinstance(plan, Response) else None

    def reader(self, asset: Asset) -> Callable[[int, int], Octets | None]:
        """See BlockCache.reader."""
        return self._cache.reader(asset)

    def hit_again(self, asset: Asset) -> _Hit | None:
        """What every hit has now, if it is the version still."""
        return self._hit(asset) if self._cache.opened(asset.key) is asset else None

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
        hit = self._hits[asset.key] = _Hit(asset, headers, until_s, self)
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
        """What a 304 has, too. What the origin says about storing goes on; where it tells no time, we do."""
        said = asset.storing
        speaks = said.fresh_s is not None or not said.may_store
        fields = [("ETag", asset.etag)] if asset.etag else []
        if asset.modified:
            fields.append(("Last-Modified", http_date(asset.modified)))
        ours = "" if speaks else self._cache_control
        fields.append(("Cache-Control", ", ".join(filter(None, (said.cache_control, ours)))))
        return (*fields, *OPEN)

    def _status(self, asset: Asset, ranges: tuple[ByteRange, ...] | None, *, before: Asset | None) -> Headers:
        """Cache-Status (RFC 9211) and Age (RFC 9111, 5.1). Look before the body is begun."""
        age_s = self._cache.age_s(asset)
        if age_s is None:
            return (("Cache-Status", appended(asset.cache_status, "edge; fwd=bypass")),)
        if not self._cache.keeps(asset):
            why = "no-strong-validator" if asset.storing.may_store else "not-storable"
            own = f"edge; fwd=uri-miss; detail={why}"
        else:
            ttl = int(self._cache.left_s(asset))
            own = f"edge; {self._came(asset, ranges, before=before)}; ttl={ttl}"
        return (("Cache-Status", appended(asset.cache_status, own)), ("Age", str(int(age_s))))

    def _came(self, asset: Asset, ranges: tuple[ByteRange, ...] | None, *, before: Asset | None) -> str:
        """`before`: what was known of it before it was opened."""
        found = [self._cache.how(asset, span) for span in ranges or ()]
        there, size = sum(each.there for each in found), sum(each.size for each in found)
        if there == size and (before is asset or before or there):
            return "hit" if before is asset else "fwd=stale"
        joined = "; collapsed" if any(each.is_coming for each in found) else ""
        return f"fwd={'partial' if there else 'uri-miss'}{joined}"
