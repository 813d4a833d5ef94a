"""GET with aiohttp, and the facts about it. Bodies are bounded; gzip is undone here, so that it is seen."""

import os
import time
import zlib
from collections.abc import Mapping
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

import aiohttp

from edge.watch.exchange import PLAIN, Asked, Exchange, Kind
from edge.watch.playlist import ByteRange
from edge.watch.rules_http import ORIGIN

_LARGEST = {"playlist": 8 << 20, "multivariant": 8 << 20, "probe": 64 << 20}
_LARGEST_MEDIA = 64 << 20
_TELLING_BYTES = 1000
"""Smaller bodies say nothing about a path's rate."""
_UNKNOWN_S = 0.05
_OPEN_END = (1 << 53) - 1
"""RFC 8673, 2.2: a last octet that means "whatever comes"."""


class FetchError(Exception):
    """No answer: a sentence that says why."""


class Fetcher:
    """Loads URLs, many at once. Use as a context."""

    def __init__(self) -> None:
        self._http: aiohttp.ClientSession | None = None
        self.octets = 0
        self._best_rate = 0.0

    async def __aenter__(self) -> Self:
        self._http = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=64),
            auto_decompress=False,
            headers={"Origin": ORIGIN, "User-Agent": "edge-watch", "Accept-Encoding": "gzip"},
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._http is not None:
            await self._http.close()

    async def get(
        self,
        url: str,
        kind: Kind,
        *,
        timeout_s: float,
        asked: Asked = PLAIN,
        byte_range: ByteRange | None = None,
        hinted: bool = False,
        plain: bool = False,
    ) -> Exchange:
        """One GET. `plain`: gzip is not accepted. Raises FetchError when there is no whole answer in time."""
        assert self._http is not None, "use it as a context"
        headers = {"Accept-Encoding": "identity"} if plain or kind in {"init", "part", "segment"} else {}
        if byte_range is not None:
            headers["Range"] = _range(byte_range)
        timeout = aiohttp.ClientTimeout(total=timeout_s)
        target = with_query(url, asked.query)
        sent_at = time.monotonic()
        try:
            async with self._http.get(target, headers=headers, timeout=timeout) as response:
                body, first_at = await _body(response, _LARGEST.get(kind, _LARGEST_MEDIA))
                found = {name.lower(): value for name, value in response.headers.items()}
                status, redirected, final = response.status, bool(response.history), str(response.url)
        except TimeoutError:
            raise FetchError(f"no answer within {timeout_s:.0f} s from {_name(target)}") from None
        except (aiohttp.ClientError, ValueError, OSError) as error:
            raise FetchError(f"{_name(target)}: {_why(error)}") from error
        done_at = time.monotonic()
        self._count(len(body), done_at - first_at)
        encoding = found.get("content-encoding", "").lower()
        return Exchange(
            final if redirected else target,
            kind,
            status,
            found,
            _inflated(body, encoding, _LARGEST.get(kind, _LARGEST_MEDIA)),
            sent_at,
            first_at,
            done_at,
            asked,
            redirected,
            encoding,
            hinted,
        )

    def least_s(self, size: int) -> float:
        """What a body of that size takes on this path when it goes at the best rate seen."""
        return size / self._best_rate if self._best_rate else _UNKNOWN_S

    def _count(self, size: int, took_s: float) -> None:
        self.octets += size
        if size > _TELLING_BYTES:
            self._best_rate = max(self._best_rate, size / max(took_s, 1e-3))


def with_query(url: str, query: str) -> str:
    """`url` with more in its query."""
    if not query:
        return url
    return f"{url}{'&' if urlsplit(url).query else '?'}{query}"


def query_variables(url: str) -> Mapping[str, str]:
    """What EXT-X-DEFINE:QUERYPARAM may take from a playlist's URL."""
    pairs = (pair.partition("=") for pair in urlsplit(url).query.split("&") if pair)
    return {name: value for name, _, value in pairs}


async def _body(response: aiohttp.ClientResponse, largest: int) -> tuple[bytes, float]:
    chunks: list[bytes] = []
    size, first_at = 0, None
    async for chunk in response.content.iter_any():
        first_at = first_at or time.monotonic()
        chunks.append(chunk)
        size += len(chunk)
        if size > largest:
            raise FetchError(f"{_name(str(response.url))} is larger than {largest >> 20} MiB")
    return b"".join(chunks), first_at or time.monotonic()


def _inflated(body: bytes, encoding: str, largest: int) -> bytes:
    if encoding != "gzip":
        return body
    try:
        unpacker = zlib.decompressobj(31)
        return unpacker.decompress(body, largest)
    except zlib.error as error:
        raise FetchError(f"Content-Encoding says gzip, but: {error}") from error


def _range(byte_range: ByteRange) -> str:
    start = byte_range.offset or 0
    last = _OPEN_END if byte_range.length is None else start + byte_range.length - 1
    return f"bytes={start}-{last}"


def _why(error: Exception) -> str:
    if isinstance(error, aiohttp.ClientConnectorError) and not isinstance(error, aiohttp.ClientSSLError):
        number = error.os_error.errno
        return os.strerror(number) if number and number > 0 else str(error.os_error)
    return str(error) or type(error).__name__


def _name(url: str) -> str:
    parts = urlsplit(url)
    return parts.path + (f"?{parts.query}" if parts.query else "") if parts.netloc else url
