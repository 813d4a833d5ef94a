"""Which key frames begin parts and segments, and what a source that stalls leaves, as a segmenter tells it."""

import pytest
from hls_material import (
    AAC,
    OPUS,
    PT,
    SMALL,
    ST,
    VIDEO,
    ZERO,
    Feed,
    audio,
    inits_of,
    judge,
    ms,
    open_part,
    parts_of,
    promised,
    runs_of,
    segments_of,
    started,
    steady,
    video,
    write_video,
)
from test_segmenter_stalls import drift

from edge.hls.key_frame_timing import KeyFrameTiming
from edge.hls.lead_writer import LeadWriter
from edge.hls.segment import TICKS, InitChanged, PartReady
from edge.hls.segmenter import START_TICKS
from edge.hls.source_clock import SourceClock


def test_three_short_segments_come_first():
    segmenter = started()
    times, keys = steady(30, 6, gop_s=0.5)
    events = Feed().pictures(times, keys=keys).run(segmenter)
    assert [round(s.duration_ticks / TICKS, 2) for s in segments_of(events)] == [0.5, 0.5, 0.5, 2.0, 2.0]


@pytest.mark.parametrize("gop_s", [1.9, 2.0, 2.1])
def test_a_key_frame_around_the_target_begins_a_segment(gop_s):
    segmenter = started()
    times, keys = steady(30, 20, gop_s=gop_s)
    events = Feed().pictures(times, keys=keys).run(segmenter)
    for segment in segments_of(events):
        assert abs(segment.duration_ticks / TICKS - gop_s) < 0.04


@pytest.mark.parametrize("gop_s", [1.2, 1.5])
def test_a_key_frame_begins_a_segment_where_the_next_would_come_too_late(gop_s):
    times, keys = steady(30, 18, gop_s=gop_s)
    events = Feed().pictures(times, keys=keys).run(started())
    judge(events)
    segments = segments_of(events)
    assert all(segment.independent for segment in segments)
    assert {round(segment.duration_ticks / TICKS, 1) for segment in segments[3:]} == {gop_s}


def test_key_frames_only_make_no_tiny_segments():
    segmenter = started()
    events = write_video(segmenter, 0, 300, keys=set(range(300)))
    judge(events)
    assert all(segment.duration_ticks >= ms(200) for segment in segments_of(events))


def test_a_key_frame_amid_a_segment_does_not_cut_an_illegally_short_part():
    segmenter = started([VIDEO])
    write_video(segmenter, 0, 190, keys={0, 60, 120, 180})
    events = write_video(segmenter, 190, 240, keys={195})  # half a second into its segment
    assert all(part.duration_ticks * 100 >= 85 * PT for part in parts_of(events)[:-1])


def test_key_frames_only_make_no_slivers_even_when_they_are_late():
    segmenter = started([VIDEO])
    events = write_video(segmenter, 0, 6, keys=set(range(6)))
    events += segmenter.advance(0.32)  # the clock closed what the network held up
    events += write_video(segmenter, 6, 90, keys=set(range(90)))
    judge(events)
    inner = [part for segment in segments_of(events) for part in segment.parts[:-1]]
    assert min(part.duration_ticks for part in inner) >= ms(200)


def test_a_key_frame_amid_a_segment_begins_a_part_where_that_is_legal():
    segmenter = started([VIDEO])
    write_video(segmenter, 0, 190, keys={0, 60, 120, 180})
    events = write_video(segmenter, 190, 202, keys={194})  # one part of seven pictures, and seven more
    assert [part.independent for part in parts_of(events)] == [False, True]


def test_a_key_frame_a_little_late_leaves_no_sliver_of_audio_before_it():
    segmenter = started()
    feed = Feed().sound(0, 6)
    for k in range(144):  # 24 fps, where six pictures fill a part and the key frame begins the next one
        feed.items.append((k * 3750 / 90_000, video(k * 3750 + (40 if k % 48 == 0 else 0), key=k % 48 == 0)))
    parts = judge(feed.run(segmenter))
    assert min(part.duration_ticks for part in parts) >= PT - ms(1)


def test_without_key_frames_segments_keep_their_promise():
    segmenter = started()
    times, _ = steady(30, 30)
    events = Feed().pictures(times, keys={0}).sound(0, 30).run(segmenter)
    judge(events)
    segments = segments_of(events)
    assert promised(events) == 6
    assert [segment.independent for segment in segments] == [True] + [False] * (len(segments) - 1)


def test_after_a_segment_without_a_key_frame_the_next_key_frame_begins_one():
    segmenter = started()
    times, _ = steady(30, 20)
    keys = {0, 60, 120, 180, 280, 340, 400}  # one comes 3.3 s late
    events = Feed().pictures(times, keys=keys).run(segmenter)
    judge(events)
    segments = segments_of(events)
    assert [segment.independent for segment in segments[:7]] == [True, True, True, True, False, True, True]


