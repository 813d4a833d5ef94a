"""A clock that machines read: wall time as black and white cells along the top of the picture.

The strip is the top 1/18 of the height: 48 cells of equal width. Cells 0-2 are white, black, white; cells
3-44 are the
42 bits of Unix time in milliseconds, highest first, white for 1; cell 45 makes the number of white cells
among the
even-indexed bits (0, 2, ...) and itself even, cell 46 does so for the odd-indexed ones; cell 47 is black.
Whoever reads it in the middle of each cell, at half brightness, survives scaling and heavy compression.
"""

from collections.abc import Callable

CELLS = 48
BITS = 42
WHITE, BLACK = 235, 16
_EVEN_MASK = sum(1 << (BITS - 1 - index) for index in range(0, BITS, 2))
_ODD_MASK = sum(1 << (BITS - 1 - index) for index in range(1, BITS, 2))


def strip_height(height: int) -> int:
    """Rows of the strip in a picture of `height` rows."""
    return height // 18


def cells(unix_ms: int) -> tuple[bool, ...]:
    """The 48 cells, True for white. `unix_ms` is taken modulo 2^42 (the year 2109)."""
    value = unix_ms & ((1 << BITS) - 1)
    bits = tuple(bool(value >> shift & 1) for shift in range(BITS - 1, -1, -1))
    even, odd = (value & _EVEN_MASK).bit_count() & 1, (value & _ODD_MASK).bit_count() & 1
    return (True, False, True, *bits, bool(even), bool(odd), False)


def luma_row(unix_ms: int, width: int) -> bytes:
    """One row of luma, `width` octets: the whole strip is this row again and again."""
    edges = [index * width // CELLS for index in range(CELLS + 1)]
    return b"".join(
        bytes((WHITE if cell else BLACK,)) * (edges[index + 1] - edges[index])
        for index, cell in enumerate(cells(unix_ms))
    )


def read(luma: Callable[[int, int], int], width: int, height: int) -> int | None:
    """Unix milliseconds from a picture, None where no strip can be read. `luma(x, y)`: brightness, 0-255."""
    y = strip_height(height) // 2
    levels = [luma((2 * index + 1) * width // (2 * CELLS), y) for index in range(CELLS)]
    white, black = (levels[0] + levels[2]) / 2, (levels[1] + levels[47]) / 2
    if white - black < 40:
        return None
    seen = [level > (white + black) / 2 for level in levels]
    value = int("".join("1" if cell else "0" for cell in seen[3 : 3 + BITS]), 2)
    return value if cells(value) == tuple(seen) else None
