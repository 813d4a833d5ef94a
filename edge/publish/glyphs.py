"""Digits big enough to read from across a room: a 5x7 bitmap font, scaled, without a font library."""

from functools import cache

_FONT = {
    "0": "01110 10001 10011 10101 11001 10001 01110",
    "1": "00100 01100 00100 00100 00100 00100 01110",
    "2": "01110 10001 00001 00010 00100 01000 11111",
    "3": "11111 00010 00100 00010 00001 10001 01110",
    "4": "00010 00110 01010 10010 11111 00010 00010",
    "5": "11111 10000 11110 00001 00001 10001 01110",
    "6": "00110 01000 10000 11110 10001 10001 01110",
    "7": "11111 00001 00010 00100 01000 01000 01000",
    "8": "01110 10001 10001 01110 10001 10001 01110",
    "9": "01110 10001 10001 01111 00001 00010 01100",
    ":": "00000 00100 00100 00000 00100 00100 00000",
    ".": "00000 00000 00000 00000 00000 01100 01100",
}
ROWS = 7
COLUMNS = 6
"""Of a character, the space after it counted."""


@cache
def _glyph(char: str, row: int, scale: int, ink: int, paper: int) -> bytes:
    bits = _FONT[char].split()[row] + "0"
    return b"".join(bytes((ink if bit == "1" else paper,)) * scale for bit in bits)


def text_row(text: str, row: int, scale: int, ink: int, paper: int) -> bytes:
    """Row `row` (0-6) of `text` in luma: `scale` times six octets a character; repeat it `scale` times
    downwards.

    Raises KeyError for characters other than digits, colon and point.
    """
    return b"".join(_glyph(char, row, scale, ink, paper) for char in text)
