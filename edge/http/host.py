"""The Host field (RFC 9112, 3.2; RFC 9110, 7.2; RFC 3986, 3.2.2)."""

import re

_HOST = re.compile(
    r"(?:\[[0-9A-Za-z:.%\-_~!$&'()*+,;=]+\]|(?:[0-9A-Za-z\-._~!$&'()*+,;=]|%[0-9A-Fa-f]{2})*)(?::[0-9]*)?"
)


def is_host(text: str) -> bool:
    """Whether it is a name or an address, with a port or without; empty for a target that has neither. A
    server has to refuse all else.
    """
    return _HOST.fullmatch(text) is not None
