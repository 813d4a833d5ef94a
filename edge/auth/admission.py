"""The one door: may this client do this with this stream or asset?"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterable
from hmac import compare_digest

from edge.auth.claims import Action
from edge.auth.jwks import Jwks
from edge.auth.permit import Permit
from edge.auth.tokens import Tokens
from edge.auth.webhook import Question, Webhook
from edge.config import AuthConfig, Keys
from edge.errors import EdgeError, Forbidden, Unauthorised
from edge.http.message import Lease
from edge.metrics import AUTH_REFUSED

logger = logging.getLogger(__name__)

_HOW = {
    "publish": "send it as `Authorization: Bearer KEY`",
    "play": "open /live/~TOKEN/STREAM/index.m3u8, or add ?token=TOKEN to the first playlist",
    "admin": "send it as `Authorization: Bearer TOKEN`",
}
_MOST_REVOKED = 10_000
STREAM = "stream:"
"""Before the name of a stream among what is revoked."""


class Admission:
    """Holds `auth`; `replace` changes it while the server runs, and everybody is judged anew."""

    def __init__(self, config: AuthConfig, *, wall_clock: Callable[[], float] = time.time) -> None:
        self._wall_clock = wall_clock
        self._retired: set[asyncio.Future[None]] = set()
        self._jwks: Jwks | None = None
        self._webhook: Webhook | None = None
        self._lease = Lease()
        self.revoked: set[str] = set()
        """By `revoke`, besides what the configuration says."""
        self.keys_changed: Callable[[], None] = lambda: None
        """Called when the keys at `auth.jwks_url` are others: who is in may have to be judged again."""
        self._set(config)

    @property
    def config(self) -> AuthConfig:
        """As it is in force."""
        return self._config

    @property
    def lease(self) -> Lease:
        """Holds until anything changes by which people are judged."""
        return self._lease

    def decide(self, action: Action, resource: str, token: str | None, client: str) -> Awaitable[None] | None:
        """`resource`: a stream, or an asset with a slash before its path; the two never mix.

        None: let in. Unauthorised, Forbidden: not. An awaitable, where somebody else must be asked first,
        ends in one of the same ways, or in Overloaded. Never more than a look-up for who was let in before.
        """
        policy = self._policy[action]
        if policy == "open" and not self._closed:
            return None
        try:
            return self._judged(policy, action, resource, token, client)
        except (Unauthorised, Forbidden) as error:
            _note(action, resource, client, error, "missing" if token is None else "wrong")
            raise

    def lets_all_watch(self, stream: str) -> bool:
        """Whether nobody has to be judged for it."""
        return self._policy["play"] == "open" and stream not in self._closed

    async def admit(self, action: Action, resource: str, token: str | None, client: str) -> None:
        """As `decide`, and waits."""
        pending = self.decide(action, resource, token, client)
        if pending is None:
            return
        try:
            await pending
        except Forbidden as error:
            _note(action, resource, client, error, "wrong")
            raise

    def permit(self, action: Action, resource: str, token: str | None, client: str) -> Permit | None:
        """As `decide`, for more requests than this one. None: each has to be judged, as a webhook does."""
        if self._policy[action] == "webhook" or self.decide(action, resource, token, client) is not None:
            return None
        is_open = self._policy[action] == "open" or token is None
        expires = float("inf") if is_open else self._tokens.expires(token or "")
        return Permit(self._lease, expires, self._wall_clock)

    def replace(self, config: AuthConfig) -> None:
        """From now on. What was revoked by the API stays revoked. ConfigError: the old one stays."""
        old = self._jwks, self._webhook
        self._set(config)
        for one in old:
            if one is not None and one is not self._jwks:
                retired = asyncio.ensure_future(one.close())
                self._retired.add(retired)
                retired.add_done_callback(self._retired.discard)

    def revoke(self, name: str) -> None:
        """A `jti`, `sub` or `kid`; or `stream:` and a name, which nobody may publish or watch any more,
        whatever he has. Bounded: whoever needs more changes the key.
        """
        if len(self.revoked) >= _MOST_REVOKED:
            raise Forbidden(f"{_MOST_REVOKED} names are revoked: change the key that signs instead")
        self.revoked.add(name)
        self._closed |= _closed((name,))
        self._end_permits()
        self._tokens.revoke(name)
        if self._webhook is not None:
            self._webhook.forget()

    def tick(self, now: float) -> None:
        """Now and then (monotonic seconds): nobody has to come for a withdrawn key to be noticed."""
        if self._jwks is not None and self._jwks.is_stale(now):
            self._refreshing = asyncio.ensure_future(self._jwks.look(now))

    async def open(self) -> None:
        """Fetch what has to be fetched, within seconds. A dead URL keeps nobody from starting."""
        if self._jwks is not None:
            await self._jwks.look(time.monotonic())

    async def close(self) -> None:
        """Stop asking others."""
        asked = [one.close() for one in (self._jwks, self._webhook) if one is not None]
        await asyncio.gather(*self._retired, *asked)

    def _set(self, config: AuthConfig) -> None:
        names = (*config.revoked, *self.revoked)
        revoked = config.model_copy(update={"revoked": names})
        tokens = Tokens(revoked, extra=lambda: jwks.keys if jwks else (), wall_clock=self._wall_clock)

        def changed() -> None:
            self._end_permits()
            tokens.forget()
            self.keys_changed()

        jwks = self._key_set(config, changed)
        self._jwks, self._tokens = jwks, tokens
        self._webhook = Webhook(config) if config.webhook_url and config.webhook_secret else None
        self._end_permits()
        self._config = config
        self._closed = _closed(names)
        self._has_tokens = bool(config.token_secrets or config.token_public_keys or config.jwks_url)
        admin = (config.admin,) if isinstance(config.admin, str) else config.admin or ()
        self._policy: dict[Action, str | Keys] = {
            "publish": config.publish or "open",
            "play": config.play,
            "admin": config.admin if config.admin in {"tokens", "webhook"} else admin,
        }

    def _end_permits(self) -> None:
        self._lease.holds = False
        self._lease = Lease()

    def _key_set(self, config: AuthConfig, changed: Callable[[], None]) -> Jwks | None:
        """That of before, where it has the same URL: a reload while that is dead throws nobody out."""
        if config.jwks_url is None:
            return None
        if self._jwks is None or self._jwks.url != config.jwks_url:
            return Jwks(config.jwks_url, config.jwks_refresh, changed)
        self._jwks.renew(config.jwks_refresh, changed)
        return self._jwks

    def _judged(
        self, policy: str | Keys, action: Action, resource: str, token: str | None, client: str
    ) -> Awaitable[None] | None:
        if token is None and policy not in {"open", "webhook"}:
            raise Unauthorised(f"This needs a token: {_HOW[action]}")
        if resource in self._closed and action != "admin":
            raise Forbidden("The stream was revoked")
        if policy == "open":
            return None
        if policy == "webhook":
            return self._asked(_question(action, resource, token or "", client))
        assert token is not None
        if isinstance(policy, tuple):
            if self._has_tokens and token.count(".") == 2 and not is_one_of(policy, token):
                return self._signed(action, resource, token, client)
            if not is_one_of(policy, token):
                wrong = Forbidden if action == "admin" else Unauthorised  # RFC 6750, 3.1 and WHIP clients
                raise wrong(f"The key is not one of auth.{action}: ask the operator for one")
            return None
        return self._signed(action, resource, token, client)

    def _signed(self, action: Action, resource: str, token: str, client: str) -> Awaitable[None] | None:
        now = time.monotonic()
        if self._jwks is not None:
            if not self._tokens.knows_key_of(token):
                return self._fetched(action, resource, token, client)
            self.tick(now)
        self._tokens.check(token, action, resource, client)
        return None

    async def _fetched(self, action: Action, resource: str, token: str, client: str) -> None:
        assert self._jwks is not None
        await self._jwks.look(time.monotonic())
        self._tokens.check(token, action, resource, client)

    def _asked(self, question: Question) -> Awaitable[None] | None:
        assert self._webhook is not None
        now = time.monotonic()
        if self._webhook.remembered(question, now):
            return None
        return self._webhook.check(question, now)


def _note(action: Action, resource: str, client: str, error: EdgeError, reason: str) -> None:
    """Who asks without a token is counted only: every visitor of a page does that once."""
    AUTH_REFUSED.labels(action, reason).inc()
    if reason != "missing":
        facts = {"action": action, "resource": resource, "client": client, "detail": error.detail}
        logger.info("auth.refused", extra=facts)


def _closed(names: Iterable[str]) -> frozenset[str]:
    return frozenset(name.removeprefix(STREAM) for name in names if name.startswith(STREAM))


def _question(action: Action, resource: str, token: str, client: str) -> Question:
    is_asset = resource.startswith("/")
    return Question(action, "" if is_asset else resource, resource[1:] if is_asset else "", token, client)


def is_one_of(keys: Keys, token: str) -> bool:
    """Each is compared in constant time, so that how long it took says nothing."""
    given = token.encode("utf-8", "surrogateescape")
    matches = [compare_digest(key.encode(), given) for key in keys]
    return any(matches)