def test_a_part_says_that_a_key_frame_is_further_in():
    segmenter = started([VIDEO])
    write_video(segmenter, 0, 190, keys={0, 60, 120, 180})
    (part,) = parts_of(write_video(segmenter, 190, 195, keys={191}))  # too early for a part of its own
    assert (part.independent, part.has_key_frame) == (False, True)


def test_new_parameter_sets_cut_at_their_key_frame():
    segmenter = started()
    events = write_video(segmenter, 0, 70, keys={0, 60})
    assert segmenter.change_track(SMALL) == []
    assert segmenter.key_frame_due(2.4)
    assert (
        write_video(segmenter, 70, 72) == []
    )  # they cannot be decoded with the old ones, nor without the new
    events = write_video(segmenter, 72, 90, keys={72})
    kinds = [type(event).__name__ for event in events]
    assert kinds[:3] == ["PartReady", "SegmentSealed", "InitChanged"]
    assert events[2].index == 1
    first = [event for event in events if isinstance(event, PartReady)][1]
    assert first.head.discontinuity
    assert first.head.init_index == 1
    assert first.part.independent
    assert segmenter.start([SMALL, AAC], ZERO) != []  # only what was open is sealed:
    assert inits_of(segmenter.start([SMALL, AAC], ZERO)) == []


