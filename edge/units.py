"""Quantities as people write them: "250ms", "64GiB", "8Mbit"."""

import re
from typing import Annotated

from pydantic import BeforeValidator

_SECONDS = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0, "d": 86400.0}
_BYTES = {"B": 1, "kB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}
_BYTES |= {"KiB": 2**10, "MiB": 2**20, "GiB": 2**30, "TiB": 2**40}
_BITS = {"bit": 1, "kbit": 10**3, "Mbit": 10**6, "Gbit": 10**9}
_QUANTITY = re.compile(r"([0-9]{1,12}(?:\.[0-9]{1,9})?) ?([A-Za-z]{1,4})")


def _quantity(value: object, units: dict[str, float] | dict[str, int], example: str) -> float:
    match = _QUANTITY.fullmatch(value) if isinstance(value, str) else None
    if match is None or match[2] not in units:
        raise ValueError(f'write a number and a unit ({", ".join(units)}), like "{example}"')
    return float(match[1]) * units[match[2]]


def parse_seconds(value: object) -> float:
    """Seconds from "250ms" or "2s". ValueError tells the units."""
    return _quantity(value, _SECONDS, "250ms")


def parse_bytes(value: object) -> int:
    """Octets from "64GiB" or "10MB". ValueError tells the units."""
    return int(_quantity(value, _BYTES, "64MiB"))


def parse_bits(value: object) -> int:
    """Bits (a second, where it is a rate) from "8Mbit". ValueError tells the units."""
    return int(_quantity(value, _BITS, "8Mbit"))


def bytes_text(octets: int) -> str:
    """The inverse of `parse_bytes`, in the largest unit that leaves no fraction."""
    unit = max((size, name) for name, size in _BYTES.items() if octets % size == 0 and (octets or size == 1))
    return f"{octets // unit[0]}{unit[1]}"


Seconds = Annotated[float, BeforeValidator(parse_seconds)]
Bytes = Annotated[int, BeforeValidator(parse_bytes)]
BitRate = Annotated[int, BeforeValidator(parse_bits)]
