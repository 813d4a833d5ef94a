"""From access units to a publication: parameter sets, one clock, and sound that never stops."""

import logging
import math
from collections import deque
from collections.abc import Callable, Sequence
from typing import Protocol

from edge.errors import MediaError
from edge.ingest.aac import AudioPath, Deliver
from edge.ingest.reach import Reach
from edge.ingest.still_pictures import IS_BACK_S, STILL_LASTS, StillPictures
from edge.live.source import Source
from edge.media.h264 import ParameterSets, has_b_slice, length_prefixed_pieces
from edge.media.sample import Sample
from edge.media.track import AUDIO_TIMESCALE, VIDEO_TIMESCALE, Kind, Track
from edge.metrics import INGEST_WAITING
from edge.rtp.access_unit import AccessUnit
from edge.rtp.reorder import AUDIO_LOSS
from edge.rtp.timeline import Timeline

logger = logging.getLogger(__name__)

PATIENCE_S = AUDIO_LOSS.deadline_s + 0.02
"""Sound that is missing may yet come for as long as a lost packet is waited for; then it is silence."""

DORMANT_AFTER_S = 1.0
DORMANT_PATIENCE_S = 0.02
"""A publisher that has sent no sound for a second is not waited for: it is muted."""

LEAD_S = 0.1
"""Without an audio track silence need not wait: it is made ahead of the pictures, this much at a time."""

CLOCK_STOPS_AFTER_S = (0.4, 1.5)
"""When nothing is heard, time goes on for three times the longest pause of late, within these bounds. A still
screen sends a packet a second and must stay regular; of a publisher that vanished nothing should be invented,
because pictures would have a hole when it returns."""

SILENT_AFTER_S = CLOCK_STOPS_AFTER_S[1] + 0.1
"""Whoever was not heard for so long will not send what is missing before time stopped: that is silence, so
that no part declares more than it holds. (A publisher may be replaced after two seconds.)"""

AWAY_AFTER_S = 2.0
"""Whoever was not heard for so long was cut off. If what comes then is as much later, it goes on where
viewers are, as what another publisher sends would: over a hole in the timeline hls.js 1.7 never plays on."""

QUIET_AWAY_AFTER_S = 6.0
"""Whoever sends neither pictures nor sound is heard by a report a second, and not all of them come."""

_BACK_AFTER_S = 1.0  # what was still queued at the publisher comes before what it captures now

_ENCODER_DELAY_S = 0.1  # silence that goes in, so that what went in before comes out

WITHOUT_VIDEO_S = 5.0
"""A publisher that promised pictures and sends only sound for so long is taken for one without."""

CLOCK_EVERY_S = 0.25
"""How often the publication is told when source time zero was: sender reports come after the first picture,
and in a day a sound card gains or loses seconds."""

_MOST_EARLY_SOUND = 100
_WARM_UP = AUDIO_TIMESCALE // 10  # an Opus decoder needs some packets to settle (RFC 7845, 4.6: 80 ms)
_LONGEST_PICTURE = 5 * VIDEO_TIMESCALE
_SLOW = VIDEO_TIMESCALE // 15
"""Where pictures last longer than parts, key frames are asked for earlier: whether is asked again at once."""

_PICTURES_LOOKED_AT = 90  # who has B-frames, has them at once
_MOST_STILLS = 20  # at once: a machine that slept shows no more of what it missed
_STALLS_AFTER_S = 0.3  # without a word, it is not the camera that is off
_LONGEST_TICK_S = 0.1  # in a longer one the machine slept
_SLEPT_S = 10.0  # so long: its publishers went on meanwhile
_PAUSE_DECAY = 0.99  # a tick: a pause is forgotten in some seconds


class Destination(Protocol):
    """What a pump asks of a publication (see edge.live.publication)."""

    @property
    def name(self) -> str: ...
    def attach(self, source: Source, tracks: Sequence[Track], wall_clock_zero: float, now: float) -> None: ...
    def write(self, sample: Sample, now: float) -> None: ...
    def change_track(self, track: Track, now: float) -> None: ...
    def correct_clock(self, wall_clock_zero: float) -> None: ...
    def advance(self, source_time_s: float, now: float) -> None: ...
    def key_frame_due(self, source_time_s: float) -> bool: ...
    @property
    def no_key_frame_before(self) -> float: ...
    @property
    def no_part_due_before(self) -> float: ...


