"""How the durations of a segment's parts are written: the first is a little longer than its media.

Shaka up to 5.2.12 places each part where the playlist says, by a timestamp offset that it raises by a
millisecond where it is negative, and compares with the raised one (mended by its pull request 10559). So it
sets a new one, with a `SourceBuffer.abort()`, unless a part seems to begin later against its media than the
part for which it did so last, by less than two milliseconds; and MSE then drops all pictures up to the next
key frame.

For the first part of a segment that does no harm: a key frame comes. Its extra tenth of a millisecond has
all later parts within what Shaka bears, where it adds up EXTINF and where it goes by dates, which it knows
to the millisecond. It is no more, because pictures that fill parts to the tick (30 fps in parts of 200 ms)
are late by it with each segment, and in the end a part has one too few.
"""

from edge.hls.segment import TICKS

UNITS = 100_000
"""Five decimals: units of print a second."""

FIRST_LONGER_TICKS = TICKS // 10_000
"""A segment's first part is printed so much longer than it is, and cut so much before PART-TARGET."""


class PartDurations:
    """Writes one segment's parts, in their order."""

    def __init__(self, part_target_ticks: int) -> None:
        self._most = part_target_ticks * UNITS // TICKS
        self._ticks = FIRST_LONGER_TICKS
        self._units = 0

    def write(self, duration_ticks: int) -> str:
        """The DURATION of the next part, no more than PART-TARGET (4.4.4.9). Together with those before it a
        tenth of a millisecond more than the truth, to 1/100000 s; less where PART-TARGET leaves no room.
        """
        self._ticks += duration_ticks
        wished = -(-self._ticks * UNITS // TICKS)
        units = min(wished - self._units, self._most)
        self._units += units
        return f"{units / UNITS:.5f}"
