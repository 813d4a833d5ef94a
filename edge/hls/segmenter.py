"""Samples to parts and segments: how one source follows another without a hole, and how time goes on.

Who decides what:

- `SourceClock`: where a source's time falls on our timeline;
- `Lane`, one a track: where a sample begins there, and how long it lasts;
- `LeadWriter`: when pictures (or sound alone) begin parts and segments, and what waits for sound;
- `SoundWriter`: which sound belongs to the pictures;
- `OpenPart`: where a part ends;
- `OpenSegment`: what a segment promises;
- `KeyFrameTiming`: which key frames begin segments, and when to ask for one.
"""

from collections.abc import Sequence

from edge.fmp4.init_segment import init_segment
from edge.hls.key_frame_timing import KeyFrameTiming
from edge.hls.lane import FORWARD_S, Lane
from edge.hls.lanes import Lanes
from edge.hls.lead_writer import LeadWriter
from edge.hls.open_part import OpenPart
from edge.hls.open_segment import OpenSegment
from edge.hls.past import Past
from edge.hls.segment import TICKS, Ended, Event
from edge.hls.sound_writer import SoundWriter
from edge.hls.source_clock import SPLICE, SourceClock
from edge.media.sample import Sample
from edge.media.track import Track

START_TICKS = 10 * TICKS
"""Our timeline begins here, so that nothing that is early is ever negative (hls.js ignores such a tfdt)."""


