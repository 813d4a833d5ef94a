"""Samples to parts and segments: where to cut, and how one source follows another without a hole.

**On frames.** A part ends with the last picture that fits, at once and without waiting for the next one, as
long as whole pictures fill 85 to 100 % of the part target (4.4.4.9 wants that of all but a segment's last).

**On the clock.** Where they do not (10 or 1 fps, a frozen camera), the part declares exactly the part target
and holds what starts in it, be it audio alone. It closes when a picture at or after its end comes, or when
`advance` says that none will: regular and legal at any frame rate. What a part declares it holds; where there
is no video, it may be short. Shaka 5.2 loses all up to the next key frame where a part does not begin with a
picture of its own. So the next one may begin a little early, with the next part; where it is overdue, the
last one of several is kept back for that; and the one that comes at last begins where they ended.

**A source that stalls**, sound too, lets our time stand still, and a picture from after the pause waits until
sound (or silence for it) fills the parts before: hls.js 1.7 never plays where it begins at a gap (`GAP=YES`).

Audio comes later than its pictures (it is transcoded). A part takes the audio that is there and does not
wait; the rest is in the next part. Segments begin with key frames: `key_frame_due` says who asks for them.
"""

from collections import deque
from collections.abc import Sequence

from edge.fmp4.init_segment import init_segment
from edge.hls.key_frame_timing import KeyFrameTiming
from edge.hls.lane import FORWARD_S, AudioLane, Lane, VideoLane, filled, leave_together, stalled, take_runs
from edge.hls.open_segment import OpenSegment
from edge.hls.part_durations import FIRST_LONGER_TICKS
from edge.hls.past import Past
from edge.hls.segment import TICKS, Ended, Event
from edge.media.sample import Sample
from edge.media.track import Kind, Track

START_TICKS = 10 * TICKS
"""Our timeline begins here, so that nothing that is early is ever negative (hls.js ignores such a tfdt)."""

_SPLICE = 6_000
"""Offsets between timelines are multiples of 1/6000 s: whole ticks at 90 kHz and at 48 kHz."""
_MILLISECOND = TICKS // 1000
_EARLY_AUDIO = 256
_MOST_PENDING = 2_000
_LONGEST_WAIT_S = 2


