"""Rates as people write them: "50MB/s", "400Mbit/s"."""

from edge.units import parse_bits, parse_bytes


def parse_rate(text: str) -> float:
    """Octets a second. ValueError tells how to write one."""
    quantity = text.removesuffix("/s")
    for parse, octets in ((parse_bytes, 1.0), (parse_bits, 0.125)):
        try:
            rate = parse(quantity) * octets
        except ValueError:
            continue
        if rate >= 1:
            return rate
    raise ValueError(f"{text!r}: write a number and a unit a second, like 50MB/s or 400Mbit/s")
