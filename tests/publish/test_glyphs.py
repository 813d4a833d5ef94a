import pytest

from edge.publish.glyphs import COLUMNS, ROWS, text_row


def test_a_digit_looks_like_itself():
    rows = [text_row("7", row, 1, 1, 0) for row in range(ROWS)]
    assert ["".join(" #"[dot] for dot in row) for row in rows] == [
        "##### ",
        "    # ",
        "   #  ",
        "  #   ",
        " #    ",
        " #    ",
        " #    ",
    ]


def test_rows_are_scaled_and_joined():
    assert len(text_row("12:34:56.789", 3, 4, 235, 32)) == 12 * COLUMNS * 4
    assert text_row(".", 6, 2, 9, 0) == bytes([0, 0, 9, 9, 9, 9, 0, 0, 0, 0, 0, 0])


def test_letters_are_not_known():
    with pytest.raises(KeyError):
        text_row("a", 0, 1, 1, 0)
