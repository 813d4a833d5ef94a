"""Key frames: which begin a segment, and when to ask for one, for WebRTC sends none unasked.

One amid a part ends that part early: viewers ask once more for little, and wait for it a picture longer, as
only the key frame tells that nothing else is in it. So it is asked for as many pictures before the end of a
part as it took to come the last time.
"""

from edge.hls.open_segment import OpenSegment
from edge.hls.segment import TICKS

_MOST_EARLY = 3 * TICKS // 10
"""A publisher that takes longer has key frames when it likes."""

_FIRST_SEGMENTS = 45 * TICKS // 100


class KeyFrameTiming:
    """Of one publication. All times are ticks of our timeline (90 kHz)."""

    def __init__(self, segment_target: int, begin: int) -> None:
        """`begin`: where the timeline begins."""
        self._segment_target = segment_target
        self._last = begin
        self._spacing = 0
        self._asked_before: int | None = None
        """Where the picture began that was next when it was asked."""
        self._took = 0
        """Ticks from there to the key frame that came of it."""
        self._is_answer = False
        """The last one was asked for."""

    def resume(self, begin: int) -> None:
        """The timeline begins here instead: nothing has come yet."""
        self._last = begin

    def far_until(self, opened: OpenSegment, part_target: int) -> int:
        """Surely not `due` before, the later of now and where the next picture begins; pictures are no longer
        than parts. Cheap.
        """
        if opened.starting_up or opened.undecodable:
            return 0
        return opened.start + self._segment_target - 2 * _MOST_EARLY - part_target

    def due(self, now: int, next_at: int, opened: OpenSegment, part: int, picture: int) -> bool:
        """Whether to ask now. The next picture begins at `next_at`; so long last a `part` and a `picture` at
        present.
        """
        wanted = opened.start + self._least(opened, part)
        soonest = max(wanted, next_at - picture // 2)
        end = opened.part_start + max(0, -(-(soonest - opened.part_start) // part)) * part
        took = min(self._took, _MOST_EARLY)
        is_due = end - next_at < took + picture // 2 or now >= wanted + part
        if is_due and self._asked_before is None:
            self._asked_before = next_at
        return is_due

    def came(self, at: int) -> None:
        """A key frame begins here, asked for or not."""
        self._last, self._spacing = at, at - self._last
        self._is_answer = self._asked_before is not None
        if self._asked_before is not None:
            self._took = max(0, at - self._asked_before)
            self._asked_before = None

    def begins_segment(self, at: int, opened: OpenSegment, part: int) -> bool:
        """Whether the key frame that came there does. Those of 0.5 s make segments of 2 s; those of 1.9 to
        2.1 s make one each, and those of 1.5 s too, for two of them would not fit. One that was asked for
        does.
        """
        open_for = at - opened.start
        if opened.starting_up or opened.undecodable:
            return open_for >= part
        if open_for * 100 >= self._segment_target * 85:
            return True
        fits = self._is_answer or open_for + self._spacing > opened.room
        return fits and open_for * 2 >= self._segment_target

    def _least(self, opened: OpenSegment, part: int) -> int:
        """How long the open segment is to last at least: to where a part ends nearest to 0.3 s below the
        target. A late key frame finds room, and players that begin with a segment's first part have less to
        load.
        """
        if opened.starting_up:
            return _FIRST_SEGMENTS
        if opened.undecodable:
            return part
        return max(self._segment_target - _MOST_EARLY - part // 2, self._segment_target // 2)
