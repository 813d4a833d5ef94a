"""Tracks, sources and judges for the tests of this room. The playlist reader is written from the draft, not from
the writer."""

import random
import re
from dataclasses import dataclass, field
from itertools import pairwise

from edge.fmp4.inspect import parse_fragment
from edge.hls.lanes import Lanes
from edge.hls.open_part import OpenPart
from edge.hls.open_segment import OpenSegment
from edge.hls.segment import (
    TICKS,
    Ended,
    InitChanged,
    PartReady,
    SegmentSealed,
    TargetPromised,
)
from edge.hls.segmenter import START_TICKS, Segmenter
from edge.media.sample import Sample
from edge.media.track import Track

AVCC = bytes.fromhex("0142c01fffe1000867 42c01fda014016 01000468ce3c80".replace(" ", ""))
VIDEO = Track("video", "h264", 90_000, AVCC, "avc1.42c01f", width=1280, height=720)
SMALL = Track("video", "h264", 90_000, AVCC + b"\0", "avc1.42c01f", width=640, height=360)
AAC = Track("audio", "aac", 48_000, b"\x11\x90", "mp4a.40.2", channels=2)
OPUS = Track("audio", "opus", 48_000, b"\x00\x02\x01\x38\x00\x00\xbb\x80\x00\x00\x00", "Opus", channels=2)

PT = TICKS // 4
ST = 2 * TICKS
ZERO = 1_767_225_600.0  # 2026-01-01T00:00:00Z


def video(dts, *, key=False, duration=3000, data=b"\x00\x00\x00\x02\x41\x9a"):
    return Sample("video", dts, duration, key, data)


def audio(dts, duration=1024):
    return Sample("audio", dts, duration, True, b"\x21\x10\x04")


def ms(value):
    """Milliseconds in ticks of 90 kHz."""
    return round(value * 90)


@dataclass
class Feed:
    """What a source does, in the order of arrival: (arrival in seconds of source time, sample; or the track
    that pictures after it are of).
    """

    items: list = field(default_factory=list)

    def pictures(self, times_s, *, keys, delay_s=0.0, jitter=None):
        previous = None
        arrival = 0.0
        for index, time in enumerate(times_s):
            dts = round(time * 90_000)
            guess = dts - previous if previous is not None else 3000
            previous = dts
            late = delay_s + (jitter() if jitter else 0)
            arrival = max(arrival + 1e-6, time + late)
            self.items.append((arrival, video(dts, key=index in keys, duration=max(1, guess))))
        return self

    def sound(self, start_s, end_s, *, lag_s=0.04):
        first = round(start_s * 48_000)
        for dts in range(first, round(end_s * 48_000), 1024):
            self.items.append(((dts + 1024) / 48_000 + lag_s, audio(dts)))
        return self

    def run(self, segmenter, *, tick_s=0.02, until_s=None):
        """Write all samples as they arrive, and let the clock go on between them."""
        events = []
        clock = 0.0
        for arrival, one in sorted(self.items, key=lambda item: item[0]):
            while clock + tick_s <= arrival:
                clock += tick_s
                events += segmenter.advance(clock)
            events += segmenter.change_track(one) if isinstance(one, Track) else segmenter.write(one)
        while until_s is not None and clock + tick_s <= until_s:
            clock += tick_s
            events += segmenter.advance(clock)
        return events


def steady(fps, seconds, *, gop_s=2.0, start_s=0.0):
    """Times of pictures, and the numbers of the key frames."""
    count = int(seconds * fps)
    times = [start_s + index / fps for index in range(count)]
    keys = {0}
    for index, time in enumerate(times):
        if time - times[max(keys)] >= gop_s - 0.5 / fps:
            keys.add(index)
    return times, keys


def unsteady(seed, fps, seconds, *, gop_s=2.0, jitter_s=0.0, loss=0.0, start_s=0.0):
    """As `steady`, with capture jitter and lost pictures (key frames are not lost)."""
    rng = random.Random(seed)
    times, keys = steady(fps, seconds, gop_s=gop_s, start_s=start_s)
    kept, kept_keys, last = [], set(), -1.0
    for index, time in enumerate(times):
        if index not in keys and rng.random() < loss:
            continue
        if index in keys:
            kept_keys.add(len(kept))
        last = max(time + rng.uniform(0, jitter_s), last + 0.001)
        kept.append(last)
    return kept, kept_keys


def parts_of(events):
    return [event.part for event in events if isinstance(event, PartReady)]


def segments_of(events):
    return [event.segment for event in events if isinstance(event, SegmentSealed)]


def inits_of(events):
    return [event for event in events if isinstance(event, InitChanged)]


