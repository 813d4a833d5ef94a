from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.publish.clock_strip import cells, luma_row, read, strip_height

NOW = 1_767_225_600_123


def reader(row, width):
    """A picture whose rows are all this one."""
    return lambda x, y: row[x]


def test_the_layout():
    found = cells(0b10 << 40 | 1)
    assert len(found) == 48
    assert found[:3] == (True, False, True)
    assert found[3:45] == (True, *[False] * 40, True)
    assert found[45:47] == (True, True)  # one white among the even-indexed bits, one among the odd-indexed
    assert found[47] is False
    assert cells(0)[45:47] == (False, False)


@given(st.integers(0, 2**42 - 1), st.sampled_from([96, 160, 320, 640, 1280, 1921]))
def test_what_is_drawn_is_read(unix_ms, width):
    assert read(reader(luma_row(unix_ms, width), width), width, width * 9 // 16) == unix_ms


@given(st.integers(0, 2**42 - 1), st.integers(0, 1000))
def test_noise_and_a_washed_out_picture_are_survived(unix_ms, seed):
    row = luma_row(unix_ms, 480)
    noise = Random(seed).randbytes(480)
    dull = [90 + level // 3 + extra % 20 for level, extra in zip(row, noise, strict=True)]
    assert read(reader(dull, 480), 480, 270) == unix_ms


@pytest.mark.parametrize("cell", range(48))
def test_one_wrong_cell_is_noticed(cell):
    row = bytearray(luma_row(NOW, 480))
    row[cell * 10 : cell * 10 + 10] = bytes(251 - level for level in row[cell * 10 : cell * 10 + 10])
    assert read(reader(row, 480), 480, 270) is None


def test_a_picture_without_a_strip():
    assert read(lambda x, y: 128, 1280, 720) is None


def test_the_strip_is_the_top_eighteenth():
    assert strip_height(720) == 40
    asked = set()
    read(lambda x, y: asked.add(y) or 0, 1280, 720)
    assert asked == {20}
