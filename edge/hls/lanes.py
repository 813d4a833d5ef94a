"""The tracks of a stream side by side: the lead, which says where parts end, and sound that comes with it."""

from collections.abc import Sequence
from typing import TypedDict

from edge.fmp4.fragment import Run
from edge.hls.audio_lane import AudioLane
from edge.hls.lane import Lane
from edge.hls.segment import TICKS
from edge.hls.video_lane import VideoLane
from edge.media.track import Kind, Track


class Contents(TypedDict):
    """What a playlist tells of a part besides its length."""

    independent: bool
    frames: int
    has_key_frame: bool


class Lanes:
    """Of one segmenter; empty until the first tracks are set. Times are ticks of our timeline (90 kHz)."""

    lead: Lane
    """Pictures, or sound where there are none."""
    sound: Lane
    """The last of all: it is the lead where there is one track."""

    def __init__(self) -> None:
        self.all: list[Lane] = []
        self.by_kind: dict[Kind, Lane] = {}

    @property
    def tracks(self) -> tuple[Track, ...]:
        """In their order in the init segment."""
        return tuple(lane.track for lane in self.all)

    @property
    def are_two(self) -> bool:
        """Whether sound comes with pictures."""
        return len(self.all) > 1

    @property
    def end(self) -> int:
        """Where the longest ends, rounded up; 0: nothing came yet."""
        ends = [-(-lane.end * TICKS // lane.track.timescale) for lane in self.all if lane.end is not None]
        return max(ends, default=0)

    def set_tracks(self, tracks: Sequence[Track]) -> None:
        """Begin with other tracks, the lead's first, at most one of a kind."""
        self.all = [
            (VideoLane if track.kind == "video" else AudioLane)(track, number)
            for number, track in enumerate(tracks, 1)
        ]
        self.by_kind = {lane.track.kind: lane for lane in self.all}
        self.lead, self.sound = self.all[0], self.all[-1]

    def filled(self, end: int) -> bool:
        """Whether sound waits that lasts until `end` but for a frame of it; or waits beside a picture that
        does.
        """
        sound = self.sound
        return bool(sound.pending) and max(sound.end_ticks + sound.guess, self.lead.end_ticks) >= end

    def stalled(self, end: int) -> bool:
        """Whether sound is promised, which a muted source sends too (or it is made), and does not reach
        `end`.
        """
        return self.sound.track.kind == "audio" and not self.filled(end)

    def take_runs(self, end: int) -> tuple[list[Run], Contents]:
        """What goes into a part that ends at `end`: all pictures that wait, sound that starts before."""
        runs: list[Run] = []
        contents = Contents(independent=False, frames=0, has_key_frame=False)
        for lane in self.all:
            is_video = lane.track.kind == "video"
            samples = lane.take(None if is_video else lane.units(end))
            if not samples:
                continue
            runs.append(Run(lane.track_id, samples[0].dts, samples))
            if lane is self.lead:
                contents = Contents(
                    independent=not is_video or samples[0].is_sync,
                    frames=len(samples) if is_video else 0,
                    has_key_frame=is_video and any(sample.is_sync for sample in samples),
                )
        return runs, contents

    def leave_together(self, part_start: int, part_target: int) -> int:
        """Where the lead ends, or the parts that are out; what still waits ends there, so that all begin
        together with the next source. 0: nothing came.

        The last picture stays for the sound that is left in its part; sound after that is dropped. Sound
        that is in a part already may reach further, and sound that has not come may be missing.
        """
        lead, others = self.lead, self.all[1:]
        if lead.end is None:
            return 0
        if lead.pending and lead.track.kind == "video":
            latest = max((lane.pending_until for lane in others), default=0)
            lead.lasts(lead.units(min(part_start + part_target, max(latest, lead.end_ticks))))
        reach = max(lead.end_ticks, part_start)
        for lane in others:
            lane.forget(lane.units(reach))
            if lane.pending and 0 < reach - lane.end_ticks <= TICKS // 10:
                lane.lasts(lane.units(reach))
        return reach
