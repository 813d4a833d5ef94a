"""When to ask the publisher for a key frame."""

import math

LEAST_INTERVAL_S = 0.5
LONGEST_INTERVAL_S = 8.0
EFFECT_WITHIN_S = 1.0
PROMPT_S = 0.5
_WITHOUT_EFFECT = 5
_UNHEARD = 3


class KeyFrameRequests:
    """Limits requests to one in 500 ms, and halves that rate whenever five in a row had no effect.

    OBS and FFmpeg have no ear for them; browsers have, and send key frames only when asked. A request had an
    effect when a key frame came within a second of it.

    `deaf`: three had none, and no key frame in need came promptly between them (one that comes by the
    publisher's own clock looks like an answer now and then, and always to requests on the segment clock).
    A camera that is off has nothing to answer with: requests after which no picture came tell nothing.
    """

    __slots__ = (
        "_begun",
        "_first_in_need",
        "_fruitless",
        "_interval_s",
        "_next",
        "_pictured",
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
        self._unheard = 0
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
            self._unheard += self._pictured > asked and not is_answered
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
        self._begun = now
        if self._first_in_need is not None and now - self._first_in_need <= PROMPT_S:
            self._unheard = 0
        self._first_in_need = None

    def on_key_frame(self, now: float) -> None:
        """A key frame has come, asked for or not."""
        self._judge(now)
        self.wanted = False
        if self._unjudged:
            self._unjudged.clear()
            self._fruitless = 0
            self._interval_s = LEAST_INTERVAL_S
            self._next = min(self._next, now + LEAST_INTERVAL_S)