def turning(fps, *, away_s=(0, 0), late=False):
    """Sound that goes on beside pictures that change their size; those of a while are lost, or come late."""
    times, keys = steady(fps, 8, gop_s=1)
    feed, (begin_s, end_s) = Feed().sound(0, 8), away_s
    for k, time_s in enumerate(times):
        is_away = begin_s <= time_s < end_s
        at = (end_s if is_away else time_s) + k * 1e-6
        if time_s in {3, 6}:
            feed.items.append((at - 1e-7, SMALL if time_s == 3 else VIDEO))
        if late or not is_away:
            feed.items.append((at, video(round(time_s * 90_000), key=k in keys, duration=90_000 // fps)))
    segmenter = started()
    return feed.run(segmenter) + segmenter.end()


def astray(events):
    """Of each segment that begins with another size: ticks from its beginning to that of its pictures."""
    start, found = START_TICKS, []
    for segment in segments_of(events):
        if segment.head.discontinuity:
            found.append(runs_of(segment.parts[0])[1][0] - start)
        start += segment.duration_ticks
    return found


def test_pictures_of_another_size_begin_with_their_segment_where_those_before_are_early():
    """Of one a second the first is thought to be short, and all after it are early by the rest."""
    assert astray(turning(1)) == [0, 0]


@pytest.mark.parametrize("away_s", [(2.4, 3), (2.4, 4), (1.1, 4), (2.9, 4.9)])
@pytest.mark.parametrize("late", [False, True], ids=["lost", "late"])
@pytest.mark.parametrize("fps", [2, 5, 10, 15, 30])
def test_pictures_of_another_size_begin_with_their_segment_after_a_pause(fps, late, away_s):
    """What it declares is what they last: parts of sound alone, while there were none, are all before."""
    events = turning(fps, away_s=away_s, late=late)
    judge(events, contiguous=False)
    assert astray(events) == [0, pytest.approx(0, abs=90_000 // fps)]
    assert drift(events, PT) == []


def test_audio_alone():
    segmenter = started([AAC])
    events = Feed().sound(0, 20).run(segmenter)
    parts = judge(events)
    assert all(part.independent for part in parts)
    segments = segments_of(events)
    assert [round(segment.duration_ticks / TICKS, 1) for segment in segments[:3]] == [0.5] * 3
    assert {round(segment.duration_ticks / TICKS) for segment in segments[3:]} == {2}
    assert {part.duration_ticks for part in parts} == {11 * 1920}


def test_audio_alone_that_stalls_declares_what_it_holds():
    """All parts of it are independent, so they may be short (4.4.4.9)."""
    segmenter = started([AAC])
    for index in range(5):
        segmenter.write(audio(index * 1024))
    (short,) = parts_of(segmenter.advance(0.32))
    assert short.duration_ticks == 5 * 1920
    assert runs_of(short)[1][1] == 5 * 1024
    assert segmenter.advance(0.32 + 0.1) == [], "the next part is due no sooner"
    events = [event for index in range(5, 16) for event in segmenter.write(audio(index * 1024))]
    assert [part.duration_ticks for part in parts_of(events)] == [11 * 1920]


def test_audio_alone_bridges_what_was_lost_of_it():
    segmenter = started([AAC])
    events = [event for index in range(5) for event in segmenter.write(audio(index * 1024))]
    events += [event for index in range(18, 40) for event in segmenter.write(audio(index * 1024))]
    for part in judge(events):
        assert abs(part.duration_ticks - runs_of(part)[1][1] * 90 // 48) <= 1920


def test_opus_alone():
    segmenter = started([OPUS])
    events = [event for k in range(500) for event in segmenter.write(audio(k * 960, duration=960))]
    assert {part.duration_ticks for part in judge(events)} == {12 * 1800}


def stalled_after_a_second():
    """30 fps and sound for a second, and then nothing for more than another."""
    segmenter = started()
    times, keys = steady(30, 1)
    events = Feed().pictures(times, keys=keys).sound(0, 1).run(segmenter, until_s=2.2)
    assert sum(part.duration_ticks for part in parts_of(events)) < 1.45 * TICKS, "time stands"
    return segmenter, events


def test_what_a_source_that_stalled_sends_late_is_not_lost():
    segmenter, events = stalled_after_a_second()
    events += write_video(segmenter, 30, 66)
    for index in range(47, 104):
        events += segmenter.write(audio(1024 * index))
    parts = judge([*events, *segmenter.end()])
    assert sum(part.frames for part in parts) == 66
    assert 0 <= sum(part.duration_ticks for part in parts) - ms(2200) <= ms(22), "to a sound frame"


def test_a_picture_from_after_a_stall_waits_for_the_sound_before_it():
    """Else viewers would meet parts without anything: gaps."""
    segmenter, events = stalled_after_a_second()
    events += write_video(segmenter, 66, 70)
    assert sum(part.frames for part in parts_of(events)) == 30
    for index in range(47, 103):
        events += segmenter.write(audio(1024 * index))
    events += write_video(segmenter, 70, 100) + segmenter.end()
    parts = judge(events)
    assert not any(part.gap for part in parts)
    assert sum(part.frames for part in parts) == 64
    assert sum(part.duration_ticks for part in parts) == pytest.approx(ms(3333), abs=ms(22))


def test_pictures_that_come_late_with_a_key_frame_end_where_it_begins():
    """They are shown at twice the speed until they have caught up: the last part is as long as that takes."""
    segmenter = started([VIDEO])
    events = write_video(segmenter, 0, 18, keys={0}) + segmenter.advance(1.03)
    events += write_video(segmenter, 18, 46, keys={26})
    (segment,) = segments_of(events)
    assert segment.parts[-1].frames == 8
    assert segment.parts[-1].duration_ticks == 8 * 1500
    first = next(part for part in parts_of(events) if part.position == (1, 0))
    assert runs_of(first)[1][0] == START_TICKS + segment.duration_ticks


def writer():
    """After its first picture, and the part of that."""
    part, lanes, segment = open_part(VIDEO, AAC)
    clock, key_frames = SourceClock(lanes, segment), KeyFrameTiming(ST, START_TICKS)
    clock.splice(video(0, key=True), START_TICKS)
    lead = LeadWriter(lanes, segment, part, clock, key_frames)
    events = [event for k in range(7) for event in lead.write(video(3000 * k, key=k == 0))]
    assert [part.frames for part in parts_of(events)] == [7]
    return lead, lanes


def sound_until(lanes, seconds):
    sound = lanes.sound
    while sound.end < sound.units(START_TICKS) + seconds * 48_000:
        sound.place(sound.end, audio(0))


def test_pictures_are_held_in_order_while_sound_is_missing_and_written_as_far_as_it_came():
    lead, lanes = writer()
    for k in (30, 31, 60):
        assert lead.write(video(3000 * k)) == []
    assert [one.dts for one in lead.held] == [90_000, 93_000, 180_000]
    assert lead.write_held() == [], "still"
    sound_until(lanes, 1.2)
    frames = [part.frames for part in parts_of(lead.write_held())]
    assert frames[:3] == [0, 0, 0]
    assert [one.dts for one in lead.held] == [180_000]
    sound_until(lanes, 2)
    lead.write_held()
    assert not lead.held


def test_held_pictures_are_what_they_were_when_they_came():
    """Somebody turns his phone, and back, while what he sent before still waits."""
    lead, lanes = writer()
    for k in range(30, 39):
        if k in {33, 36}:
            lead.change_track(SMALL if k == 33 else VIDEO)
        assert lead.write(video(3000 * k, key=k in {30, 33, 36})) == []
    sound_until(lanes, 2)
    events = lead.write_held()
    first, second = [at for at, event in enumerate(events) if isinstance(event, InitChanged)]
    frames = [sum(part.frames for part in parts_of(some)) for some in (events[:first], events[first:second])]
    assert frames == [3, 3]
    assert lanes.tracks == (VIDEO, AAC)


def test_what_changes_back_before_a_picture_comes_changes_nothing():
    lead, _ = writer()
    lead.change_track(SMALL)
    lead.change_track(VIDEO)
    assert lead.new_track is None


def test_they_are_not_held_for_longer_than_two_seconds():
    lead, _ = writer()
    for k in range(30, 90):
        assert lead.write(video(3000 * k)) == []
    events = lead.write(video(3000 * 90))
    assert any(part.gap for part in parts_of(events))