class Segmenter:
    """One per publication; sources come and go. Pure: every method returns the events it caused, in order."""

    def __init__(
        self,
        part_target_ticks: int,
        segment_target_ticks: int,
        *,
        first_msn: int = 0,
        clock_allowance_ticks: int = 60 * TICKS // 1000,
        follows: bool = False,
    ) -> None:
        """`follows`: viewers saw other segments before, so that the first one is a discontinuity."""
        self._lanes = lanes = Lanes()
        self._segment = segment = OpenSegment(
            part_target_ticks, segment_target_ticks, first_msn, START_TICKS, follows=follows
        )
        self._part = OpenPart(segment, lanes, part_target_ticks, clock_allowance_ticks)
        self._clock = SourceClock(lanes, segment)
        self._key_frames = KeyFrameTiming(segment_target_ticks, START_TICKS)
        self._lead = LeadWriter(lanes, segment, self._part, self._clock, self._key_frames)
        self._sound = SoundWriter(lanes, segment, self._part)
        self._reach = START_TICKS
        self._has_source = False
        self.no_key_frame_before = 0.0  # in source seconds: until then `key_frame_due` stays false
        self.no_part_due_before = 0.0  # likewise `advance` brings nothing, while source and tracks stay

    def start(self, tracks: Sequence[Track], wall_clock_zero: float) -> list[Event]:
        """A source begins, or begins again; `wall_clock_zero` is the Unix time of its time 0.

        With the tracks of the last source it goes on as if nothing had been; with others there are a new
        init segment and a discontinuity. Its first key frame (or audio frame, without video) continues
        where the timeline ended. MediaError if no init segment can be made of the tracks.
        """
        ordered = tuple(sorted(tracks, key=lambda track: track.kind != "video"))
        assert ordered
        assert len({track.kind for track in ordered}) == len(ordered)
        assert not any(track.timescale % SPLICE for track in ordered)
        events = self.seal()
        if ordered != self._lanes.tracks:
            events.append(self._segment.set_tracks(ordered))
            self._lanes.set_tracks(ordered)
        self._clock.wall_clock_zero = wall_clock_zero
        self._lead.new_track = None
        self._sound.new_source()
        self._has_source = True
        return events

    @property
    def reach(self) -> tuple[int, tuple[int, ...]]:
        """Where our timeline ends, after `seal`; and each track, in its own units."""
        ends = (lane.units(self._reach) if lane.end is None else lane.end for lane in self._lanes.all)
        return self._reach, tuple(ends)

    def resume(self, past: Past) -> None:
        """Go on where another segmenter stopped, instead of at the beginning: nothing may have been written.

        A source with the same tracks goes on without a discontinuity, if we would make the same init segment.
        """
        self._reach = past.reach
        self._key_frames.resume(past.reach)
        self._segment.resume(past)
        newest = past.inits[past.init_index]
        if init_segment(newest.tracks) == newest:
            self._lanes.set_tracks(newest.tracks)
            for lane, end in zip(self._lanes.all, past.ends, strict=True):
                lane.end = end

    def write(self, sample: Sample) -> list[Event]:
        """Take a sample of the current source, each kind in decoding order. Of no declared track: dropped."""
        lane = self._lanes.by_kind.get(sample.kind)
        if lane is None or not self._has_source:
            return []
        if not self._clock.runs:
            return self._begin(lane, sample)
        if lane is self._lanes.lead:
            return self._lead.write(sample)
        events = self._sound.write(lane, sample)
        if self._lead.held:
            events += self._lead.write_held()
        return events

    def change_track(self, track: Track) -> list[Event]:
        """Pictures change with their next key frame, audio at once, a kind that was not declared never."""
        lane = self._lanes.by_kind.get(track.kind)
        if lane is None or not self._has_source:
            return []
        if track.kind == "video" and self._clock.runs:
            self._lead.change_track(track)
            return []
        if lane.track == track:
            return []
        tracks = [track if old.kind == track.kind else old for old in self._lanes.tracks]
        return self.start(tracks, self._clock.wall_clock_zero)

    def correct_clock(self, wall_clock_zero: float) -> None:
        """The Unix time of the source's time 0, known better by sender reports: segments to come have it."""
        self._clock.correct(wall_clock_zero)

    def advance(self, source_time_s: float) -> list[Event]:
        """All media before this source time has come, or will be late: a part that waits for more closes."""
        self.no_part_due_before = 0.0
        if not self._clock.runs:
            return []
        events: list[Event] = []
        now, due = self._clock.ticks(source_time_s), self._part.due
        if now - due > FORWARD_S * TICKS:
            # We slept (a suspended machine), not the source: nobody needs minutes of gaps.
            self._clock.leave_out(now - due)
            now = due
        while now >= due and not self._part.is_silent:
            events += self._part.close_on_clock()
            events += self._lead.write_held()
            due = self._part.due
        self.no_part_due_before = self._clock.seconds(due)
        return events

    def seal(self) -> list[Event]:
        """The source is gone: what there is becomes the last part of the last segment."""
        self._has_source = False
        if not self._clock.runs:
            return []
        self._clock.runs = False
        self._lead.held.clear()
        events = self._part.close_all()
        events += self._segment.seal()
        self._reach = max(self._reach, self._segment.part_start, self._lanes.end)
        return events

    def end(self) -> list[Event]:
        """No source will come any more."""
        return [*self.seal(), *self._segment.promise(), Ended()]

    def key_frame_due(self, source_time_s: float) -> bool:
        """Whether to ask the source for a key frame now: WebRTC sends one only when asked."""
        if not self._has_source or self._lanes.lead.track.kind != "video":
            return False
        lead = self._lanes.lead
        if not self._clock.runs or self._lead.new_track is not None or lead.broken:
            return True
        now, next_at, longest = self._clock.ticks(source_time_s), lead.end_ticks, self._part.longest
        far_until = self._key_frames.far_until(self._segment, longest)
        if lead.guess <= longest and max(now, next_at) < far_until:
            # Without its first part it may yet prove undecodable.
            self.no_key_frame_before = self._clock.seconds(far_until) if self._segment.parts else 0.0
            return False
        self.no_key_frame_before = 0.0
        return self._key_frames.due(now, next_at, self._segment, *self._part.cadence())

    def _begin(self, lane: Lane, sample: Sample) -> list[Event]:
        """A source does with its first key frame. Audio may arrive before a picture that it belongs to."""
        if lane is not self._lanes.lead:
            self._sound.keep(sample)
            return []
        if lane.track.kind == "video" and not sample.is_sync:
            return []
        self._clock.splice(sample, self._reach)
        return self._lead.write(sample) + self._sound.begin(sample)
