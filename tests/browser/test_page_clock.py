"""The clock in the picture: what one side draws the other reads, after scaling and compression too."""

import random

import pytest

from edge.publish import clock_strip

pytestmark = pytest.mark.browser

ROUND_TRIP = """async ([width, height, shown, quality, times]) => {
  const { ClockReader, draw } = await import('/pages/clock.js');
  const reader = new ClockReader();
  const canvas = Object.assign(document.createElement('canvas'), { width, height });
  const context = canvas.getContext('2d');
  const read = [];
  for (const time of times) {
    context.fillStyle = '#789';
    context.fillRect(0, 0, width, height);
    draw(context, time);
    const blob = await new Promise((resolve) => canvas.toBlob(resolve, 'image/jpeg', quality));
    const picture = await createImageBitmap(blob, { resizeWidth: shown, resizeQuality: 'low' });
    read.push(reader.read(picture, picture.width, picture.height));
  }
  return read;
}"""


@pytest.fixture
def blank(page, players):
    page.goto(f"{players.base}/players/player.css")
    return page


def moments(count):
    chance = random.Random(7)
    return [chance.randrange(1_600_000_000_000, 2_100_000_000_000) for _ in range(count)]


@pytest.mark.parametrize(
    ("width", "height", "shown", "quality"),
    [
        (1280, 720, 1280, 0.9),
        (1920, 1080, 640, 0.5),
        (854, 480, 854, 0.4),
        (320, 180, 1280, 0.6),
        (720, 1280, 360, 0.6),
    ],
)
def test_what_is_drawn_is_read(blank, width, height, shown, quality):
    times = moments(20)
    assert blank.evaluate(ROUND_TRIP, [width, height, shown, quality, times]) == times


def test_the_python_publisher_draws_the_same_cells(blank):
    times = [0, 1, 2**42 - 1, *moments(50)]
    drawn = blank.evaluate(
        "async (t) => { const c = await import('/pages/clock.js'); return t.map(c.encode); }", times
    )
    assert drawn == [[int(cell) for cell in clock_strip.cells(time)] for time in times]


def test_a_wrong_cell_is_no_clock(blank):
    """Any one cell turned: sync and the last cell are checked, and each data bit has its parity."""
    [time] = moments(1)
    wrong = """async (time) => {
      const { decode, encode } = await import('/pages/clock.js');
      const turned = (cells, i) => cells.map((cell, j) => (i === j ? 1 - cell : cell));
      const cells = encode(time);
      return { right: decode(cells), wrong: cells.map((_, i) => decode(turned(cells, i))), short: decode(cells.slice(1)) };
    }"""
    assert blank.evaluate(wrong, time) == {"right": time, "wrong": [None] * 48, "short": None}


def test_a_picture_without_a_clock_gives_none(blank):
    plain = """async () => {
      const { ClockReader } = await import('/pages/clock.js');
      const canvas = Object.assign(document.createElement('canvas'), { width: 640, height: 360 });
      canvas.getContext('2d').fillRect(0, 0, 640, 360);
      const reader = new ClockReader();
      return [reader.read(canvas, 640, 360), reader.read(canvas, 0, 0)];
    }"""
    assert blank.evaluate(plain) == [None, None]
