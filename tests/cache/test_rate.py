import pytest

from edge.cache.rate import parse_rate


@pytest.mark.parametrize(
    ("text", "octets"),
    [
        ("50MB/s", 50e6),
        ("50MB", 50e6),
        ("1MiB/s", 1_048_576),
        ("400Mbit/s", 50e6),
        ("1B/s", 1),
        ("1.5kB/s", 1_500),
    ],
)
def test_octets_or_bits_a_second(text, octets):
    assert parse_rate(text) == octets


@pytest.mark.parametrize("text", ["", "50", "fast", "50MB/m", "-1MB/s", "0MB/s", "1bit/s", "50 MB / s"])
def test_anything_else_says_how(text):
    with pytest.raises(ValueError, match="like 50MB/s"):
        parse_rate(text)
