"""A loop that has much to do in small pieces does what has come by a beat together, and what follows from it;
then it sleeps until the next. A turn that begins out of sleep finds its code and data in no cache: fewer of
them are cheaper.
"""

import asyncio
import time
from collections.abc import Callable

from edge.ingest.reading import A_MOMENT_S, BEAT_S

AWAKE_S = BEAT_S
"""See stay_awake."""

BUSY_PER_S = 400
"""Up to so many answers a second nobody sleeps: playlists and parts of forty streams with parts of 200 ms."""

PERIOD_S = 0.25
"""Is judged so often."""


def _never() -> bool:
    """Nobody publishes."""
    return False


class Naps:
    """Of the running loop."""

    def __init__(
        self,
        is_sending: Callable[[], bool],
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """`is_sending`: the next turn has something to send. `clock`: the loop's seconds, which do not stand
        still within a turn.
        """
        self.must_hurry: Callable[[], bool] = _never
        """Somebody else needs each turn: publishers who send more than may wait."""
        self._loop = asyncio.get_running_loop()
        self._is_sending = is_sending
        self._clock = clock
        self._sleep = sleep
        self._count = 0
        self._since = clock()
        self._awake_until = 0.0
        self._is_busy = self._is_on = False

    def note(self) -> None:
        """Another answer was prepared, for all who wait for it."""
        self._count += 1
        now = self._clock()
        lasted = now - self._since
        if lasted < PERIOD_S:
            return
        self._is_busy = self._count > BUSY_PER_S * lasted
        self._count, self._since = 0, now
        if self._is_busy and not self._is_on:
            self._is_on = True
            self._loop.call_soon(self._turn)

    def stay_awake(self) -> None:
        """For a moment: what was done now goes on in the next turns, each of which would cost a nap. For
        newcomers (a turn lets in one), and for whoever reads a long answer, asks for range after range, or is
        answered by aiohttp.
        """
        self._awake_until = self._clock() + AWAKE_S

    def _turn(self) -> None:
        now = self._clock()
        if not self._is_busy or now - self._since > 2 * PERIOD_S:  # few answers, or none that would be judged
            self._is_on = False
            return
        if now < self._awake_until or self.must_hurry():
            self._loop.call_later(BEAT_S, self._turn)
            return
        if self._is_sending():
            self._loop.call_soon(self._turn)
            return
        self._sleep(BEAT_S - now % BEAT_S)
        # Behind what came meanwhile, and whom that woke.
        self._loop.call_later(A_MOMENT_S, self._loop.call_soon, self._turn)
