"""Where coded media comes from, one packet at a time, when its moment has come."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, Literal, Protocol

import av

if TYPE_CHECKING:
    Packet = av.Packet[Any]  # generic in PyAV's stubs only
else:
    Packet = av.Packet


class EndOfMedia(Exception):
    """The source has no more: not a fault."""


class SourceError(Exception):
    """The source cannot be read; the sentence names the fault and the mend."""


class Feed(Protocol):
    """One track being published. One connection uses it, then it is closed."""

    kind: Literal["video", "audio"]

    async def next(self) -> Packet:
        """The next packet, at its time: H.264 in Annex B at 90 kHz, or Opus at 48 kHz. Raises EndOfMedia or
        SourceError.
        """

    def request_key_frame(self) -> None:
        """Make the next picture a key frame, if that can be done."""

    def close(self) -> None:
        """Let go of files and threads."""


class Source(Protocol):
    """What is published: it outlives connections."""

    def open(self) -> list[Feed]:
        """Feeds for a new connection, one clock for all, starting now. Raises SourceError."""


class Pace:
    """Media time on the wall: feeds of one connection share it, so that they start together.

    `now` is monotonic seconds. Zero is the first call of `until`, by whichever feed.
    """

    def __init__(
        self,
        now: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._now, self._sleep = now, sleep
        self._zero: float | None = None

    async def until(self, media_s: float) -> float:
        """Wait until `media_s` seconds after the start; returns by how much that is over already, 0 if it was
        awaited.
        """
        if self._zero is None:
            self._zero = self._now()
        ahead = self._zero + media_s - self._now()
        if ahead <= 0:
            return -ahead
        await self._sleep(ahead)
        return 0.0
