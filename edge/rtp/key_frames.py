"""When to ask the publisher for a key frame."""

import math
from collections import deque

LEAST_INTERVAL_S = 0.5
LONGEST_INTERVAL_S = 8.0
EFFECT_WITHIN_S = 1.0
PROMPT_S = 0.5
_WITHOUT_EFFECT = 5
_UNHEARD = 3
_HEARD = 3
_BEATS = 3
_OFF_BEAT = 0.75
"""A key frame of a fixed GOP hardly ever comes after less than this share of the shortest of the last three
intervals, though the network bends them and pictures are left out. One that is sent for a loss does."""


class KeyFrameRequests:
    """Limits requests to one in 500 ms, and halves that rate whenever five in a row had no effect.

    OBS and FFmpeg have no ear for them; browsers have, and send key frames only when asked. A request had an
    effect when a key frame came within a second of it.

    `deaf`: three had none, and no key frame in need came promptly between them (one that comes by the
    publisher's own clock looks like an answer now and then, and always to requests on the segment clock).
    It ends with three that came promptly in need and earlier than by that clock, no request in vain between
    them: who answers late while the network or the encoder is slow hears, and does so promptly afterwards.
    A camera that is off has nothing to answer with: requests after which no picture came tell nothing.
    """

    __slots__ = (
        "_begun",
        "_first_in_need",
        "_fruitless",
        "_heard",
        "_interval_s",
        "_next",
        "_pictured",
        "_spacings_s",
        "_unheard",
        "_unjudged",
        "deaf",
        "sent",
        "wanted",
    )

    def __init__(self) -> None:
        self.wanted = False
        """One is to be asked for, as soon as the rate allows it."""
        self._next = 0.0
        self._interval_s = LEAST_INTERVAL_S
        self._unjudged: list[float] = []  # when requests went out that may yet have an effect
        self._fruitless = 0
        self._first_in_need: float | None = None
        self._unheard = self._heard = 0
        self._spacings_s = deque([0.0] * _BEATS, _BEATS)
        self._begun = self._pictured = -math.inf
        self.deaf = False
        self.sent = 0

    def want(self) -> None:
        """Ask as soon as the rate allows it, unless a key frame comes before."""
        self.wanted = True

    def due(self, now: float, *, in_need: bool = False) -> bool:
        """Is a request to be sent now? True counts as sent. `in_need`: without it nothing can be shown."""
        if not self.wanted or now < self._next:
            return False
        self._judge(now)
        self.wanted = False
        self._unjudged.append(now)
        if in_need and self._first_in_need is None:
            self._first_in_need = now
        self._next = now + self._interval_s
        self.sent += 1
        return True

    def _judge(self, now: float) -> None:
        while self._unjudged and now - self._unjudged[0] >= EFFECT_WITHIN_S:
            asked = self._unjudged.pop(0)
            self._fruitless += 1
            is_answered = asked <= self._begun < asked + EFFECT_WITHIN_S
            if self._pictured > asked and not is_answered:
                self._unheard, self._heard = self._unheard + 1, 0
        self.deaf = self.deaf or self._unheard >= _UNHEARD
        if self._fruitless >= _WITHOUT_EFFECT:
            self._fruitless = 0
            self._interval_s = min(self._interval_s * 2, LONGEST_INTERVAL_S)

    def on_picture(self, now: float) -> None:
        """One has come, of whatever kind and however damaged."""
        if self._unjudged:
            self._judge(now)
        self._pictured = now

    def on_key_frame_begun(self, now: float) -> None:
        """The first packet of one has come: it is an answer, though the rest may be lost."""
        self._judge(now)
        spacing_s, self._begun = now - self._begun, now
        if self._first_in_need is not None and now - self._first_in_need <= PROMPT_S:
            self._unheard = 0
            self._heard += spacing_s < min(self._spacings_s) * _OFF_BEAT
            self.deaf = self.deaf and self._heard < _HEARD
        self._first_in_need = None
        self._spacings_s.append(spacing_s)

    def on_key_frame(self, now: float) -> None:
        """A key frame has come, asked for or not."""
        self._judge(now)
        self.wanted = False
        if self._unjudged:
            self._unjudged.clear()
            self._fruitless = 0
            self._interval_s = LEAST_INTERVAL_S
            self._next = min(self._next, now + LEAST_INTERVAL_S)