class Pump:
    """Fills one publication from one publisher's units. `now` is monotonic seconds.

    Attaches once the tracks are known: with the first key frame that has its parameter sets. What a
    publication raises when it is attached to comes out of the methods here.
    """

    def __init__(
        self,
        source: Source,
        publication: Destination,
        timeline: Timeline,
        audio: Callable[[Deliver], AudioPath],
        *,
        has_video: bool,
        has_audio: bool,
    ) -> None:
        self.malformed: dict[Kind, int] = {"video": 0, "audio": 0}
        """Units that could not be used."""
        self.tracks: tuple[Track, ...] = ()
        """As the publication knows them; empty before the attachment."""
        self._source = source
        self._publication = publication
        self._timeline = timeline
        self._audio = audio(self._write_audio)
        self._has_video = has_video
        self._has_audio = has_audio
        self._sets = ParameterSets()
        self._early_sound: deque[tuple[int, bytes]] = deque(maxlen=_MOST_EARLY_SOUND)
        self._first_sound: float | None = None
        self._last_sound = 0.0
        self._away_since: float | None = None
        self._back_since: float | None = None
        self._filled = 0
        self._last_dts: int | None = None
        self._duration = VIDEO_TIMESCALE // 30
        self._looked_at = 0
        self._heard_at = 0.0
        self._heard_before = 0.0
        self._next_clock = 0.0
        self._reach = Reach()
        self._ask_until = 0.0  # there are pictures, which wait for a key frame
        self._no_key_frame_before = 0.0
        self._no_part_due_before = 0.0
        self._stills = StillPictures()
        self._ticked_at = 0.0
        self._unpictured_s = 0.0
        self._pause_s = CLOCK_STOPS_AFTER_S[1] / 3  # until it is measured, a still screen is possible

    def video(self, unit: AccessUnit, now: float) -> None:
        """A picture, in decoding order."""
        dts = self._timeline.place("video", unit.rtp_time, unit.arrival, unit.ssrc)
        self._hear_of(dts / VIDEO_TIMESCALE, now)
        if unit.key and self._is_too_late(dts):
            self._ask_until = self._reach.now_s + IS_BACK_S
            return
        try:
            has_changed = self._sets.update(unit.nals) if unit.key else False
        except MediaError:
            self.malformed["video"] += 1
            return
        if unit.key and not self._follow(has_changed, dts, now):
            return
        if not self.tracks or self.tracks[0].kind != "video":
            self._ask_until = self._reach.now_s + IS_BACK_S
            return
        if unit.key:
            self._ask_until = 0.0
            whole = () if unit.damaged else unit.nals
            self._stills.see_key_frame(dts / VIDEO_TIMESCALE, self._sets.sets(), whole)
        elif not self._stills.see_other(dts / VIDEO_TIMESCALE):
            return
        if self._looked_at < _PICTURES_LOOKED_AT:
            self._look_for_b_frames(unit)
        data = length_prefixed_pieces(unit.nals)
        if not data:
            return
        self._measure_duration(dts)
        INGEST_WAITING.observe(max(0.0, now - unit.arrival))
        self._publication.write(Sample("video", dts, self._duration, unit.key, data), now)

    def audio(self, unit: AccessUnit, now: float) -> None:
        """An Opus packet."""
        at = self._timeline.place("audio", unit.rtp_time, unit.arrival, unit.ssrc)
        self._hear_of(at / AUDIO_TIMESCALE, now)
        self._last_sound = now
        if self._first_sound is None:
            self._first_sound = now
        if not self.tracks:
            self._early_sound.append((at, unit.payload))
            if not self._has_video or now - self._first_sound > WITHOUT_VIDEO_S:
                self._attach((self._audio.track,), at, now)
            return
        self._hear(at, unit.payload)

    def tick(self, now: float, source_now: float, heard_at: float) -> None:
        """Every 25 ms or so: time has gone on, also where nothing came.

        `source_now` is the timeline's, `heard_at` when the last authentic packet of any kind came.
        """
        self._measure_pause(heard_at)
        shortest, longest = CLOCK_STOPS_AFTER_S
        since_s, self._ticked_at = now - self._ticked_at, now
        if not self.tracks:
            return
        if self._away_since is not None:
            return  # its next media tell what time it is
        silent_s = now - self._heard_at
        is_quiet = self._heard_at - self._last_sound > DORMANT_AFTER_S
        if silent_s > (QUIET_AWAY_AFTER_S if is_quiet and self._stills.are_shown else AWAY_AFTER_S):
            self._go_away()
        if silent_s > shortest and silent_s > min(3 * self._pause_s, longest):
            if silent_s > SILENT_AFTER_S:
                self._audio.advance(int((self._reach.now_s + _ENCODER_DELAY_S) * AUDIO_TIMESCALE))
            return
        if silent_s < (longest if is_quiet else _STALLS_AFTER_S):
            self._unpictured_s += min(since_s, _LONGEST_TICK_S)
        if now >= self._next_clock and (zero := self._timeline.wall_clock_zero) is not None:
            self._next_clock = now + CLOCK_EVERY_S
            self._publication.correct_clock(zero)
        reach = self._reach
        if reach.has_jumped(source_now) or reach.fell_behind(source_now, since_s):
            self._begin_anew(source_now, now)
            return
        source_now = reach.now_s = max(source_now, reach.now_s)
        self._fill(source_now, now)
        self._stand_still(source_now)
        if source_now >= self._no_part_due_before:
            self._publication.advance(source_now, now)
            self._no_part_due_before = self._publication.no_part_due_before

    def wants_key_frame(self, source_now: float) -> bool:
        """Whether the publisher should be asked for a key frame, at this time of the timeline's."""
        if not self._has_video:
            return False
        if not self.tracks or source_now < self._ask_until:
            return True
        if self._stills.are_shown:
            return self._stills.wants_key_frame(source_now)
        # After a stall the clock allows for lateness long after the pictures have caught up.
        pictured = 0 if self._last_dts is None else self._last_dts / VIDEO_TIMESCALE
        latest = max(source_now, pictured)
        if latest < self._no_key_frame_before:
            return False
        is_due = self._publication.key_frame_due(latest)
        self._no_key_frame_before = 0.0 if is_due else self._publication.no_key_frame_before
        return is_due

    def close(self) -> None:
        """The publisher is gone: sound that is still being encoded is dropped."""
        self._audio.close()

    def _measure_pause(self, heard_at: float) -> None:
        before, self._heard_before = self._heard_before, heard_at
        if before and heard_at > before:
            self._pause_s = max(self._pause_s * _PAUSE_DECAY, heard_at - before)
        self._heard_at = max(self._heard_at, heard_at)

    def _measure_duration(self, dts: int) -> None:
        """How long pictures last of late."""
        if self._last_dts is not None:
            self._duration = min(max(1, dts - self._last_dts), _LONGEST_PICTURE)
            if self._duration >= _SLOW:
                self._no_key_frame_before = 0.0
        self._last_dts = dts
        self._unpictured_s = 0.0

    def _hear_of(self, at_s: float, now: float) -> None:
        """Media of this source time came."""
        if self.tracks and self._away_since is None and 0 < self._ticked_at < now - _SLEPT_S:
            self._go_away()
        if self._away_since is not None:
            self._come_back(at_s, now)
        elif at_s > self._reach.newest_s:
            if self.tracks and self._reach.has_jumped(at_s):
                self._begin_anew(at_s, now)
            self._reach.newest_s = at_s
        self._heard_at = now

    def _is_too_late(self, dts: int) -> bool:
        """Whether this key frame, which ended a wait, is not in its place yet."""
        waits = self._stills.are_shown or not self.tracks or self.tracks[0].kind != "video"
        return waits and self._reach.is_far_behind(dts / VIDEO_TIMESCALE)

    def _go_away(self) -> None:
        self._away_since, self._back_since = self._heard_at, None
        if self._last_dts is not None:  # of a still
            self._reach.newest_s = max(self._reach.newest_s, self._last_dts / VIDEO_TIMESCALE)

    def _come_back(self, at_s: float, now: float) -> None:
        """The same after a while in which nothing was heard."""
        assert self._away_since is not None
        if at_s - self._reach.newest_s > AWAY_AFTER_S:
            facts = {"stream": self._publication.name, "away_s": round(now - self._away_since, 1)}
            logger.info("publisher.returned", extra=facts)
            self._begin_anew(at_s, now)
            return
        self._reach.newest_s = max(self._reach.newest_s, at_s)
        self._back_since = self._back_since or now
        if now - self._back_since > _BACK_AFTER_S:
            self._away_since = None

    def _begin_anew(self, at_s: float, now: float) -> None:
        """Attach once more: with the next key frame; at once where there was only sound, or a picture stood
        still: it does so again.
        """
        tracks, self.tracks = self.tracks, ()
        self._away_since = None
        self._reach.begin(at_s)
        self._early_sound.clear()
        if self._stills.are_shown:
            self._last_dts = int(at_s * VIDEO_TIMESCALE) - STILL_LASTS
            self._attach(tracks, int(at_s * AUDIO_TIMESCALE), now)
            return
        self._stills = StillPictures()
        self._last_dts = None
        self._first_sound = -math.inf if tracks[0].kind == "audio" else None

    def _follow(self, has_changed: bool, dts: int, now: float) -> bool:
        """Before a key frame: tell its track, if that is new. False: the picture is of no use yet."""
        track = self._sets.track()
        if track is None:
            return False
        if not self.tracks or self.tracks[0].kind != "video":
            begin = -(-dts * AUDIO_TIMESCALE // VIDEO_TIMESCALE)  # not before the picture: that would be cut
            self._attach((track, self._audio.track), begin, now)
        elif has_changed and track != self.tracks[0]:
            self.tracks = (track, *self.tracks[1:])
            self._publication.change_track(track, now)
            self._no_key_frame_before = self._no_part_due_before = 0.0
            facts = {"size": f"{track.width}x{track.height}", "codec": track.codec_string}
            logger.info("publisher.picture_changed", extra={"stream": self._publication.name} | facts)
        return True

    def _attach(self, tracks: tuple[Track, ...], begin: int, now: float) -> None:
        """Begin at this time (48 kHz); sound that came before the first picture and belongs to it is kept."""
        zero = self._timeline.wall_clock_zero
        assert zero is not None, "a unit was placed"
        self._publication.attach(self._source, tracks, zero, now)
        self._no_key_frame_before = self._no_part_due_before = 0.0
        is_first = not self.tracks
        self.tracks = tracks
        if is_first:
            self._filled = begin
            self._audio.start(begin)
            for at, packet in self._early_sound:
                if at > begin - _WARM_UP:
                    self._hear(at, packet)
            self._early_sound.clear()

    def _hear(self, at: int, packet: bytes) -> None:
        try:
            self._audio.write(at, packet)
        except MediaError:
            self.malformed["audio"] += 1

    def _fill(self, source_now: float, now: float) -> None:
        if not self._has_audio:
            reach = int((source_now + LEAD_S) * AUDIO_TIMESCALE)
            if reach > self._filled:
                self._filled = reach + int(LEAD_S * AUDIO_TIMESCALE)
                self._audio.advance(self._filled)
            return
        is_dormant = now - self._last_sound > DORMANT_AFTER_S
        patience = DORMANT_PATIENCE_S if is_dormant else PATIENCE_S
        self._audio.advance(int((source_now - patience) * AUDIO_TIMESCALE))

    def _stand_still(self, source_now: float) -> None:
        """Where sound goes on and no picture comes, as far as silence would be made. No sign of life."""
        if self._last_dts is None or not (self._stills.are_shown or self._stills.due(self._unpictured_s)):
            return
        reach = int((source_now + LEAD_S) * VIDEO_TIMESCALE)
        most = _MOST_STILLS if self._stills.are_shown else 1
        at = max(self._last_dts, reach - most * STILL_LASTS)
        key = self._publication.key_frame_due(source_now)
        while at + STILL_LASTS <= reach:
            data = length_prefixed_pieces(self._stills.show(key=key))
            key = False
            at = self._last_dts = at + STILL_LASTS
            self._publication.write(
                Sample("video", at, STILL_LASTS, self._stills.is_key, data), self._heard_at
            )

    def _write_audio(self, samples: Sequence[Sample]) -> None:
        """Silence of ours is no sign of life: it counts as heard when the publisher was last heard."""
        for sample in samples:
            self._publication.write(sample, self._heard_at)

    def _look_for_b_frames(self, unit: AccessUnit) -> None:
        self._looked_at += 1
        if has_b_slice(unit.nals):
            self._looked_at = _PICTURES_LOOKED_AT
            mend = "set B-frames to 0 in the encoder: WebRTC does not carry their order, and motion judders"
            facts = {"stream": self._publication.name, "mend": mend}
            logger.warning("publisher.sends_b_frames", extra=facts)
