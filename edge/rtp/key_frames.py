"""When to ask the publisher for a key frame."""

LEAST_INTERVAL_S = 0.5
LONGEST_INTERVAL_S = 8.0
EFFECT_WITHIN_S = 1.0
_WITHOUT_EFFECT = 5


class KeyFrameRequests:
    """Limits requests to one in 500 ms, and halves that rate whenever five in a row had no effect.

    OBS and FFmpeg have no ear for them; browsers have, and send key frames only when asked. A request had an
    effect when a key frame came within a second of it.
    """

    __slots__ = ("_fruitless", "_interval_s", "_next", "_unjudged", "_wanted", "sent")

    def __init__(self) -> None:
        self._wanted = False
        self._next = 0.0
        self._interval_s = LEAST_INTERVAL_S
        self._unjudged: list[float] = []  # when requests went out that may yet have an effect
        self._fruitless = 0
        self.sent = 0

    def want(self) -> None:
        """Ask as soon as the rate allows it, unless a key frame comes before."""
        self._wanted = True

    def due(self, now: float) -> bool:
        """Is a request to be sent now? True counts as sent."""
        if not self._wanted or now < self._next:
            return False
        self._judge(now)
        self._wanted = False
        self._unjudged.append(now)
        self._next = now + self._interval_s
        self.sent += 1
        return True

    def _judge(self, now: float) -> None:
        while self._unjudged and now - self._unjudged[0] >= EFFECT_WITHIN_S:
            del self._unjudged[0]
            self._fruitless += 1
        if self._fruitless >= _WITHOUT_EFFECT:
            self._fruitless = 0
            self._interval_s = min(self._interval_s * 2, LONGEST_INTERVAL_S)

    def on_key_frame(self, now: float) -> None:
        """A key frame has come, asked for or not."""
        self._judge(now)
        self._wanted = False
        if self._unjudged:
            self._unjudged.clear()
            self._fruitless = 0
            self._interval_s = LEAST_INTERVAL_S
            self._next = min(self._next, now + LEAST_INTERVAL_S)
