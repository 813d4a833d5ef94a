"""How far a publisher's media are, and what time it is where viewers are: whether its clock was set."""

_AHEAD_S = 2.0
"""Media so far ahead of time, and of what came before, go on where viewers are: hls.js passes no hole."""

_BEHIND_S = 3.0
_BEHIND_FOR_S = 1.0
"""So do those that are so far behind for so long. (Time itself is behind by as much as they were late.)"""

_LONGEST_TICK_S = 0.1  # in a longer one there was nothing to see


class Reach:
    """Of one publisher, in seconds of its timeline."""

    __slots__ = ("_behind_for_s", "newest_s", "now_s")

    def __init__(self) -> None:
        self.newest_s = 0.0
        """When the newest media were due."""
        self.now_s = 0.0
        """What viewers were told that time is. It never goes back, but for `begin`."""
        self._behind_for_s = 0.0

    def begin(self, at_s: float) -> None:
        """Time goes on here."""
        self.newest_s = self.now_s = at_s
        self._behind_for_s = 0.0

    def has_jumped(self, at_s: float) -> bool:
        """Whether the publisher's clock jumped ahead, to this time."""
        return at_s > self.newest_s + _AHEAD_S and at_s > self.now_s + _AHEAD_S

    def is_far_behind(self, at_s: float) -> bool:
        """Whether pictures of this time have a clock that stood still, while that of the sound went on."""
        return at_s < max(self.newest_s, self.now_s) - _BEHIND_S

    def fell_behind(self, source_now: float, since_s: float) -> bool:
        """Whether all media have been behind for a while: time went on by reports, and clocks stood still.

        `source_now` is what time it is by the media, `since_s` how long ago that was asked last.
        """
        if source_now > self.now_s - _BEHIND_S:
            self._behind_for_s = 0.0
            return False
        self._behind_for_s += min(since_s, _LONGEST_TICK_S)
        return self._behind_for_s > _BEHIND_FOR_S
