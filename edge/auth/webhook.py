"""Asks somebody else who may: signed, believed for a while, and never waited for long.

A question is a POST of JSON with `Edge-Timestamp`, `Edge-Nonce` and `Edge-Signature: v1=HEX`, the
HMAC-SHA256 of `TIMESTAMP.NONCE.BODY`. 2xx lets in, 401, 403 and 404 refuse; anything else is no answer.
"""

import asyncio
import hashlib
import hmac
import json
import logging
import secrets
import time
from typing import NamedTuple

import aiohttp
from cachetools import LRUCache

from edge.auth.claims import Action
from edge.config import AuthConfig
from edge.errors import Forbidden, Overloaded
from edge.metrics import AUTH_WEBHOOK, AUTH_WEBHOOK_ASKING

logger = logging.getLogger(__name__)

_REMEMBERED = 50_000
_MOST_ASKING = 200


class Question(NamedTuple):
    """Who wants what. Of `stream` and `asset` (a path below /vod) one is empty. `client` is the address."""

    action: Action
    stream: str
    asset: str
    token: str
    client: str


class Webhook:
    """One question at a time about one thing, whoever asks; at most 200 in all."""

    def __init__(self, config: AuthConfig) -> None:
        assert config.webhook_url is not None
        assert config.webhook_secret is not None
        self._url = config.webhook_url
        self._secret = config.webhook_secret.encode()
        self._timeout_s = config.webhook_timeout
        self._cache_s = config.webhook_cache
        self._fails_open = config.webhook_fail == "open"
        self._known: LRUCache[bytes, tuple[bool, float]] = LRUCache(_REMEMBERED)
        self._asking: dict[Question, asyncio.Task[bool | None]] = {}
        self._tasks: set[asyncio.Task[bool | None]] = set()
        self._is_dead = self._is_closed = False
        self._session: aiohttp.ClientSession | None = None

    def remembered(self, question: Question, now: float) -> bool | None:
        """The verdict, while it is believed (monotonic seconds)."""
        verdict, until = self._known.get(_digest(question), (False, float("-inf")))
        return verdict if now < until else None

    async def check(self, question: Question, now: float) -> None:
        """Forbidden, or Overloaded where nobody answers and auth.webhook_fail is "closed"."""
        verdict = self.remembered(question, now)
        if verdict is None:
            verdict = await self._joined(question)
        if verdict is None:
            AUTH_WEBHOOK.labels("failed").inc()
            if self._is_closed or not self._fails_open:
                raise Overloaded("Who may cannot be found out at the moment; ask again", retry_after_s=2)
        elif not verdict:
            raise Forbidden("The operator's service refuses this")

    def forget(self) -> None:
        """The next who asks is asked about again; a verdict that is on its way may be from before."""
        self._known, self._asking = LRUCache(_REMEMBERED), {}

    async def close(self) -> None:
        """Who waits for a verdict is told to ask again."""
        self._is_closed = True
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._session is not None:
            await self._session.close()

    async def _joined(self, question: Question) -> bool | None:
        task = self._asking.get(question)
        if task is None:
            if len(self._tasks) >= _MOST_ASKING:
                if not self._is_dead:  # who asks much must not be let in for it where that fails open
                    raise Overloaded("Too many are asked about at the moment; ask again", retry_after_s=2)
                return None
            task = self._begun(question)
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            if task.cancelled():  # by close, not by who waits
                return None
            raise

    def _begun(self, question: Question) -> asyncio.Task[bool | None]:
        asking = self._asking
        task = asking[question] = asyncio.create_task(self._ask(question, self._known))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        task.add_done_callback(lambda _: asking.pop(question, None))
        return task

    async def _ask(self, question: Question, known: LRUCache[bytes, tuple[bool, float]]) -> bool | None:
        """`known`: where the verdict is to be found while nothing was forgotten."""
        began = time.monotonic()
        verdict = await self._verdict(question)
        self._is_dead = verdict is None
        if verdict is None:
            return None
        AUTH_WEBHOOK_ASKING.observe(time.monotonic() - began)
        AUTH_WEBHOOK.labels("allowed" if verdict else "refused").inc()
        known[_digest(question)] = (verdict, time.monotonic() + self._cache_s)
        return verdict

    async def _verdict(self, question: Question) -> bool | None:
        try:
            status = await self._posted(json.dumps(question._asdict()).encode())
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            logger.warning("webhook.dead", extra={"reason": type(error).__name__})
            return None
        if not (200 <= status < 300 or status in {401, 403, 404}):
            logger.warning("webhook.no_verdict", extra={"status": status})
            return None
        return status < 300

    async def _posted(self, body: bytes) -> int:
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=self._timeout_s))
        headers = {"Content-Type": "application/json", **signed(self._secret, body)}
        async with self._session.post(self._url, data=body, headers=headers, allow_redirects=False) as answer:
            return answer.status


def _digest(question: Question) -> bytes:
    """What is remembered of it: whoever sends long tokens shall not fill the memory with them."""
    return hashlib.blake2b(repr(tuple(question)).encode(), digest_size=16).digest()


def signed(secret: bytes, body: bytes) -> dict[str, str]:
    """The three fields that make a question ours, fresh and single."""
    timestamp, nonce = str(int(time.time())), secrets.token_hex(16)
    return {
        "Edge-Timestamp": timestamp,
        "Edge-Nonce": nonce,
        "Edge-Signature": signature(secret, timestamp, nonce, body),
    }


def signature(secret: bytes, timestamp: str, nonce: str, body: bytes) -> str:
    """What a receiver compares (in constant time) after it has looked at timestamp and nonce."""
    return "v1=" + hmac.new(secret, f"{timestamp}.{nonce}.".encode() + body, hashlib.sha256).hexdigest()
