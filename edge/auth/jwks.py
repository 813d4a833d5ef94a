"""Public keys by URL (RFC 7517): asked for now and then, kept while the URL is dead."""

import asyncio
import json
import logging
from collections.abc import Callable, Sequence
from typing import Any

import aiohttp
import jwt

from edge.auth.tokens import Key, public_key
from edge.metrics import AUTH_JWKS

logger = logging.getLogger(__name__)

LARGEST_BODY_BYTES = 256 * 1024
TIMEOUT_S = 5.0
SOONEST_S = 10.0
"""Tokens that name unknown keys make us ask no more often than this."""

_MOST_KEYS = 64


class Jwks:
    """`keys` are those of the last good answer. `changed` is called when they are others."""

    def __init__(self, url: str, refresh_s: float, changed: Callable[[], None]) -> None:
        self.keys: Sequence[Key] = ()
        self.url = url
        self._refresh_s = refresh_s
        self._changed = changed
        self._asking: asyncio.Task[None] | None = None
        self._asked_at = float("-inf")
        self._body = b""

    def is_stale(self, now: float) -> bool:
        """Whether it is time to look again (monotonic seconds)."""
        return now - self._asked_at >= self._refresh_s

    def renew(self, refresh_s: float, changed: Callable[[], None]) -> None:
        """Of a new configuration with the same URL: the keys stay, and are looked at again soon."""
        self._refresh_s, self._changed = refresh_s, changed
        self._asked_at = float("-inf")

    async def look(self, now: float) -> None:
        """Ask once, together with everybody who wants to know; not again within ten seconds."""
        if self._asking is None:
            if now - self._asked_at < SOONEST_S:
                return
            self._asked_at = now
            self._asking = asyncio.create_task(self._ask())
            self._asking.add_done_callback(self._asked)
        asking = self._asking
        try:
            await asyncio.shield(asking)
        except asyncio.CancelledError:
            if not asking.cancelled():  # by close: who waits is judged by what there is
                raise

    async def close(self) -> None:
        if self._asking is not None:
            self._asking.cancel()
            await asyncio.gather(self._asking, return_exceptions=True)

    def _asked(self, _: object) -> None:
        self._asking = None

    async def _ask(self) -> None:
        try:
            body = await fetched(self.url)
            keys = parse_keys(body)
        except (aiohttp.ClientError, TimeoutError, ValueError, OSError) as error:
            AUTH_JWKS.labels("failed").inc()
            logger.warning("jwks.unreachable", extra={"reason": type(error).__name__})
            return
        AUTH_JWKS.labels("ok").inc()
        if body != self._body:
            self._body, self.keys = body, keys
            self._changed()


async def fetched(url: str) -> bytes:
    """The body, if it is small and soon there. ClientError, TimeoutError, ValueError."""
    timeout = aiohttp.ClientTimeout(total=TIMEOUT_S)
    async with (
        aiohttp.ClientSession(timeout=timeout) as session,
        session.get(url, allow_redirects=False) as answer,
    ):
        if answer.status != 200:
            raise ValueError("the answer is not 200")
        body = await answer.content.read(LARGEST_BODY_BYTES + 1)
        while len(body) <= LARGEST_BODY_BYTES and (more := await answer.content.read(LARGEST_BODY_BYTES)):
            body += more
    if len(body) > LARGEST_BODY_BYTES:
        raise ValueError("the answer is too large")
    return body


def parse_keys(body: bytes) -> list[Key]:
    """Those of a key set that verify signatures; others are left out (RFC 7517, 5). ValueError: no set."""
    try:
        document = json.loads(body)
    except (UnicodeDecodeError, RecursionError) as error:
        raise ValueError("no JSON") from error
    entries = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(entries, list):
        raise ValueError("no key set")  # noqa: TRY004
    found = [_key(entry) for entry in entries[:_MOST_KEYS]]
    return [key for key in found if key is not None]


def _key(entry: Any) -> Key | None:
    """A symmetric key in public would let everybody sign: it is not taken."""
    if not isinstance(entry, dict) or entry.get("use", "sig") != "sig":
        return None
    key_id = entry.get("kid")
    try:
        key = public_key(jwt.PyJWK(entry).key, key_id if isinstance(key_id, str) else None)
    except (jwt.PyJWTError, ValueError, TypeError, KeyError, AttributeError):
        return None
    return key if entry.get("alg", key.algorithm) == key.algorithm else None
