"""A live name: it outlives its sources, so that a publisher may drop and return while viewers stay."""

import logging
import math
import time
from collections.abc import Callable, Sequence
from typing import Literal

from edge.config import Config
from edge.errors import NameTaken, PublishError
from edge.hls.past import Past
from edge.live.rendition import Rendition
from edge.live.source import Source
from edge.live.waiters import Places
from edge.media.sample import Sample
from edge.media.track import Track

logger = logging.getLogger(__name__)

State = Literal["waiting", "live", "reconnecting", "ended"]

QUIET_AFTER_S = 1.0
"""From here on viewers are answered as if the source were gone; it may still come back by itself."""

LOST_AFTER_S = 2.0
"""A source that is silent for so long may be replaced by whoever publishes under its name."""

TAKEOVER_HOLD_S = (10.0, 600.0)
"""Who took a name over keeps it for so long, twice as long if it goes on: two publishers that come back by
themselves, as most do, would throw each other out for ever."""

PATIENCE_S = 30.0
"""How long, at least, a source may take to send its first or its next media before the publication ends."""


class Publication:
    """One life of a name, from the first claim to the end of its window. `now` is monotonic seconds."""

    def __init__(
        self,
        name: str,
        config: Config,
        places: Places,
        now: float,
        *,
        first_msn: int = 0,
        discontinuities: int | None = None,
        wall_clock: Callable[[], float] = time.time,
    ) -> None:
        self.name = name
        self.rendition = Rendition(
            config, places, first_msn=first_msn, discontinuities=discontinuities, wall_clock=wall_clock
        )
        self.tracks: tuple[Track, ...] = ()
        """Of the newest source."""
        self.began_at = now
        self.ended_at: float | None = None
        self._reconnect_window_s = config.live.reconnect_window
        self._window_s = config.hls.window
        self._source: Source | None = None
        self._replaced: Source | None = None
        self._is_claimed = True
        self._taken_over_at = -math.inf
        self._hold_s = TAKEOVER_HOLD_S[0]
        self._has_media = False
        self._heard_at = now
        self._now = now

    @property
    def state(self) -> State:
        """As of the last call that told the time."""
        if self.ended_at is not None:
            return "ended"
        if not self._has_media:
            return "waiting"
        return "live" if self._source and self._quiet_s < LOST_AFTER_S else "reconnecting"

    @property
    def is_awaited(self) -> bool:
        """Its viewers are kept for a publisher who was here, or at a process before this one."""
        return self.state == "reconnecting" or (self.state == "waiting" and not self._is_claimed)

    @property
    def age_s(self) -> float:
        """Since the first claim, as of the last call that told the time."""
        return self._now - self.began_at

    @property
    def latency_s(self) -> float | None:
        """From capture to listed, of the newest part; None while its publisher is gone: what he left
        unfinished was listed when that was known.
        """
        return self.rendition.latency_s if self.state == "live" else None

    # Who may publish

    def claim(self, now: float, *, takeover: bool) -> None:
        """Reserve the name for a source that is about to attach; the one it replaces is closed.

        NameTaken: it has a source that was heard of in the last two seconds, or somebody has just claimed it;
        with `takeover`, only where that one has just taken it over itself.
        """
        self._now = now
        if (self._source or self._is_claimed) and self._quiet_s < LOST_AFTER_S:
            since = now - self._taken_over_at
            if not takeover or since < self._hold_s:
                raise NameTaken(
                    f"Someone publishes as {self.name!r}: choose another name, or wait until they stop"
                )
            shortest, longest = TAKEOVER_HOLD_S
            self._hold_s = min(2 * self._hold_s, longest) if since < 10 * self._hold_s else shortest
            self._taken_over_at = now
        self._close_source("replaced by another publisher")
        self._is_claimed = True
        self._heard_at = now

    def release(self, now: float) -> None:
        """Nobody holds the claim: whoever comes within `live.reconnect_window` may have it."""
        self._now = self._heard_at = now
        self._is_claimed = False

    def resume(self, past: Past) -> bool:
        """Be as a publication was whose process ended: see Rendition.resume."""
        if not self.rendition.resume(past):
            return False
        self.tracks = past.inits[past.init_index].tracks
        self._has_media = True
        return True

    def attach(self, source: Source, tracks: Sequence[Track], wall_clock_zero: float, now: float) -> None:
        """The source begins to write. `wall_clock_zero`: Unix seconds of its time 0.

        NameTaken: another one came first. PublishError: the publication has ended. MediaError: bad tracks.
        """
        self._now = now
        if self.ended_at is not None:
            raise PublishError("The publication has ended in the meantime; publish again")
        if self._source is not None and self._source is not source:
            if self._quiet_s < LOST_AFTER_S:
                raise NameTaken(f"Someone else publishes as {self.name!r} by now; choose another name")
            self._close_source("replaced by another publisher")
        self.rendition.start(tracks, wall_clock_zero)
        self.tracks = tuple(tracks)
        self._source = source
        self._is_claimed = False
        self._heard_at = now

    def detach(self, source: Source, now: float, heard_at: float | None = None) -> None:
        """The source is gone: what it sent is sealed, and viewers are kept for `live.reconnect_window` since
        `heard_at`, where it was silent for a while before anybody knew that it is gone.

        From one that never attached it gives the claim back; from one that was replaced it means nothing.
        """
        self._now = now
        if source is self._source:
            self._source = None
            self._heard_at = now if heard_at is None else heard_at
            self.rendition.seal()
        elif source is not self._replaced:
            self._is_claimed = False

    # What the current source does

    def write(self, sample: Sample, now: float) -> None:
        """Take a sample; viewers who waited for what it completes have it when this returns."""
        self._now = self._heard_at = now
        if self.ended_at is None:
            if not self._has_media:
                self._has_media = True
                logger.info("stream.began", extra={"stream": self.name})
            self.rendition.write(sample, now)

    def change_track(self, track: Track, now: float) -> None:
        """The source's track of this kind changes with its next key frame."""
        self._now = now
        if self.ended_at is None:
            self.rendition.change_track(track)
            self.tracks = tuple(track if old.kind == track.kind else old for old in self.tracks)

    def correct_clock(self, wall_clock_zero: float) -> None:
        """What the source told when it was attached is known better by now."""
        if self.ended_at is None:
            self.rendition.segmenter.correct_clock(wall_clock_zero)

    def advance(self, source_time_s: float, now: float) -> None:
        """All media before this source time has come, or will be late."""
        self._now = now
        if self.ended_at is None:
            self.rendition.advance(source_time_s)

    def key_frame_due(self, source_time_s: float) -> bool:
        """Whether the source should send a key frame now."""
        return self.ended_at is None and self.rendition.segmenter.key_frame_due(source_time_s)

    @property
    def no_part_due_before(self) -> float:
        """See Segmenter."""
        return self.rendition.segmenter.no_part_due_before

    @property
    def no_key_frame_before(self) -> float:
        """See Segmenter."""
        return self.rendition.segmenter.no_key_frame_before

    # Time

    def end(self, now: float, reason: str = "the publication was ended") -> None:
        """EXT-X-ENDLIST: whoever waits is answered, a source is told to go."""
        self._now = now
        if self.ended_at is not None:
            return
        self.ended_at = now
        logger.info(
            "stream.ended", extra={"stream": self.name, "reason": reason, "seconds": round(self.age_s, 1)}
        )
        source, self._source = self._source, None
        self._replaced = source
        self.rendition.end()
        if source is not None:
            source.close(reason)

    def tick(self, now: float) -> None:
        """Some ten times a second: answer those who waited too long, end what nobody comes back to."""
        self._now = now
        if self.ended_at is None and self._quiet_s >= self._patience_s:
            self.end(now, "no media came for a long time")
        self.rendition.tick(now, stands_still=self._source is None or self._quiet_s > QUIET_AFTER_S)

    @property
    def is_listed(self) -> bool:
        """Whether its playlists are served: 6.2.2 lets go of them a window after the end."""
        return self.ended_at is None or self._now < self.ended_at + self._window_s

    @property
    def is_over(self) -> bool:
        """Nothing is left to serve. Media are kept for a second window, for whoever has the last playlist."""
        if self.ended_at is None:
            return False
        return not self._has_media or self._now >= self.ended_at + 2 * self._window_s

    @property
    def _quiet_s(self) -> float:
        return self._now - self._heard_at

    @property
    def _patience_s(self) -> float:
        if self._source is None and not self._is_claimed:
            return self._reconnect_window_s
        return max(self._reconnect_window_s, PATIENCE_S)

    def _close_source(self, reason: str) -> None:
        """Forget it before it is told, for it may call us back."""
        source, self._source = self._source, None
        if source is not None:
            self._replaced = source
            self.rendition.seal()
            source.close(reason)