def promised(events):
    return next((event.target_duration_s for event in events if isinstance(event, TargetPromised)), None)


def runs_of(part):
    """track id -> (tfdt, sum of durations, sync flags)"""
    if part.gap:
        return {}
    return {
        run.track_id: (run.base_decode_time, sum(run.durations), run.sync)
        for run in parse_fragment(part.body)
    }


def judge(events, *, part_target=PT, contiguous=True):
    """Every rule of durations and order that holds for any stream. Gives the parts back."""
    target = None
    expected = (0, 0)
    collected = []
    ends = {}
    previous_run = 0
    for event in events:
        if isinstance(event, TargetPromised):
            assert target is None, "promised twice"
            target = event.target_duration_s
        elif isinstance(event, PartReady):
            part = event.part
            assert part.position == expected
            assert event.head.msn == part.position.msn
            expected = (expected[0], expected[1] + 1)
            collected.append(part)
            assert 0 < part.duration_ticks <= part_target
            assert part.gap == (part.body == b"")
            runs = runs_of(part)
            assert part.gap or runs
            for track_id, (tfdt, span, sync) in runs.items():
                assert sync[0] or not part.independent or track_id != 1
                assert tfdt >= ends.get(track_id, 0), "runs back"
                if contiguous and track_id in ends:
                    assert tfdt == ends[track_id], "hole"
                ends[track_id] = tfdt + span
            if runs:
                number = parse_fragment(part.body)[0].sequence_number
                assert number > previous_run
                previous_run = number
        elif isinstance(event, SegmentSealed):
            segment = event.segment
            assert segment.parts
            assert list(segment.parts) == collected
            assert segment.duration_ticks == sum(part.duration_ticks for part in collected)
            _judge_85_percent(collected, part_target)
            if target is not None:
                assert segment.duration_ticks < (target + 0.5) * TICKS
            collected = []
            expected = (expected[0] + 1, 0)
        elif isinstance(event, Ended):
            assert not collected
    _judge_85_percent([*collected, None], part_target)
    return parts_of(events)


def _judge_85_percent(parts, part_target):
    for part, following in pairwise(parts):
        excused = part.independent or part.gap or (following is not None and following.gap)
        assert excused or part.duration_ticks * 100 >= 85 * part_target, part


@dataclass
class Read:
    """A media playlist as a client reads it."""

    tags: dict = field(default_factory=dict)
    segments: list = field(default_factory=list)
    open_parts: list = field(default_factory=list)
    skipped: int = 0
    ended: bool = False
    hints: list = field(default_factory=list)
    reports: list = field(default_factory=list)

    @property
    def media_sequence(self):
        return int(self.tags["EXT-X-MEDIA-SEQUENCE"])

    @property
    def target(self):
        return int(self.tags["EXT-X-TARGETDURATION"])

    def attribute(self, tag, name):
        return attributes(self.tags[tag])[name]


ATTRIBUTE = re.compile(r'([A-Z0-9-]+)=("[^"\r\n]*"|[^",\s]+)(?:,|$)')
ONCE = {
    "EXT-X-VERSION",
    "EXT-X-TARGETDURATION",
    "EXT-X-SERVER-CONTROL",
    "EXT-X-PART-INF",
    "EXT-X-MEDIA-SEQUENCE",
    "EXT-X-DISCONTINUITY-SEQUENCE",
}


def attributes(text):
    found = ATTRIBUTE.findall(text)
    assert ",".join(f"{name}={value}" for name, value in found) == text, text
    assert len(dict(found)) == len(found)
    return {name: value.strip('"') for name, value in found}


