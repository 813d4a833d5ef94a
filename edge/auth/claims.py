"""What a verified token allows."""

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

from edge.errors import Forbidden

Action = Literal["publish", "play", "admin"]
_ACTIONS = frozenset({"publish", "play", "admin"})
_MOST = 64

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True, slots=True)
class Claims:
    """`streams` and `assets` may hold "*". `networks` empty: from anywhere. Times are Unix seconds."""

    streams: frozenset[str]
    assets: frozenset[str]
    """Paths below /vod; what ends in a slash is a folder with all that is below it."""
    actions: frozenset[str]
    networks: tuple[Network, ...]
    expires: float
    begins: float
    names: frozenset[str]
    """Under which it can be revoked: `jti`, `sub`, `kid`."""

    @classmethod
    def of(cls, claims: Mapping[str, Any], *key_ids: str | None) -> "Claims":
        """From a payload whose signature is good. Forbidden names what is missing or malformed. `key_ids`:
        what the token calls its key, and what the key set does.
        """
        expires, begins = _time(claims, "exp", None), _time(claims, "nbf", 0)
        actions = _texts(claims, "action")
        if not actions <= _ACTIONS:
            raise Forbidden("The token's `action` is none of publish, play, admin")
        names = {name for key in ("jti", "sub") if isinstance(name := claims.get(key), str)}
        if actions != {"admin"} and "stream" not in claims and "asset" not in claims:
            raise Forbidden("The token's `stream` or `asset` must name what it is for")
        return cls(
            _texts(claims, "stream") if "stream" in claims else frozenset(),
            _texts(claims, "asset") if "asset" in claims else frozenset(),
            actions,
            _networks(claims),
            expires,
            begins,
            frozenset(names.union(filter(None, key_ids))),
        )

    def check(self, action: Action, resource: str, client: str, now: float) -> None:
        """Forbidden, with the reason. `resource`: a stream, or an asset with a slash before its path: a token
        for the one says nothing of the other. `now`: Unix seconds.
        """
        if now >= self.expires:
            raise Forbidden("The token has expired: ask for a new one")
        if now < self.begins:
            raise Forbidden("The token is not valid yet: look at the clocks, or wait")
        if action not in self.actions:
            raise Forbidden(f"The token does not allow to {action}: ask for one that does")
        if action != "admin" and not self._names(resource):
            raise Forbidden(f"The token is for another {'asset' if resource[:1] == '/' else 'stream'}")
        if self.networks and not _is_within(client, self.networks):
            raise Forbidden("The token is for another address")

    def _names(self, resource: str) -> bool:
        if not resource.startswith("/"):
            return resource in self.streams or "*" in self.streams
        path = resource[1:]
        if path in self.assets or "*" in self.assets:
            return True
        return any(one.endswith("/") and path.startswith(one) for one in self.assets)


def _time(claims: Mapping[str, Any], name: str, absent: float | None) -> float:
    value = claims.get(name, absent)
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 1e12:
        return float(value)
    raise Forbidden(f"The token must have `{name}` as a number: seconds since 1970")


def _texts(claims: Mapping[str, Any], name: str) -> frozenset[str]:
    value = claims.get(name)
    values = [value] if isinstance(value, str) else value
    if not isinstance(values, list) or not 0 < len(values) <= _MOST:
        raise Forbidden(f"The token's `{name}` must be a text or a list of texts")
    if not all(isinstance(one, str) for one in values):
        raise Forbidden(f"The token's `{name}` must be a text or a list of texts")
    return frozenset(values)


def _networks(claims: Mapping[str, Any]) -> tuple[Network, ...]:
    if "addr" not in claims:
        return ()
    try:
        return tuple(ipaddress.ip_network(text) for text in sorted(_texts(claims, "addr")))
    except ValueError as error:
        raise Forbidden("The token's `addr` must be addresses or networks") from error


@lru_cache(maxsize=4096)
def _is_within(client: str, networks: tuple[Network, ...]) -> bool:
    try:
        address = ipaddress.ip_address(client.partition("%")[0])
    except ValueError:
        return False
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return any((mapped or address) in network for network in networks)
