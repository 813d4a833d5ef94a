"""Quantities as people write them."""

import pytest

from edge.units import bytes_text, parse_bits, parse_bytes, parse_seconds


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("250ms", 0.25), ("2s", 2), ("1.5 m", 90), ("1h", 3600), ("7us", 7e-6), ("1d", 86400)],
)
def test_seconds(text: str, seconds: float) -> None:
    assert parse_seconds(text) == pytest.approx(seconds)


def test_octets_and_bits() -> None:
    assert parse_bytes("64GiB") == 64 * 2**30
    assert parse_bytes("10MB") == 10_000_000
    assert parse_bits("2.5Mbit") == 2_500_000


@pytest.mark.parametrize("text", ["0B", "7B", "1001B", "5kB", "64KiB", "16MiB", "3MB", "1GiB", "100TiB"])
def test_octets_are_written_as_they_are_read(text: str) -> None:
    assert bytes_text(parse_bytes(text)) == text


@pytest.mark.parametrize(
    "value", ["", "5", 5, None, "ms", "-1s", "1e3s", "1 week", "9" * 20 + "s", "1S", "٣s"]
)
def test_what_is_no_duration_is_told_how_to_write_one(value: object) -> None:
    with pytest.raises(ValueError, match="write a number and a unit"):
        parse_seconds(value)