def read(body):
    """Read a media playlist strictly."""
    text = body.decode("ascii")
    assert text.startswith("#EXTM3U\n")
    assert text.endswith("\n")
    result = Read()
    fresh = {"parts": [], "map": None, "date": None, "discontinuity": False, "gap": False, "duration": None}
    segment = dict(fresh, parts=[])
    map_uri = None
    for line in text.splitlines()[1:]:
        assert line
        name, _, value = line[1:].partition(":") if line.startswith("#") else ("URI", "", line)
        if name in ONCE:
            assert name not in result.tags
            assert not result.segments
            result.tags[name] = value
        elif name == "EXT-X-SKIP":
            result.skipped = int(attributes(value)["SKIPPED-SEGMENTS"])
            assert not result.segments
        elif name == "EXT-X-MAP":
            assert not segment["parts"]
            map_uri = attributes(value)["URI"]
        elif name == "EXT-X-PROGRAM-DATE-TIME":
            assert not segment["parts"]
            segment["date"] = value
        elif name == "EXT-X-DISCONTINUITY":
            assert not segment["parts"]
            segment["discontinuity"] = True
        elif name == "EXT-X-PART":
            assert not result.hints
            segment["parts"].append(attributes(value))
        elif name == "EXT-X-GAP":
            segment["gap"] = True
        elif name == "EXTINF":
            assert re.fullmatch(r"\d+\.\d{5},", value)
            segment["duration"] = float(value[:-1])
        elif name == "URI":
            assert not result.hints
            assert segment["duration"] is not None
            assert map_uri is not None
            segment |= {"uri": value, "map": map_uri}
            result.segments.append(segment)
            segment = dict(fresh, parts=[])
        elif name == "EXT-X-PRELOAD-HINT":
            result.hints.append(attributes(value))
        elif name == "EXT-X-RENDITION-REPORT":
            result.reports.append(attributes(value))
        else:
            assert name == "EXT-X-ENDLIST", line
            result.ended = True
    assert segment["duration"] is None
    assert not segment["parts"] or map_uri is not None
    result.open_parts = segment["parts"]
    assert result.tags.keys() >= ONCE
    assert result.ended == (not result.hints)
    _judge_numbers(result)
    return result


def _judge_numbers(result):
    part_target = float(result.attribute("EXT-X-PART-INF", "PART-TARGET"))
    control = attributes(result.tags["EXT-X-SERVER-CONTROL"])
    assert float(control["CAN-SKIP-UNTIL"]) >= 6 * result.target
    assert float(control["PART-HOLD-BACK"]) >= 3 * part_target - 1e-9
    for segment in result.segments:
        assert int(segment["duration"] + 0.5) <= result.target
        total = sum(float(part["DURATION"]) for part in segment["parts"])
        assert not segment["parts"] or abs(total - segment["duration"]) < 0.0011
        assert segment["date"] is not None
    for parts in [*(segment["parts"] for segment in result.segments), result.open_parts]:
        for part in parts:
            assert float(part["DURATION"]) <= part_target
        for part, following in pairwise(parts):
            excused = "INDEPENDENT" in part or "GAP" in part or "GAP" in following
            assert excused or float(part["DURATION"]) >= 0.85 * part_target


def judge_change(old, new):
    """6.2.1: a server MUST NOT change a playlist but by these."""
    assert new.tags["EXT-X-TARGETDURATION"] == old.tags["EXT-X-TARGETDURATION"]
    assert new.tags["EXT-X-SERVER-CONTROL"] == old.tags["EXT-X-SERVER-CONTROL"]
    assert new.tags["EXT-X-PART-INF"] == old.tags["EXT-X-PART-INF"]
    gone = new.media_sequence - old.media_sequence
    assert 0 <= gone <= len(old.segments)
    removed = sum(segment["discontinuity"] for segment in old.segments[:gone])
    counted = int(new.tags["EXT-X-DISCONTINUITY-SEQUENCE"]) - int(old.tags["EXT-X-DISCONTINUITY-SEQUENCE"])
    assert counted == removed
    if gone:
        assert sum(segment["duration"] for segment in new.segments) >= 3 * new.target
    kept = old.segments[gone:]
    assert len(new.segments) >= len(kept)
    for before, after in zip(kept, new.segments, strict=False):
        assert {**before, "parts": None} == {**after, "parts": None}
        assert after["parts"] in ([], before["parts"])
    if len(new.segments) > len(kept):
        first = new.segments[len(kept)]
        assert not first["parts"] or first["parts"][: len(old.open_parts)] == old.open_parts
    else:
        assert new.open_parts[: len(old.open_parts)] == old.open_parts


def started(tracks=(VIDEO, AAC), **options):
    segmenter = Segmenter(PT, ST, **options)
    segmenter.start(tracks, ZERO)
    return segmenter


def write_video(segmenter, first, last, *, fps=30, keys=()):
    step = 90_000 // fps
    return [
        event
        for index in range(first, last)
        for event in segmenter.write(video(index * step, key=index in keys, duration=step))
    ]


def durations_ms(events):
    return [round(part.duration_ticks / 90) for part in parts_of(events)]


def open_part(*tracks):
    """A part that nothing is in yet, of a source whose time is ours; its lanes and its segment."""
    lanes, segment = Lanes(), OpenSegment(PT, ST, 0, START_TICKS)
    segment.set_tracks(tracks)
    segment.set_clock(ZERO, START_TICKS)
    lanes.set_tracks(tracks)
    for lane in lanes.all:
        lane.end = lane.units(START_TICKS)
    return OpenPart(segment, lanes, PT, ms(60)), lanes, segment
