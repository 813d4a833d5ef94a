"""What a client can read: content coding negotiation (RFC 9110, 12.5.3)."""

from functools import lru_cache

_LONGEST_REMEMBERED = 200


def accepts_gzip(accept_encoding: str | None) -> bool:
    """Whether `gzip` may be sent for this Accept-Encoding value.

    An absent field would allow anything, but a client that cannot say gzip often cannot read it either.
    Weights: zero forbids, an explicit `gzip` (or `x-gzip`) wins over `*`; a malformed weight counts as zero.
    """
    if not accept_encoding:
        return False
    if len(accept_encoding) > _LONGEST_REMEMBERED:
        return _negotiate(accept_encoding)
    return _remembered(accept_encoding)


def _negotiate(value: str) -> bool:
    wildcard = False
    for item in value.split(","):
        coding, _, parameters = item.partition(";")
        name = coding.strip().lower()
        if name in {"gzip", "x-gzip"}:
            return _weight(parameters) > 0
        if name == "*":
            wildcard = _weight(parameters) > 0
    return wildcard


def _weight(parameters: str) -> float:
    """The qvalue of RFC 9110, 12.4.2: one when there is none."""
    name, equals, value = parameters.strip().partition("=")
    if not name:
        return 1.0
    digits = value.strip()
    if name.strip().lower() != "q" or not equals or len(digits) > 5 or not digits.isascii():
        return 0.0
    whole, _, fraction = digits.partition(".")
    if whole not in {"0", "1"} or (fraction and not fraction.isdigit()):
        return 0.0
    return float(digits) if float(digits) <= 1 else 0.0


_remembered = lru_cache(maxsize=64)(_negotiate)
"""Browsers send a handful of values, so the same few strings are asked about thousands of times a second."""
