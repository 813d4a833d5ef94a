"""How the durations of a segment's parts are written: never so that a part seems to begin before its media.

Shaka 5.2 places each part where the playlist says (the sum of what is before it), by a timestamp offset that
it raises by a millisecond where it is negative. It sets a new one, with a `SourceBuffer.abort()`, as soon as
a part seems to begin a millisecond earlier than that. So the rounding of printed numbers alone has it abort,
and MSE then drops all pictures up to the next key frame. A part that seems to begin some hundred-thousandths
of a second late does no harm, nor does an abort at a segment's first part, where a key frame comes.
"""

from edge.hls.segment import TICKS

UNITS = 100_000
"""Five decimals: units of print a second."""


class PartDurations:
    """Writes one segment's parts, in their order."""

    def __init__(self, part_target_ticks: int) -> None:
        self._most = part_target_ticks * UNITS // TICKS
        self._ticks = 0
        self._units = 0

    def write(self, duration_ticks: int) -> str:
        """The DURATION of the next part; no more than PART-TARGET (4.4.4.9) and 2/100000 s from the truth.

        What PART-TARGET leaves no room for is made good by later parts.
        """
        self._ticks += duration_ticks
        wished = -(-self._ticks * UNITS // TICKS) + 1
        units = min(wished - self._units, self._most)
        self._units += units
        return f"{units / UNITS:.5f}"
