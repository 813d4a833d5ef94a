"""What a source that stalls leaves behind, as `edge watch` judges it: durations are those of the media."""

import random

import pytest
from hls_material import (
    AAC,
    OPUS,
    ST,
    VIDEO,
    ZERO,
    Feed,
    audio,
    judge,
    ms,
    runs_of,
    steady,
    video,
)

from edge.hls.part_durations import PartDurations
from edge.hls.segment import TICKS, InitChanged, PartReady, SegmentSealed
from edge.hls.segmenter import Segmenter
from edge.watch.media import MediaJudge
from edge.watch.playlist import PartTag, SegmentTag


def drift(events, part_target):
    """What `edge watch` says of durations, sentence by sentence, if it loads all there is."""
    media, tags, bodies, findings = MediaJudge(), [], [], []
    for event in events:
        if isinstance(event, InitChanged):
            findings += media.init(event.init.body, discontinuity=True)
            media.restart()
        elif isinstance(event, PartReady):
            part = event.part
            if part.position.part == 0:
                durations, tags, bodies = PartDurations(part_target), [], []
            seconds = float(durations.write(part.duration_ticks))
            tags.append(PartTag("", seconds, independent=part.independent, gap=part.gap))
            bodies.append(part.body)
            if part.gap:
                media.gap(seconds)
            else:
                findings += media.part(part.body, tags[-1], str(part.position))
        elif isinstance(event, SegmentSealed) and not event.segment.gap:
            tag = SegmentTag(event.segment.msn, "x", event.segment.duration_ticks / TICKS, tuple(tags))
            whole = None if any(tag.gap for tag in tags) else bodies
            findings += media.segment(tag, b"".join(event.segment.body), whole)
    return [f"{each.check}: {each.detail}" for each in findings if each.rule in {"LL 12", "LL 53"}]


def stalling(rng, tracks, start_s, seconds):
    """A source whose packets are held up again and again, or lost meanwhile: pictures, sound, or both."""
    stalls, end = [], start_s + rng.uniform(0.2, 2)
    while end < start_s + seconds:
        begin, end = end, end + rng.choice([0.05, 0.1, 0.15, 0.2, 0.3, 0.5, 0.8, 1.3])
        stalls.append((begin, end))
        end += rng.uniform(0.1, 3)
    loses_pictures, loses_sound = rng.random() < 0.4, rng.random() < 0.3
    lag_s, jitter_s = rng.choice([0.02, 0.04, 0.07]), rng.choice([0, 0.02])

    def arrival(time_s):
        return next((end for begin, end in stalls if begin <= time_s < end), time_s)

    items = []
    if VIDEO in tracks:
        fps = rng.choice([10, 15, 20, 24, 25, 30, 30, 30, 60])
        times, keys = steady(fps, seconds, gop_s=rng.choice([0.5, 1, 2]), start_s=start_s)
        latest = 0.0
        for index, time_s in enumerate(times):
            key = index in keys
            latest = max(latest + 1e-6, arrival(time_s) + rng.uniform(0, jitter_s))
            if key or not loses_pictures or arrival(time_s) == time_s:
                items.append((latest, video(round(time_s * 90_000), key=key, duration=90_000 // fps)))
    if len(tracks) > 1 or VIDEO not in tracks:
        step = 960 if OPUS in tracks else 1024
        for dts in range(round(start_s * 48_000), round((start_s + seconds) * 48_000), step):
            ready_s = (dts + step) / 48_000 + lag_s
            if not loses_sound or arrival(ready_s) == ready_s:
                items.append((arrival(ready_s) + dts * 1e-9, audio(dts, duration=step)))
    return Feed(sorted(items, key=lambda item: item[0])), start_s


def stream(seed, tracks):
    """All events of one to three such sources after one another, and the part target."""
    rng = random.Random(seed)
    part_target = rng.choice([ms(200), ms(250), ms(250), ms(333), ms(500)])
    segmenter, events = Segmenter(part_target, ST), []
    for _ in range(rng.choice([1, 1, 2, 3])):
        events += segmenter.start(tracks, ZERO)
        feed, clock = stalling(rng, tracks, rng.choice([0, 1, 2.345]), rng.choice([2.1, 4.37, 8]))
        tick_s = rng.choice([0.006, 0.025])
        for arrival, sample in feed.items:
            while clock + tick_s <= arrival:
                clock += tick_s
                events += segmenter.advance(clock)
            events += segmenter.write(sample)
        if rng.random() < 0.7:
            events += segmenter.seal()  # a goodbye; otherwise another source takes over
    return [*events, *segmenter.end()], part_target


@pytest.mark.parametrize(
    "tracks", [(VIDEO, AAC), (VIDEO,), (AAC,), (OPUS,)], ids=["both", "video", "aac", "opus"]
)
def test_declared_durations_are_those_of_the_media_however_a_source_stalls(tracks):
    for seed in range(60):
        events, part_target = stream(seed, tracks)
        judge(events, part_target=part_target, contiguous=False)
        assert drift(events, part_target) == [], seed


def started():
    segmenter = Segmenter(ms(250), ST)
    segmenter.start((VIDEO, AAC), ZERO)
    return segmenter


@pytest.mark.parametrize("late_s", [0.04, 0.15, 0.3, 0.5, 1.0])
@pytest.mark.parametrize("fps", [0.5, 1, 2, 3, 7, 15, 30])
def test_sound_that_is_late_is_no_stall_and_no_time_is_lost(fps, late_s):
    times, keys = steady(fps, 20)
    events = Feed().pictures(times, keys=keys).sound(0, 20, lag_s=late_s).run(started(), until_s=22)
    parts = judge(events)
    assert not any(part.gap for part in parts)
    assert sum(part.duration_ticks for part in parts) > 19.4 * TICKS
    heard = [span for part in parts for number, (_, span, _) in runs_of(part).items() if number == 2]
    assert sum(heard) > (19.8 - late_s) * 48_000


@pytest.mark.parametrize("away_s", [0.3, 0.5, 0.8, 1.3, 1.9])
@pytest.mark.parametrize("sound_first", [False, True])
def test_pictures_after_a_stall_wait_until_sound_or_silence_fills_the_parts_before(away_s, sound_first):
    """What is lost of sound is made as soon as more comes."""
    for begin_ms in range(3000, 3400, 30):
        begin = begin_ms / 1000
        times, keys = steady(30, 8)
        back = begin + away_s
        lag_s = 0.05 + (0 if sound_first else 0.05)
        sound = Feed().sound(0, 8, lag_s=lag_s).items
        feed = Feed([(max(at, back + lag_s) if begin < at < back + lag_s else at, one) for at, one in sound])
        kept = [k for k, time in enumerate(times) if not begin <= time < back]
        feed.items += [(times[k] + 0.06, video(3000 * k, key=k in keys)) for k in kept]
        parts = judge(feed.run(started(), until_s=8.2))
        assert not any(part.gap for part in parts), begin_ms
        assert sum(part.duration_ticks for part in parts) > 7.4 * TICKS, begin_ms