class Segmenter:
    """One per publication; sources come and go. Pure: every method returns the events it caused, in order."""

    def __init__(
        self,
        part_target_ticks: int,
        segment_target_ticks: int,
        *,
        first_msn: int = 0,
        clock_allowance_ticks: int = 60 * _MILLISECOND,
        follows: bool = False,
    ) -> None:
        """`follows`: viewers saw other segments before, so that the first one is a discontinuity."""
        self._longest_part = part_target_ticks
        self._segment_target = segment_target_ticks
        # Two ticks above the 85 %, for the rounding of both numbers in the playlist.
        self._least_part = -(-part_target_ticks * 85 // 100) + 2
        self._clock_allowance = clock_allowance_ticks
        self._open = OpenSegment(
            part_target_ticks, segment_target_ticks, first_msn, START_TICKS, follows=follows
        )
        self._tracks: tuple[Track, ...] = ()
        self._lanes: list[Lane] = []
        self._by_kind: dict[Kind, Lane] = {}
        self._new_track: Track | None = None
        self._early_audio: deque[Sample] = deque(maxlen=_EARLY_AUDIO)
        self._held: deque[Sample] = deque()
        self._audio_begins: int | None = None
        self._wall_clock_zero = 0.0
        self._reach = START_TICKS
        self._offset = 0
        self._clock = START_TICKS
        self._key_frames = KeyFrameTiming(segment_target_ticks, START_TICKS)
        self.no_key_frame_before = 0.0  # in source seconds: until then `key_frame_due` stays false
        self.no_part_due_before = 0.0  # likewise `advance` brings nothing, while source and tracks stay
        self._has_source = self._running = False

    def start(self, tracks: Sequence[Track], wall_clock_zero: float) -> list[Event]:
        """A source begins, or begins again; `wall_clock_zero` is the Unix time of its time 0.

        With the tracks of the last source it goes on as if nothing had been; with others there are a new
        init segment and a discontinuity. Its first key frame (or audio frame, without video) continues
        where the timeline ended. MediaError if no init segment can be made of the tracks.
        """
        ordered = tuple(sorted(tracks, key=lambda track: track.kind != "video"))
        assert ordered
        assert len({track.kind for track in ordered}) == len(ordered)
        assert not any(track.timescale % _SPLICE for track in ordered)
        events = self.seal()
        if ordered != self._tracks:
            events.append(self._open.set_tracks(ordered))
            self._set_tracks(ordered)
        self._wall_clock_zero = wall_clock_zero
        self._early_audio.clear()
        self._new_track = None
        self._has_source = True
        return events

    @property
    def _part_target(self) -> int:
        """Of the open part: a segment's first is printed longer than it is."""
        return self._longest_part if self._open.parts else self._longest_part - FIRST_LONGER_TICKS

    @property
    def reach(self) -> tuple[int, tuple[int, ...]]:
        """Where our timeline ends, after `seal`; and each track, in its own units."""
        ends = (lane.units(self._reach) if lane.end is None else lane.end for lane in self._lanes)
        return self._reach, tuple(ends)

    def resume(self, past: Past) -> None:
        """Go on where another segmenter stopped, instead of at the beginning: nothing may have been written.

        A source with the same tracks goes on without a discontinuity, if we would make the same init segment.
        """
        self._reach = past.reach
        self._key_frames = KeyFrameTiming(self._segment_target, past.reach)
        self._open.resume(past)
        newest = past.inits[past.init_index]
        if init_segment(newest.tracks) == newest:
            self._set_tracks(newest.tracks)
            for lane, end in zip(self._lanes, past.ends, strict=True):
                lane.end = end

    def write(self, sample: Sample) -> list[Event]:
        """Take a sample of the current source, each kind in decoding order. Of no declared track: dropped."""
        lane = self._by_kind.get(sample.kind)
        if lane is None or not self._has_source:
            return []
        if not self._running:
            return self._wait(lane, sample)
        if lane is not self._lanes[0]:
            return self._write_audio(lane, sample) + self._write_held()
        self._held.append(sample)
        return self._write_held()

    def change_track(self, track: Track) -> list[Event]:
        """Pictures change with their next key frame, audio at once, a kind that was not declared never."""
        lane = self._by_kind.get(track.kind)
        if lane is None or not self._has_source:
            return []
        self._new_track = None
        if lane.track == track:
            return []
        if track.kind == "video" and self._running:
            self._new_track = track
            return []
        tracks = [track if old.kind == track.kind else old for old in self._tracks]
        return self.start(tracks, self._wall_clock_zero)

    def correct_clock(self, wall_clock_zero: float) -> None:
        """The Unix time of the source's time 0, known better by sender reports: segments to come have it."""
        self._wall_clock_zero = wall_clock_zero
        if self._running:
            self._open.correct_clock(wall_clock_zero, self._offset)

    def advance(self, source_time_s: float) -> list[Event]:
        """All media before this source time has come, or will be late: a part that waits for more closes."""
        self.no_part_due_before = 0.0
        if not self._running:
            return []
        events: list[Event] = []
        now = int(source_time_s * TICKS) + self._offset
        due = self._due()
        if now - due > FORWARD_S * TICKS:
            # We slept (a suspended machine), not the source: nobody needs minutes of gaps.
            self._leave_out(now - due)
            now = due
        while now >= due and not self._is_silent():
            events += self._close_on_clock()
            events += self._write_held()
            due = self._due()
        self.no_part_due_before = (due - self._offset) / TICKS
        return events

    def _due(self) -> int:
        """When `advance` closes the open part; one of little sound does not hurry the next one."""
        return max(self._open.part_start, self._clock) + self._part_target + self._clock_allowance

    def seal(self) -> list[Event]:
        """The source is gone: what there is becomes the last part of the last segment."""
        self._has_source = False
        if not self._running:
            return []
        self._running = False
        self._held.clear()
        events = self._close_all()
        events += self._open.seal()
        ends = [-(-lane.end * TICKS // lane.track.timescale) for lane in self._lanes if lane.end is not None]
        self._reach = max(self._reach, self._open.part_start, *ends)
        return events

    def end(self) -> list[Event]:
        """No source will come any more."""
        return [*self.seal(), *self._open.promise(), Ended()]

    def key_frame_due(self, source_time_s: float) -> bool:
        """Whether to ask the source for a key frame now: WebRTC sends one only when asked."""
        if not self._has_source or self._tracks[0].kind != "video":
            return False
        if not self._running or self._new_track is not None or self._lanes[0].broken:
            return True
        now, lead = int(source_time_s * TICKS) + self._offset, self._lanes[0]
        next_at = lead.end_ticks
        far_until = self._key_frames.far_until(self._open, self._longest_part)
        if lead.guess <= self._longest_part and max(now, next_at) < far_until:
            # Without its first part it may yet prove undecodable.
            self.no_key_frame_before = (far_until - self._offset) / TICKS if self._open.parts else 0.0
            return False
        self.no_key_frame_before = 0.0
        return self._key_frames.due(now, next_at, self._open, *self._cadence())

    def _cadence(self) -> tuple[int, int]:
        """How long a part lasts at present, and a picture."""
        lead = self._lanes[0]
        picture = max(1, lead.guess)
        whole = (self._part_target + lead.trim) // picture * picture
        fits = self._least_part <= whole
        return min(whole, self._longest_part) if fits else self._part_target, picture

    def _set_tracks(self, tracks: tuple[Track, ...]) -> None:
        self._tracks = tracks
        self._lanes = [
            (VideoLane if track.kind == "video" else AudioLane)(track, number)
            for number, track in enumerate(tracks, 1)
        ]
        self._by_kind = {lane.track.kind: lane for lane in self._lanes}

    def _wait(self, lane: Lane, sample: Sample) -> list[Event]:
        """Before the first key frame. Audio may arrive before a picture that it belongs to."""
        lead = self._lanes[0]
        if lane is not lead:
            self._early_audio.append(sample)
            return []
        if lead.track.kind == "video" and not sample.is_sync:
            return []
        self._splice(lead, sample)
        events = self._write_lead(lead, sample)
        for early in self._early_audio:
            events += self._write_audio(self._lanes[-1], early)
        self._early_audio.clear()
        return events

    def _splice(self, lead: Lane, first: Sample) -> None:
        """The first sample of a source falls where the longest track of the last one ended."""
        self._offset = 0
        for lane in self._lanes:
            lane.new_source()
        self._leave_out(lead.ticks(first.dts) - self._reach)
        if lead.end is None:
            lead.end = lead.units(self._reach)
        self._running = True
        self._audio_begins = -(-first.dts * self._lanes[-1].track.timescale // lead.track.timescale)

    def _leave_out(self, ticks: int) -> None:
        """What comes falls so much earlier (ticks; rounded down)."""
        splices = ticks * _SPLICE // TICKS
        self._offset -= splices * (TICKS // _SPLICE)
        for lane in self._lanes:
            lane.offset -= splices * (lane.track.timescale // _SPLICE)
        self._open.set_clock(self._wall_clock_zero, self._offset)

    def _write_audio(self, lane: Lane, sample: Sample) -> list[Event]:
        events: list[Event] = []
        if self._audio_begins is not None:
            if sample.dts < self._audio_begins:
                return events  # from before the first picture
            self._audio_begins = None
        placed = lane.place(lane.due(sample.dts, self._open.part_start), sample)
        # Normally `advance` closes what waits for pictures; audio alone must not pile up without it.
        patience = self._part_target + TICKS // 2
        while lane.ticks(placed.dts) - self._open.part_start > patience or len(lane.pending) > _MOST_PENDING:
            events += self._close_on_clock()
        return events

    def _write_lead(self, lane: Lane, sample: Sample) -> list[Event]:
        events: list[Event] = []
        due = lane.due(sample.dts, self._open.part_start)
        at = lane.ticks(due)
        while at - self._open.part_start > self._part_target or len(lane.pending) > _MOST_PENDING:
            start = self._open.part_start
            if not lane.pending and lane.end_ticks == start and at - start <= 2 * self._part_target:
                at = start  # it is the first of the open part, and begins where the last one ended
                break
            if self._is_silent() and self._can_wait(sample):
                self._held.appendleft(sample)
                return events
            if lane.track.kind == "audio" and not lane.pending:
                self._leave_out(at - start)
                due = sample.dts + lane.offset
                at = lane.ticks(due)
                break
            ends_stalled = stalled(self._lanes, start + 2 * self._part_target)
            events += self._close_on_clock(None if ends_stalled else at)
        if sample.is_sync and isinstance(lane, VideoLane):
            events += self._key_frame(lane, at)
        elif self._new_track is not None:
            return events  # it needs parameter sets that begin with the next key frame
        span = at - self._open.part_start
        if span >= self._least_part and lane.pending and span + lane.guess > self._part_target + lane.trim:
            events += self._close_before(lane, at)
        lane.place(due, sample)
        events += self._close_on_frames(lane)
        return events

    def _write_held(self) -> list[Event]:
        """What waits for sound, as far as that came."""
        events: list[Event] = []
        while self._held:
            first = self._held.popleft()
            events += self._write_lead(self._lanes[0], first)
            if self._held and self._held[0] is first:
                break
        return events

    def _can_wait(self, sample: Sample) -> bool:
        """Whether this picture may, the first of those that do. (Sound itself is all that can come.)"""
        newest = self._held[-1] if self._held else sample
        is_short = newest.dts - sample.dts < _LONGEST_WAIT_S * self._lanes[0].track.timescale
        return is_short and len(self._lanes) > 1 and len(self._held) < _MOST_PENDING

    def _is_silent(self) -> bool:
        """Whether the source stalls: too little came for the open part."""
        return not self._lanes[0].pending and stalled(self._lanes, self._open.part_start + self._part_target)

    def _close_on_frames(self, lane: Lane) -> list[Event]:
        """Close the part with the sample just placed, if no other fits."""
        span = lane.end_ticks - self._open.part_start
        room = self._part_target + lane.trim
        if lane.guess > self._part_target // 3 and len(self._lanes) > 1:
            return []  # a picture that lasts so long is far ahead of its audio: see what comes
        if span < self._least_part or span > room or span + lane.guess <= room:
            return []
        end = self._open.part_start + min(span, self._part_target)
        if span > self._part_target:
            lane.lasts(lane.units(end))
        return self._emit(end)

    def _close_on_clock(self, next_at: int | None = None) -> list[Event]:
        """Close the part at its declared end. `next_at`: when the lead's next sample begins, if known."""
        start = self._open.part_start
        end = self._clock = start + self._part_target
        lead, last = self._lanes[0], self._lanes[-1]
        if lead.pending:
            end = lead.close_on_clock(start, end, next_at)
        elif next_at is None and not filled(self._lanes, end - last.behind(start)):
            return self._emit(end, gap=True)
        events = self._emit(end)
        lead.bring_back(end)
        return events

    def _close_before(self, lane: Lane, at: int) -> list[Event]:
        """Close the part right before a sample of the lead that is due at `at`."""
        start = self._open.part_start
        most = start + self._part_target
        if lane.pending:
            at = lane.close_before(at, most)
        return self._emit(min(max(at, start + _MILLISECOND), most))

    def _key_frame(self, lane: Lane, at: int) -> list[Event]:
        """A key frame begins a segment where one is due, and a part wherever that is legal."""
        since = at - self._open.part_start
        self._key_frames.came(at)
        if self._new_track is None and not self._key_frames.begins_segment(at, self._open, self._part_target):
            # Elsewhere a shorter part would be illegal, or (key frames only) one of many slivers.
            legal = lane.pending and since >= self._least_part
            return self._close_before(lane, at) if legal else []
        events: list[Event] = []
        if lane.pending or (since > self._part_target // 4 and filled(self._lanes, at)):
            events += self._close_before(lane, at)
        events += self._open.seal()
        if self._new_track is not None:
            lane.track = self._new_track
            self._new_track = None
            self._tracks = tuple(each.track for each in self._lanes)
            events.append(self._open.set_tracks(self._tracks))
        return events

    def _close_all(self) -> list[Event]:
        events: list[Event] = []
        reach = leave_together(self._lanes, self._open.part_start, self._part_target)
        while any(lane.pending for lane in self._lanes):
            if reach - self._open.part_start > self._part_target:
                events += self._close_on_clock()
            elif self._open.parts or reach - self._open.part_start >= _MILLISECOND:
                events += self._emit(max(reach, self._open.part_start + _MILLISECOND))
            else:
                for lane in self._lanes:  # too late for every part, and not worth a segment
                    lane.forget()
        return events

    def _emit(self, end: int, *, gap: bool = False) -> list[Event]:
        """Close the open part at `end`: pictures that are here, audio that starts before; or nothing."""
        runs, contents = take_runs(self._lanes, 0 if gap else end)
        events = self._open.add_part(end, runs, **contents)
        if self._lanes[0].track.kind == "audio" and self._open.is_full_of_sound:
            events += self._open.seal()
        return events
