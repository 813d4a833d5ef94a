"""Assets of web servers: several mirrors with the same octets, pooled connections, nothing believed."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from time import monotonic

import aiohttp
from yarl import URL

from edge.errors import NotFound, OriginError, OriginLied, OriginTimeout, OriginUnavailable
from edge.http.asset_path import ODD
from edge.http.byte_range import ByteRange
from edge.metrics import VOD_ORIGIN_RECEIVED
from edge.vod.asset import Asset
from edge.vod.attempts import resumed
from edge.vod.origin_answer import accepted, described
from edge.vod.origin_faults import watched
from edge.vod.origin_pool import OriginPool

_REDIRECTS = {301, 302, 303, 307, 308}
_MOST_REDIRECTS = 3
_PLAIN = {"Accept-Encoding": "identity", "User-Agent": "edge"}


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds, and octets a second below which an origin counts as stalled."""

    connect_s: float = 5.0
    answer_s: float = 10.0
    """To the head of an answer, and between two pieces of a body."""
    slowest: int = 16_384
    tries: int = 3
    backoff_s: float = 0.1
    connections: int = 1024
    """Of fills, and of readers of what is passed through; who gets none within connect_s is told so."""

    @property
    def head_s(self) -> float:
        """For all of it: what an origin says in between (1xx) gives it no more time."""
        return self.connect_s + 2 * self.answer_s


class HttpOrigin:
    """`mirrors` are base addresses; `allow` are hosts, `host` or `host:port`, that redirects may lead to."""

    def __init__(
        self,
        name: str,
        mirrors: Sequence[str],
        *,
        allow: Sequence[str] = (),
        patience: Patience | None = None,
    ) -> None:
        self.name = name
        self._received = VOD_ORIGIN_RECEIVED.labels(name)
        self._mirrors = [URL(mirror.rstrip("/") + "/") for mirror in mirrors]
        self._allow = {*allow, *(f"{mirror.host}:{mirror.port}" for mirror in self._mirrors)}
        self._patience = patience or Patience()
        self._best = 0
        self._client: aiohttp.ClientSession | None = None

    def _session(self) -> aiohttp.ClientSession:
        if self._client is None:
            self._client = aiohttp.ClientSession(
                connector=OriginPool(limit=self._patience.connections),
                timeout=aiohttp.ClientTimeout(
                    total=None,
                    connect=self._patience.connect_s + self._patience.answer_s,
                    sock_connect=self._patience.connect_s,
                    sock_read=self._patience.answer_s,
                ),
                auto_decompress=False,
                cookie_jar=aiohttp.DummyCookieJar(),
            )
        return self._client

    async def stat(self, key: str) -> Asset:
        fault: OriginError | None = None
        for number in range(self._patience.tries):
            if number:
                await asyncio.sleep(self._patience.backoff_s * 2 ** (number - 1))
            mirror = self._mirror(number)
            try:
                with watched(self.name, str(mirror), key, "stat"):
                    return await self._describe(mirror, key)
            except (OriginUnavailable, OriginTimeout, OriginLied) as error:
                fault = error
        assert fault is not None
        raise fault

    async def _describe(self, mirror: URL, key: str) -> Asset:
        async with self._ask("HEAD", self._address(mirror, key), _PLAIN) as answer:
            if answer.status not in {400, 403, 405, 501}:
                return described(key, answer.status, answer.headers, origin=self.name)
        first = {**_PLAIN, "Range": "bytes=0-0"}
        async with self._ask("GET", self._address(mirror, key), first) as answer:
            return described(key, answer.status, answer.headers, origin=self.name)

    async def read(self, asset: Asset, span: ByteRange) -> AsyncGenerator[bytes]:
        """Where one mirror breaks off, another goes on: the validator says that they have the same octets."""

        def attempt(rest: ByteRange, number: int) -> AsyncGenerator[bytes]:
            return self._attempt(asset, rest, number)

        tries, backoff_s = self._patience.tries, self._patience.backoff_s
        whole = resumed(attempt, asset, span, tries=tries, backoff_s=backoff_s)
        async with contextlib.aclosing(whole):
            async for piece in whole:
                yield piece

    async def _attempt(self, asset: Asset, span: ByteRange, number: int) -> AsyncGenerator[bytes]:
        mirror = self._mirror(number)
        with watched(self.name, str(mirror), asset.key, "read") as answered:
            async with contextlib.aclosing(self._body(mirror, asset, span)) as body:
                async for piece in body:
                    answered()
                    yield piece

    async def _body(self, mirror: URL, asset: Asset, span: ByteRange) -> AsyncGenerator[bytes]:
        fields = {**_PLAIN, "Range": f"bytes={span.start}-{span.stop - 1}"}
        if asset.is_strong:
            fields["If-Match"] = asset.etag
        async with self._ask("GET", self._address(mirror, asset.key), fields) as answer:
            accepted(asset, span, answer.status, answer.headers)
            left, patience_s = span.size, self._patience.answer_s + span.size / self._patience.slowest
            while True:
                asked = monotonic()
                piece = await answer.content.readany()
                patience_s -= monotonic() - asked
                if not piece:
                    break
                left -= len(piece)
                if left < 0:
                    raise OriginLied(f"The body is longer than the {span.size} octets that were asked for")
                self._received.inc(len(piece))
                yield piece
                if left and patience_s < 0:
                    raise OriginTimeout(
                        f"The origin sends less than {self._patience.slowest} octets a second"
                    )
            if left:
                raise OriginLied(f"The body ended {left} octets before the {span.size} that were asked for")

    @contextlib.asynccontextmanager
    async def _ask(
        self, method: str, address: URL, fields: dict[str, str]
    ) -> AsyncGenerator[aiohttp.ClientResponse]:
        for _ in range(_MOST_REDIRECTS + 1):
            async with asyncio.timeout(self._patience.head_s):
                head = await self._session().request(method, address, headers=fields, allow_redirects=False)
            async with head as answer:
                if answer.status not in _REDIRECTS:
                    yield answer
                    return
                address = self._follow(address, answer.headers.get("Location", ""))
        raise OriginLied(f"The origin redirects more than {_MOST_REDIRECTS} times")

    def _follow(self, here: URL, location: str) -> URL:
        try:
            there = here.join(URL(location))
            place = f"{there.host}:{there.port}"
        except ValueError as error:
            what = f"The origin redirects to {location[:80]!r}, which is no address"
            raise OriginLied("The origin redirects to what is no address", logged=what) from error
        listed = there.host in self._allow or place in self._allow
        if there.scheme not in {"http", here.scheme, "https"} or (here.scheme, there.scheme) == (
            "https",
            "http",
        ):
            listed = False
        if not listed:
            what = f"The origin redirects to {place}, which is not on the list: see `allow`"
            raise OriginLied("The origin redirects to where it may not", logged=what)
        return there

    def _address(self, mirror: URL, key: str) -> URL:
        if {"", ".", ".."} & set(key.split("/")) or ODD.search(key):
            raise NotFound(f"There is no {key!r}")
        return mirror.joinpath(*key.split("/"))

    def _mirror(self, number: int) -> URL:
        """For try `number`: first the one that was good last, then another each time."""
        if number:
            self._best = (self._best + 1) % len(self._mirrors)
        return self._mirrors[self._best]

    async def close(self) -> None:
        if self._client is not None:
            await self._client.close()
            self._client = None
