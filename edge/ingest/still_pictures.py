"""Pictures while a publisher that is there sends none: its camera is off, and its sound goes on.

No player plays sound where the picture ends, and hls.js 1.7 does not come back where that lasted some
seconds. So the last key frame is shown again, and stays. What the publisher sends then is of use from a key
frame on: whoever sends few pictures is waited for longer.
"""

from collections import deque
from collections.abc import Sequence
from itertools import pairwise

from edge.errors import MediaError
from edge.media.h264_still import Still, still_of
from edge.media.track import VIDEO_TIMESCALE

AFTER_S = 1.5
LONGEST_S = 10.0
"""How long a picture is waited for at least, and at most."""

STILL_LASTS = VIDEO_TIMESCALE // 10
"""Ticks. At this rate every part begins with a picture of its own."""

IS_BACK_S = 2.0
"""For so long after a picture of the publisher's a key frame is asked for."""

_DISTANCES = 4


class StillPictures:
    """Of one publisher. Times are seconds, of waiting those in which it was heard."""

    def __init__(self) -> None:
        self.are_shown = False
        self._sets: tuple[bytes, ...] = ()
        self._key: Sequence[bytes] = ()
        self._still: Still | None = None
        self._number = 0
        """Of the last picture in the stream, the key frame before it being 0."""
        self._seen: deque[float] = deque(maxlen=_DISTANCES + 1)
        """When the publisher's last pictures were due."""

    @property
    def is_key(self) -> bool:
        """Whether that is one which was shown last."""
        return self._number == 0

    def see_key_frame(self, at_s: float, sets: tuple[bytes, ...], nals: Sequence[bytes]) -> None:
        """The publisher's, with its SPS and PPS."""
        self._sets, self._key, self._still = sets, nals, None
        self._number = 0
        self.are_shown = False
        self._seen.append(at_s)

    def see_other(self, at_s: float) -> bool:
        """A picture that refers to those before; whether it is of use."""
        self._seen.append(at_s)
        if self.are_shown:
            return False
        self._number += 1
        return True

    def wants_key_frame(self, now_s: float) -> bool:
        """While they are shown: whether the publisher sends pictures again."""
        return now_s - self._seen[-1] < IS_BACK_S

    def due(self, unpictured_s: float) -> bool:
        """Whether to begin after so long without a picture. Never where the publisher's cannot be continued,
        nor before it is known how many it sends.
        """
        if unpictured_s < AFTER_S or not self._key or len(self._seen) < 3:
            return False
        usual_s = max(later - earlier for earlier, later in pairwise(self._seen))
        if unpictured_s < min(2 * usual_s, LONGEST_S):
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
