"""Bearer tokens of publishers (RFC 9725, 4.7.1; RFC 6750, 2.1)."""

import hmac
import re
from collections.abc import Iterable
from typing import Literal

from edge.errors import Unauthorised

_CREDENTIALS = re.compile(r"bearer +([!-~]{1,4096})", re.IGNORECASE)
_NO_TOKENS = frozenset({"undefined", "null"})


def parse_bearer(authorization: str | None) -> str | None:
    """The token of an Authorization field; None without one.

    `Bearer undefined` is how the Eyevinn client says that it has none. Unauthorised where another scheme or
    something malformed is sent: better told than taken for no token.
    """
    if authorization is None or authorization.strip().lower() in {"", "bearer"}:
        return None
    match = _CREDENTIALS.fullmatch(authorization.strip())
    if match is None:
        raise Unauthorised("The Authorization field is not understood: send `Authorization: Bearer KEY`")
    return None if match[1] in _NO_TOKENS else match[1]


def authorise(publish: Literal["open"] | Iterable[str] | None, token: str | None) -> None:
    """Check a token against `auth.publish`; Unauthorised (401). None and "open" let everyone publish.

    Every key is compared in constant time, so that how long it took says nothing.
    """
    if publish is None or publish == "open":
        return
    if token is None:
        raise Unauthorised("This server asks publishers for a key: send it as `Authorization: Bearer KEY`")
    matches = [hmac.compare_digest(key.encode(), token.encode()) for key in publish]
    if not any(matches):
        raise Unauthorised("The key is not one of auth.publish: ask the operator for one")
