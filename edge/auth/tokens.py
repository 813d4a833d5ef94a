"""Signed tokens (JWT, RFC 7519): verified once, remembered while they last."""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import jwt
from cachetools import LRUCache
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from edge.auth.claims import Action, Claims
from edge.config import AuthConfig
from edge.errors import ConfigError, Forbidden

LONGEST_TOKEN = 4096
_REMEMBERED = 50_000
_MOST_CANDIDATES = 16
_CURVE = "secp256r1"


@dataclass(frozen=True, slots=True)
class Key:
    """One key with the one algorithm it is used with: a token never chooses (RFC 8725, 3.1)."""

    algorithm: Literal["HS256", "EdDSA", "ES256", "RS256"]
    material: Any
    id: str | None = None


class Tokens:
    """Verifies. `extra` gives the keys that came by URL, as they are at the moment."""

    def __init__(
        self,
        config: AuthConfig,
        *,
        extra: Callable[[], Sequence[Key]] = tuple,
        wall_clock: Callable[[], float] = time.time,
    ) -> None:
        """ConfigError where a public key cannot be read."""
        self._keys = [Key("HS256", secret.encode()) for secret in config.token_secrets]
        self._keys += [read_public_key(path) for path in config.token_public_keys]
        self._audience = config.token_audience
        self._extra = extra
        self._wall_clock = wall_clock
        self._revoked = set(config.revoked)
        self._known: LRUCache[str, Claims] = LRUCache(_REMEMBERED)
        self._refused: LRUCache[str, str] = LRUCache(1024)

    def check(self, token: str, action: Action, resource: str, client: str) -> None:
        """Forbidden with the reason. Of a token that was seen: a look-up and a few comparisons."""
        claims = self._known.get(token)
        if claims is None:
            claims = self._verified(token)
        claims.check(action, resource, client, self._wall_clock())

    def expires(self, token: str) -> float:
        """Unix seconds, of a token that was let in just now; a static key, which is no token, does not."""
        claims = self._known.get(token)
        return float("inf") if claims is None else claims.expires

    def knows_key_of(self, token: str) -> bool:
        """Whether a key that we have could have signed it; if not, the key may be new at the URL."""
        if token in self._known:
            return True
        try:
            return bool(self._candidates(jwt.get_unverified_header(token[:LONGEST_TOKEN])))
        except (jwt.PyJWTError, ValueError):
            return True  # malformed: no key would help

    def forget(self) -> None:
        """Keys have changed: every token has to prove itself again."""
        self._known.clear()
        self._refused.clear()

    def revoke(self, name: str) -> None:
        """Tokens whose `jti`, `sub` or `kid` this is are void from now on."""
        self._revoked.add(name)
        self.forget()

    def _verified(self, token: str) -> Claims:
        if len(token) > LONGEST_TOKEN:
            raise Forbidden(f"The token has more than {LONGEST_TOKEN} characters")
        if (reason := self._refused.get(token)) is not None:
            raise Forbidden(reason)
        try:
            claims = self._known[token] = self._decoded(token)
        except Forbidden as error:
            self._refused[token] = error.detail
            raise
        return claims

    def _decoded(self, token: str) -> Claims:
        try:
            header = jwt.get_unverified_header(token)
        except (jwt.PyJWTError, ValueError) as error:
            raise Forbidden("The token is no JWT") from error
        for key in self._candidates(header):
            payload = self._opened(token, key)
            if payload is not None:
                claims = Claims.of(payload, header.get("kid"), key.id)
                if claims.names & self._revoked:
                    raise Forbidden("The token was revoked")
                return claims
        raise Forbidden("The token's signature is by no key of this server, or it is for another audience")

    def _candidates(self, header: Mapping[str, Any]) -> list[Key]:
        algorithm, key_id = header.get("alg"), header.get("kid")
        return [
            key
            for key in (*self._keys, *self._extra())
            if key.algorithm == algorithm and (key.id is None or key_id is None or key.id == key_id)
        ][:_MOST_CANDIDATES]

    def _opened(self, token: str, key: Key) -> Mapping[str, Any] | None:
        """The payload, or None. Times are checked with each use, not here. A token with an audience is for
        nobody who has no name as one (RFC 7519, 4.1.3).
        """
        options = {"verify_exp": False, "verify_nbf": False, "verify_iat": False}
        options |= {"verify_aud": True, "verify_sub": False, "verify_jti": False}
        try:
            payload: Mapping[str, Any] = jwt.decode(
                token,
                key.material,
                algorithms=[key.algorithm],
                audience=self._audience,
                options=options,  # type: ignore[arg-type]
            )
        except (jwt.PyJWTError, ValueError, TypeError, RecursionError):
            return None
        return payload


def read_public_key(path: Path) -> Key:
    """From PEM. ConfigError says which kinds there are."""
    try:
        return public_key(load_pem_public_key(path.read_bytes()), None)
    except (OSError, ValueError) as error:
        raise ConfigError(
            f"auth.token_public_keys {path}: {error}: "
            "name a PEM file with a public key of Ed25519, P-256 or RSA"
        ) from error


def public_key(material: object, key_id: str | None) -> Key:
    """ValueError for kinds and sizes that nothing should be signed with any more."""
    if isinstance(material, Ed25519PublicKey):
        return Key("EdDSA", material, key_id)
    if isinstance(material, EllipticCurvePublicKey) and material.curve.name == _CURVE:
        return Key("ES256", material, key_id)
    if isinstance(material, RSAPublicKey) and 2048 <= material.key_size <= 8192:
        return Key("RS256", material, key_id)
    raise ValueError("this kind of key is not used here")


def mint(
    config: AuthConfig, action: Action, names: Iterable[str], *, ttl_s: float, now: float, **more: str
) -> str:
    """Sign with the first of auth.token_secrets. ConfigError without one. `names`: streams, and assets with a
    slash before their paths. `more`: `sub`, `jti`, `addr`.
    """
    if not config.token_secrets:
        raise ConfigError("auth.token_secrets is empty: put `openssl rand -hex 32` there to sign tokens with")
    named = list(names)
    streams = [name for name in named if not name.startswith("/")]
    assets = [name[1:] for name in named if name.startswith("/")]
    claims: dict[str, Any] = {"action": action, "iat": int(now), "exp": int(now + ttl_s), **more}
    claims |= {key: value for key, value in (("stream", streams), ("asset", assets)) if value}
    if config.token_audience:
        claims["aud"] = config.token_audience
    return jwt.encode(claims, config.token_secrets[0], algorithm="HS256")
