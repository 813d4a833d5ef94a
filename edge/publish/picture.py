"""The test picture: colour bars, the clock for machines and for people, and something that moves.

Drawn with slices of a bytearray: about a third of a millisecond for 1280x720.
"""

from datetime import UTC, datetime
from random import Random

from edge.publish import clock_strip, glyphs

_BARS = (
    (235, 128, 128),
    (162, 44, 142),
    (131, 156, 44),
    (112, 72, 58),
    (84, 184, 198),
    (65, 100, 212),
    (35, 212, 114),
)
"""White, yellow, cyan, green, magenta, red, blue at 75 %: Y, Cb, Cr (ITU-R BT.601)."""
_GROUND, _INK, _MOVER = 32, 235, 200
_FLASH_MS = 100
_SNOW = (24, 72)
"""Darkest and brightest of the snow: it moves, costs bits, and so makes the encoder use the bit rate it was
given.
"""


class TestPicture:
    """Draws I420 pictures of one size. It owns its buffers: copy them out before the next `draw`.

    `luma`, `blue`, `red` are planes without padding: width x height, and a quarter of that for each chroma
    plane.
    """

    __test__ = False  # not a test of pytest's, whatever its name

    def __init__(self, width: int, height: int) -> None:
        assert width % 2 == 0, "I420 needs an even width"
        assert height % 2 == 0, "I420 needs an even height"
        self.width, self.height = width, height
        self._strip = clock_strip.strip_height(height)
        self._bars_end = (self._strip + (height - self._strip) * 2 // 5) & ~1
        self._scale = max(1, min(width // (13 * glyphs.COLUMNS), height // 6 // glyphs.ROWS))
        self._text_top = self._bars_end + (height - self._bars_end) // 10
        self._mover_size = max(2, min(height // 10, width // 4)) & ~1
        self._mover_top = height - self._mover_size - max(2, height // 20)
        self._snow_size = max(2, height // 10) & ~1
        self._snow_top = self._mover_top - self._snow_size
        self._snow = _snow(width * self._snow_size * 2)
        self.luma = bytearray(self._background(0, _GROUND))
        self.blue = self._chroma(1)
        self.red = self._chroma(2)

    def draw(self, unix_ms: int, frame: int) -> None:
        """Draw the picture of this moment; `frame` counts up and moves what moves."""
        width = self.width
        self.luma[: width * self._strip] = clock_strip.luma_row(unix_ms, width) * self._strip
        self._draw_clock(unix_ms)
        self._draw_mover(unix_ms, frame)
        self._draw_snow(frame)

    def _background(self, plane: int, ground: int) -> bytes:
        scale = 1 if plane == 0 else 2
        width, height = self.width // scale, self.height // scale
        strip, bars_end = (self._strip + scale - 1) // scale, self._bars_end // scale
        edges = [index * width // len(_BARS) for index in range(len(_BARS) + 1)]
        bars = b"".join(
            bytes((bar[plane],)) * (edges[index + 1] - edges[index]) for index, bar in enumerate(_BARS)
        )
        return (
            bytes((ground,)) * (width * strip)
            + bars * (bars_end - strip)
            + bytes((ground,)) * (width * (height - bars_end))
        )

    def _chroma(self, plane: int) -> bytes:
        """Constant: everything that changes is grey."""
        return self._background(plane, 128)

    def _draw_clock(self, unix_ms: int) -> None:
        moment = datetime.fromtimestamp(unix_ms // 1000, UTC)
        text = f"{moment:%H:%M:%S}.{unix_ms % 1000:03d}"
        left = (self.width - len(text) * glyphs.COLUMNS * self._scale) // 2
        at = self._text_top * self.width + left
        for row in range(glyphs.ROWS):
            line = glyphs.text_row(text, row, self._scale, _INK, _GROUND)
            for _ in range(self._scale):
                self.luma[at : at + len(line)] = line
                at += self.width

    def _draw_mover(self, unix_ms: int, frame: int) -> None:
        """A box that goes to and fro, white for the first tenth of each second, when the tone is loud."""
        width, size = self.width, self._mover_size
        span = max(1, width - size)
        step = frame * max(2, width // 160) % (2 * span)
        left = step if step < span else 2 * span - step
        bright = _INK if unix_ms % 1000 < _FLASH_MS else _MOVER
        row = bytes((_GROUND,)) * left + bytes((bright,)) * size + bytes((_GROUND,)) * (width - left - size)
        top = self._mover_top * width
        self.luma[top : top + width * size] = row * size

    def _draw_snow(self, frame: int) -> None:
        """Another stretch of the same random octets each time."""
        top, size = self._snow_top * self.width, self.width * self._snow_size
        offset = frame * 7919 % size
        self.luma[top : top + size] = self._snow[offset : offset + size]


def _snow(size: int) -> bytes:
    """The same for everybody: a picture of a given frame number is always the same picture."""
    low, high = _SNOW
    return bytes(low + octet * (high - low) // 255 for octet in Random(0).randbytes(size))  # noqa: S311
