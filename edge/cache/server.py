"""Which server is meant, and what it is asked with: options, then the environment, then the configuration."""

import time
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import urlsplit

from edge.auth.tokens import mint
from edge.config import Address, AuthConfig, Config
from edge.errors import ConfigError

URL, TOKEN = "EDGE_URL", "EDGE_TOKEN"
_TTL_S = 24 * 3600.0
_ANY = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104


class Server(NamedTuple):
    """`base` without a slash at its end; `token` of `auth.admin`, or None."""

    base: str
    token: str | None


def server(url: str | None, token: str | None, environment: Mapping[str, str], config: Config) -> Server:
    """ConfigError names the mend."""
    url = url or environment.get(URL)
    token = _printable(token or environment.get(TOKEN))
    if url:
        return Server(_checked(url), token)
    if config.server.address.port == 0:
        raise ConfigError("server.listen has no port of its own (0): say which server with --url")
    return Server(_own(config), token or _admin(config.auth))


def _checked(url: str) -> str:
    try:
        parts = urlsplit(url)
        is_usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_usable = False
    if not is_usable:
        raise ConfigError(f"{url!r} is no address of a server: write --url http://HOST:PORT")
    return f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}"


def _printable(token: str | None) -> str | None:
    text = (token or "").strip()
    if not text.isprintable():
        raise ConfigError(f"the token has characters that none has: look at --token or {TOKEN}")
    return text or None


def _own(config: Config) -> str:
    address = config.server.address
    reachable = Address(_ANY.get(address.host, address.host), address.port)
    return f"{'https' if config.server.tls_certificate else 'http'}://{reachable}"


def _admin(auth: AuthConfig) -> str | None:
    """A key that opens `auth.admin`, where the configuration has one."""
    if isinstance(auth.admin, tuple):
        return auth.admin[0]
    if auth.admin == "tokens" and auth.token_secrets:
        return mint(auth, "admin", ["*"], ttl_s=_TTL_S, now=time.time())
    return auth.admin if auth.admin not in {None, "tokens", "webhook"} else None
