"""Bearer tokens of publishers (RFC 9725, 4.7.1; RFC 6750, 2.1)."""

import re

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
