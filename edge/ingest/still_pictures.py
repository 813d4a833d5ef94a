"""Pictures while a publisher that is there sends none: its camera is off, and its sound goes on.

No player plays sound where the picture ends, and hls.js 1.7 does not come back where that lasted some
seconds. So the last key frame is shown again, and stays. What the publisher sends then is of use from a key
frame on.
"""

from collections.abc import Sequence

from edge.errors import MediaError
from edge.media.h264_still import Still, still_of
from edge.media.track import VIDEO_TIMESCALE

AFTER_S = 1.5
"""A still screen sends a picture a second; who sends fewer is waited for twice as long as the last time."""

SOON_S = 0.5
"""The same where a segment is to begin: it would have no key frame."""

LONGEST_S = 4.0

STILL_LASTS = VIDEO_TIMESCALE // 10
"""Ticks. At this rate every part begins with a picture of its own."""


class StillPictures:
    """Of one publisher. Seconds are those in which it was heard."""

    def __init__(self) -> None:
        self.are_shown = False
        self.wants_key_frame = False
        """The publisher sends pictures again."""
        self._sets: tuple[bytes, ...] = ()
        self._key: Sequence[bytes] = ()
        self._still: Still | None = None
        self._number = 0
        """Of the last picture, the key frame before it being 0."""

    @property
    def is_key(self) -> bool:
        """Whether that is one which was shown last."""
        return self._number == 0

    def see_key_frame(self, sets: tuple[bytes, ...], nals: Sequence[bytes]) -> None:
        """The publisher's, with its SPS and PPS."""
        self._sets, self._key, self._still = sets, nals, None
        self._number = 0
        self.are_shown = self.wants_key_frame = False

    def see_other(self) -> bool:
        """A picture that refers to those before; whether it is of use."""
        self._number += 1
        self.wants_key_frame = self.are_shown
        return not self.are_shown

    def due(self, unpictured_s: float, last_s: float, *, key: bool) -> bool:
        """Whether to begin, after so long without a picture, where the one before lasted so long, and a key
        frame is due or not. Never where the publisher's pictures cannot be continued.
        """
        if not self._key or unpictured_s < min(max(SOON_S if key else AFTER_S, 2 * last_s), LONGEST_S):
            return False
        try:
            self._still = still_of(self._sets[0], self._sets[1:], self._key)
        except MediaError:
            self._key = ()
        return self._still is not None

    def show(self, *, key: bool) -> tuple[bytes, ...]:
        """The NAL units of the next picture: a key frame as the first one, and where it is wanted."""
        assert self._still is not None, "it was due"
        # Two in a row would have to differ in idr_pic_id (7.4.3).
        is_key = self._number > 0 and (key or not self.are_shown)
        self._number = 0 if is_key else self._number + 1
        self.are_shown = True
        return self._still.key if is_key else (self._still.unchanged(self._number),)
