"""The lead, pictures or sound alone: its samples say where parts end, and its key frames where segments do.

**A source that stalls**, sound too, lets our time stand still, and a picture from after the pause waits until
sound (or silence for it) fills the parts before: hls.js 1.7 never plays where it begins at a gap (`GAP=YES`).
"""

from collections import deque

from edge.hls.key_frame_timing import KeyFrameTiming
from edge.hls.lanes import Lanes
from edge.hls.open_part import MOST_PENDING, OpenPart
from edge.hls.open_segment import OpenSegment
from edge.hls.segment import Event
from edge.hls.source_clock import SourceClock
from edge.media.sample import Sample
from edge.media.track import Track

_LONGEST_WAIT_S = 2


class LeadWriter:
    """Takes the samples of the lead. The segmenter owns it, and what it is given."""

    def __init__(
        self,
        lanes: Lanes,
        segment: OpenSegment,
        part: OpenPart,
        clock: SourceClock,
        key_frames: KeyFrameTiming,
    ) -> None:
        self.held: deque[Sample | Track] = deque()
        """Pictures that wait for sound, and what those after them are."""
        self.new_track: Track | None = None
        """What pictures are from their next key frame on, where that is not what they were."""
        self._lanes = lanes
        self._segment = segment
        self._part = part
        self._clock = clock
        self._key_frames = key_frames

    def change_track(self, track: Track) -> None:
        """Pictures that are written from now on are of this one, from their next key frame on."""
        if self.held:
            self.held.append(track)
        else:
            self._expect(track)

    def write(self, sample: Sample) -> list[Event]:
        """Take a sample, after those that are held."""
        if not self.held:
            return self._place(sample)
        self.held.append(sample)
        return self.write_held()

    def write_held(self) -> list[Event]:
        """What waits for sound, as far as that came."""
        events: list[Event] = []
        while self.held:
            first = self.held.popleft()
            if isinstance(first, Track):
                self._expect(first)
                continue
            events += self._place(first)
            if self.held and self.held[0] is first:
                break
        return events

    def _expect(self, track: Track) -> None:
        self.new_track = None if track == self._lanes.lead.track else track

    def _place(self, sample: Sample) -> list[Event]:
        """Put it into the part it belongs to, and close that as soon as it is full; or hold it."""
        lead, part = self._lanes.lead, self._part
        events: list[Event] = []
        at = lead.soonest(lead.due(sample.dts, self._segment.part_start))
        if part.is_over(lead, at):
            begins = self._close_parts_before(sample, at, events)
            if begins is None:
                self.held.appendleft(sample)
                return events
            at = begins
        if sample.is_sync and lead.track.kind == "video":
            events += self._key_frame(at)
        elif self.new_track is not None:
            return events  # it needs parameter sets that begin with the next key frame
        events += part.close_if_full(at)
        lead.place(sample.dts + lead.offset, sample)
        events += part.close_on_frames()
        return events

    def _close_parts_before(self, sample: Sample, at: int, events: list[Event]) -> int | None:
        """Close parts, which adds to `events`, until a sample that is due at `at` (90 kHz) can begin in the
        open one: where it does. None: it waits for sound.
        """
        lanes, lead, part, segment = self._lanes, self._lanes.lead, self._part, self._segment
        while part.is_over(lead, at):
            start, longest = segment.part_start, 2 * segment.part_target
            if not lead.pending and lead.end_ticks == start and at - start <= longest:
                return start  # it is the first of the open part, and begins where the last one ended
            if part.is_silent and self._can_wait(sample):
                return None
            if lead.track.kind == "audio" and not lead.pending:
                self._clock.leave_out(at - start)
                return lead.ticks(sample.dts + lead.offset)
            events += part.close_on_clock(None if lanes.stalled(start + longest) else at)
        return at

    def _can_wait(self, sample: Sample) -> bool:
        """Whether this picture may, the first of those that do. (Sound itself is all that can come.)"""
        newest = next((one for one in reversed(self.held) if isinstance(one, Sample)), sample)
        is_short = newest.dts - sample.dts < _LONGEST_WAIT_S * self._lanes.lead.track.timescale
        return is_short and self._lanes.are_two and len(self.held) < MOST_PENDING

    def _key_frame(self, at: int) -> list[Event]:
        """A key frame begins a segment where one is due, and a part wherever that is legal."""
        lead, part, segment = self._lanes.lead, self._part, self._segment
        since = at - segment.part_start
        self._key_frames.came(at)
        if self.new_track is None and not self._key_frames.begins_segment(at, segment, segment.part_target):
            # Elsewhere a shorter part would be illegal, or (key frames only) one of many slivers.
            return part.close_before(at) if lead.pending and since >= part.least else []
        events: list[Event] = []
        if lead.pending or (since > segment.part_target // 4 and self._lanes.filled(at)):
            events += part.close_before(at)
        events += segment.seal()
        if self.new_track is not None:
            lead.change_track(self.new_track, segment.part_start, at)
            self.new_track = None
            events.append(segment.set_tracks(self._lanes.tracks))
        return events
