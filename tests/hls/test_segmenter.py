import math
from datetime import UTC, datetime, timedelta

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
    parts_of,
    promised,
    runs_of,
    segments_of,
    steady,
    unsteady,
    video,
)
from hypothesis import example, given, settings
from hypothesis import strategies as st

from edge.fmp4.inspect import parse_fragment, parse_init
from edge.hls.part_durations import FIRST_LONGER_TICKS
from edge.hls.segment import TICKS, Ended, InitChanged, PartReady
from edge.hls.segmenter import START_TICKS, Segmenter

CUT = PT - FIRST_LONGER_TICKS
"""What the first part of a segment lasts at most: it is printed so much longer than it is."""


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


# On frames.


def test_a_part_is_listed_with_its_last_picture_not_with_the_next_one():
    segmenter = started()
    assert write_video(segmenter, 0, 6, keys={0}) == []
    (event,) = write_video(segmenter, 6, 7)
    assert event.part.position == (0, 0)
    assert event.part.duration_ticks == 7 * 3000  # 233 ms; an eighth picture would not fit into 250
    assert event.part.independent
    assert event.part.frames == 7
    assert event.head.program_date_time == datetime(2026, 1, 1, tzinfo=UTC)


def test_the_timeline_begins_well_above_zero():
    segmenter = started()
    (event,) = write_video(segmenter, 0, 7, keys={0})
    (run,) = parse_fragment(event.part.body)
    assert run.base_decode_time == START_TICKS
    assert run.durations == (3000,) * 7
    assert run.sync == (True,) + (False,) * 6


def test_parts_of_30_fps_and_a_segment_at_each_key_frame():
    segmenter = started()
    events = write_video(segmenter, 0, 121, keys={0, 60, 120})
    assert durations_ms(events) == [233, 233, 233, 233, 233, 233, 233, 233, 133] * 2
    assert [segment.duration_ticks for segment in segments_of(events)] == [2 * TICKS] * 2
    assert [part.independent for part in parts_of(events)] == ([True] + [False] * 8) * 2


@pytest.mark.parametrize("fps", [24, 25, 30, 50, 60])
def test_usual_rates_are_cut_on_frames_even_when_they_jitter(fps):
    segmenter = started([VIDEO])
    times, keys = unsteady(1, fps, 12, jitter_s=0.004)
    feed = Feed().pictures(times, keys=keys)
    parts = judge(feed.run(segmenter))
    dts = {
        start + START_TICKS - round(times[0] * 90_000) for start in (sample.dts for _, sample in feed.items)
    }
    for part in parts[1:]:
        first = runs_of(part)[1][0]
        assert min(abs(first - other) for other in dts) < ms(10)


def test_whole_pictures_that_almost_fit_are_trimmed_to_fit():
    """Six pictures of 30 fps fill 200 ms; with a little jitter they would be 200.1."""
    segmenter = Segmenter(ms(200), ST)
    segmenter.start([VIDEO], ZERO)
    times, keys = unsteady(3, 30, 10, jitter_s=0.002)
    parts = judge(Feed().pictures(times, keys=keys).run(segmenter), part_target=ms(200))
    assert sum(part.frames == 6 for part in parts) > 0.9 * len(parts)


def test_the_last_picture_is_trimmed_at_once():
    segmenter = started([VIDEO])
    events = [
        event for k in range(6) for event in segmenter.write(video(k * 3760, key=k == 0, duration=3760))
    ]
    (event,) = events  # six pictures of 24 fps: 250.67 ms
    assert event.part.duration_ticks == CUT
    assert runs_of(event.part)[1][1] == CUT


def test_pictures_that_fill_parts_to_the_tick_do_so_for_a_minute():
    """30 fps in parts of 200 ms: what first parts are cut by does not soon add up to one with too few."""
    segmenter = Segmenter(ms(200), ST)
    segmenter.start([VIDEO], ZERO)
    times, keys = steady(30, 75, gop_s=2)
    parts = judge(Feed().pictures(times, keys=keys).run(segmenter), part_target=ms(200))
    assert {part.frames for part in parts[50:]} == {6}


# On the clock.


def test_rare_pictures_are_cut_on_the_clock():
    segmenter = started([VIDEO])
    events = [event for k in range(10) for event in segmenter.write(video(k * 9000, key=k == 0))]
    # 10 fps: two pictures are 80 % of a part, three are too many.
    assert parts_of(events)[0].duration_ticks == CUT
    assert parts_of(events)[0].frames == 3
    judge(events)


def test_a_part_that_waits_for_a_picture_closes_when_the_clock_says_so():
    segmenter = started()
    segmenter.write(video(0, key=True))
    for index in range(12):
        segmenter.write(audio(index * 1024))
    assert segmenter.advance(0.30) == []
    (event,) = segmenter.advance(0.32)
    assert event.part.duration_ticks == CUT
    assert sorted(runs_of(event.part)) == [1, 2]
    assert runs_of(event.part)[1][1] == CUT  # the picture lasts as long as its part at least


def test_a_part_may_be_audio_alone_and_then_is_not_independent():
    segmenter = started()
    segmenter.write(video(0, key=True))
    for index in range(30):
        segmenter.write(audio(index * 1024))
    parts = parts_of(segmenter.advance(0.6))
    assert [sorted(runs_of(part)) for part in parts] == [[1, 2], [2]]
    assert [part.independent for part in parts] == [True, False]
    assert parts[1].frames == 0


def test_a_part_without_anything_is_a_gap_where_no_sound_is_promised():
    segmenter = started([VIDEO])
    segmenter.write(video(0, key=True))
    first, second = parts_of(segmenter.advance(0.6))
    assert not first.gap
    assert second.gap
    assert second.duration_ticks == PT


def test_audio_that_is_not_worth_a_part_waits_for_the_next_one():
    segmenter = started()
    for index in range(14):
        segmenter.write(audio(index * 1024))
    write_video(segmenter, 0, 7, keys={0})
    assert segmenter.advance(0.56) == [], "of 250 ms there would be 66"
    part, _ = parts_of(write_video(segmenter, 7, 22))
    assert runs_of(part)[1][0] == START_TICKS + 7 * 3000
    assert runs_of(part)[2][1] == 3 * 1024


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


def test_late_audio_is_in_the_next_part_and_nobody_waits_for_it():
    segmenter = started()
    (event,) = write_video(segmenter, 0, 7, keys={0})
    assert sorted(runs_of(event.part)) == [1]
    events = [event for index in range(16) for event in segmenter.write(audio(index * 1024))]
    (event,) = events + write_video(segmenter, 7, 14)
    runs = runs_of(event.part)
    assert runs[2][0] == START_TICKS * 48 // 90
    assert runs[2][1] == 16 * 1024


def test_audio_that_is_early_waits_for_its_part():
    segmenter = started()
    segmenter.write(video(0, key=True))
    for index in range(16):
        segmenter.write(audio(index * 1024))
    (event,) = write_video(segmenter, 1, 7)
    assert runs_of(event.part)[2][1] == 11 * 1024  # what starts within 233 ms


@pytest.mark.parametrize("fps", [1, 2, 3, 5, 7, 10, 12, 15, 24, 29.97, 60])
def test_any_rate_keeps_the_clock_and_the_rules(fps):
    segmenter = started()
    times, keys = steady(fps, 12)
    events = Feed().pictures(times, keys=keys).sound(0, 12).run(segmenter, until_s=12)
    parts = judge([*events, *segmenter.end()])
    assert not any(part.gap for part in parts)
    assert promised(events) == 2
    total = sum(part.duration_ticks for part in parts) / TICKS
    assert 11.7 < total < 12.1, "sound after the last picture may be dropped"


@settings(deadline=None)
@given(
    st.sampled_from([10, 12, 15, 19.9, 19.99, 20, 20.01, 24, 25, 29.97, 30, 50]),
    st.sampled_from([0, 0.002, 0.008]),
    st.booleans(),
    st.integers(0, 2**32),
)
@example(19.99, 0, False, 0)  # five pictures that seem to fit, each part a little less
def test_every_part_begins_with_its_first_picture(fps, jitter_s, lossy, seed):
    """Shaka 5.2 shows nothing up to the next key frame where one does not."""
    loss = 0.02 if lossy and fps > 15 else 0  # a pause longer than a part is another matter
    times, keys = unsteady(seed, fps, 30, jitter_s=jitter_s, loss=loss)
    begins = START_TICKS
    for part in judge(Feed().pictures(times, keys=keys).run(started([VIDEO]))):
        assert part.gap or runs_of(part)[1][0] == begins, part.position
        begins += part.duration_ticks


@pytest.mark.parametrize("times", [[0, 50, 100, 150, 200, 260], [0, 50, 100, 150, 350]])
def test_a_picture_is_early_by_some_milliseconds_or_after_a_pause(times):
    segmenter = started([VIDEO])
    for k, at in enumerate(times):
        segmenter.write(video(ms(at), key=k == 0))
    (part,) = parts_of(segmenter.seal())
    assert runs_of(part)[1][0] - START_TICKS == CUT


@pytest.mark.parametrize("fps", [15, 20, 30])
@pytest.mark.parametrize("late", [False, True])
def test_every_part_has_a_picture_where_a_source_pauses_no_longer_than_a_part(fps, late):
    """Shaka 5.2 shows nothing up to the next key frame where one has none. `late`: they were captured, and come
    together.
    """
    times, keys = steady(fps, 6)
    for begin_ms in range(4020, 4260, 10):  # no key frame falls into it
        paused = [k for k, time in enumerate(times) if begin_ms <= time * 1000 < begin_ms + 240]
        feed = Feed(
            [
                (
                    max(time, (begin_ms + 240) / 1000) if k in paused else time,
                    video(ms(time * 1000), key=k in keys),
                )
                for k, time in enumerate(times)
                if late or k not in paused
            ]
        )
        begins = START_TICKS
        for part in judge(feed.sound(0, 6).run(started())):
            assert runs_of(part)[1][0] == begins, (begin_ms, part.position)
            begins += part.duration_ticks


def test_a_picture_is_kept_back_for_the_part_after_where_the_next_one_is_overdue():
    segmenter = started([VIDEO])
    write_video(segmenter, 0, 4, keys={0})
    (first,) = parts_of(segmenter.advance(0.32))
    assert first.frames == 3
    assert runs_of(first)[1][1] == CUT, "the last one of them lasts until then"
    (second,) = parts_of(segmenter.advance(0.57))
    assert (second.frames, runs_of(second)[1][:2]) == (1, (START_TICKS + CUT, PT))
    (third,) = parts_of(segmenter.advance(0.82))
    assert third.gap


def test_a_picture_that_is_not_overdue_stays_where_it_is():
    """10 fps: three in the first part, the next one is due 50 ms after its end."""
    segmenter = started([VIDEO])
    for k in range(3):
        segmenter.write(video(ms(100 * k), key=k == 0))
    (part,) = parts_of(segmenter.advance(0.32))
    assert part.frames == 3


def test_the_first_picture_after_a_pause_begins_the_part_that_waits_for_it():
    segmenter = started([VIDEO])
    write_video(segmenter, 0, 7, keys={0})
    assert segmenter.write(video(ms(500))) == [], "the part from 233 to 483 ms is open and has none"
    (part,) = parts_of(segmenter.seal())
    assert runs_of(part)[1][0] == START_TICKS + 7 * 3000


def test_rarer_pictures_stay_where_they_are():
    """5 fps: two parts of three would show theirs 50 and 100 ms early, and people would see it."""
    segmenter = started([VIDEO])
    events = [event for k in range(4) for event in segmenter.write(video(ms(200 * k), key=k == 0))]
    assert [runs_of(part)[1][0] - START_TICKS for part in parts_of(events)] == [0, ms(400)]


def test_a_camera_that_stops_and_goes_on():
    segmenter = started()
    before, keys = steady(30, 5)
    after, later_keys = steady(30, 5, start_s=6.4)
    feed = Feed().pictures(before, keys=keys).pictures(after, keys=later_keys)
    parts = judge(feed.sound(0, 12).run(segmenter))
    assert any(part.frames == 0 for part in parts)


def test_audio_alone_does_not_pile_up_without_a_clock():
    segmenter = started()
    segmenter.write(video(0, key=True))
    events = [event for index in range(500) for event in segmenter.write(audio(index * 1024))]
    assert len(parts_of(events)) > 35


def test_a_long_picture_waits_for_its_audio_where_there_is_audio():
    """At 8 fps two pictures fill a part, but the second one says nothing of 125 ms that are still to be heard."""
    times, keys = steady(8, 4)
    heard = Feed().pictures(times, keys=keys).sound(0, 4).run(started())
    assert all(runs_of(part)[2][0] > runs_of(part)[1][0] * 48 / 90 - 4800 for part in judge(heard))
    silent = started([VIDEO])
    silent.write(video(0, key=True, duration=11_250))
    (event,) = silent.write(video(11_250, duration=11_250))
    assert event.part.duration_ticks == CUT


# Segments.


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


# When to ask for key frames.


def test_when_a_key_frame_is_due():
    segmenter = Segmenter(PT, ST)
    assert not segmenter.key_frame_due(0)
    segmenter.start([VIDEO, AAC], ZERO)
    assert segmenter.key_frame_due(0)  # nothing can begin without one
    write_video(segmenter, 0, 13, keys={0})
    assert not segmenter.key_frame_due(0.43)
    write_video(segmenter, 13, 14)  # two parts of seven pictures
    assert segmenter.key_frame_due(0.46)
    write_video(segmenter, 14, 90, keys={14, 28, 42})
    assert not segmenter.key_frame_due(90 / 30)
    write_video(segmenter, 90, 91)  # 42 + 49: seven more parts
    assert segmenter.key_frame_due(91 / 30)
    segmenter.seal()
    assert not segmenter.key_frame_due(5)


def test_a_segment_that_began_without_a_key_frame_wants_one_soon():
    segmenter = started()
    times, _ = steady(30, 8)
    events = Feed().pictures(times, keys={0, 30, 60, 90}).run(segmenter)
    last = segments_of(events)[-1]
    assert not last.independent
    began = sum(segment.duration_ticks for segment in segments_of(events)) / TICKS
    assert not segmenter.key_frame_due(began + 0.46)
    assert segmenter.key_frame_due(began + 0.48), "at the latest when two parts have passed"


def test_audio_needs_no_key_frames():
    assert not started([AAC]).key_frame_due(10)


def test_a_hole_in_the_pictures_needs_a_key_frame():
    segmenter = started()
    times, keys = steady(30, 9)
    events = Feed().pictures(times, keys=keys).sound(0, 11.5).run(segmenter)
    assert not segmenter.key_frame_due(9.1)
    events += segmenter.write(video(round(11.4 * 90_000)))
    assert segmenter.key_frame_due(11.41)


# Sources.


def test_what_comes_before_the_first_key_frame_is_dropped_audio_too():
    segmenter = started()
    assert write_video(segmenter, 0, 5) == []
    for index in range(12):
        segmenter.write(audio(index * 1024))  # 0 to 256 ms
    assert segmenter.advance(5.0) == []
    events = write_video(segmenter, 5, 12, keys={5})  # from 167 ms on
    runs = runs_of(parts_of(events)[0])
    assert runs[1][0] == START_TICKS
    first_audio = runs[2][0] / 48_000 - 10
    assert 0 <= first_audio < 0.022
    assert parts_of(events)[0].independent


def test_a_source_that_returns_goes_on_where_the_timeline_ended():
    segmenter = started()
    times, keys = steady(30, 5.1)
    events = Feed().pictures(times, keys=keys).sound(0, 5.1).run(segmenter)
    events += segmenter.seal()
    assert segmenter.write(video(999_999, key=True)) == []
    last = segments_of(events)[-1]
    again = segmenter.start([VIDEO, AAC], ZERO + 60)
    assert again == []  # the same tracks: no init segment
    times, keys = steady(30, 5, start_s=3)
    again += Feed().pictures(times, keys=keys).sound(3, 8).run(segmenter)
    judge(events + again)  # without a hole, in both tracks
    first = next(event for event in again if isinstance(event, PartReady))
    assert first.part.position == (last.msn + 1, 0)
    assert not first.head.discontinuity
    assert first.head.init_index == 0
    # Wall time jumps, and nothing else does: source time 3 s of a source that began 60 s later.
    assert abs(first.head.program_date_time - datetime(2026, 1, 1, 0, 1, 3, tzinfo=UTC)) < timedelta(
        milliseconds=1
    )


def test_a_source_that_returns_with_other_tracks_is_a_discontinuity():
    segmenter = started()
    events = write_video(segmenter, 0, 100, keys={0, 60}) + segmenter.seal()
    msn = segments_of(events)[-1].msn
    (changed,) = segmenter.start([SMALL, AAC], ZERO + 30)
    assert changed.index == 1
    assert parse_init(changed.init.body)[0].width == 640
    events = write_video(segmenter, 0, 50, keys={0})
    first, second, *_ = [event for event in events if isinstance(event, PartReady)]
    assert first.part.position == (msn + 1, 0)
    assert first.head.discontinuity
    assert first.head.init_index == 1
    assert runs_of(first.part)[1][0] == START_TICKS + 100 * 3000
    assert second.head is first.head
    events = write_video(segmenter, 50, 110, keys={50})
    assert not [event for event in events if isinstance(event, PartReady)][-1].head.discontinuity


def test_other_tracks_begin_after_the_last_picture_of_the_old_ones():
    """A picture may last longer than its part declares; who comes next must not begin before it ends."""
    segmenter = started([VIDEO])
    times, keys = steady(3, 3.4)
    events = Feed().pictures(times, keys=keys).run(segmenter, until_s=3.33) + segmenter.seal()
    tfdt, span, _ = runs_of([part for part in parts_of(events) if part.frames][-1])[1]
    declared = START_TICKS + sum(part.duration_ticks for part in parts_of(events))
    assert tfdt + span > declared
    segmenter.start([SMALL], ZERO)
    (event,) = write_video(segmenter, 0, 7, keys={0})
    assert tfdt + span <= runs_of(event.part)[1][0] < tfdt + span + 15


def test_tracks_are_video_first_whatever_the_order():
    segmenter = Segmenter(PT, ST)
    (changed,) = segmenter.start([AAC, VIDEO], ZERO)
    assert [track.kind for track in changed.init.tracks] == ["video", "audio"]
    assert segmenter.start([VIDEO, AAC], ZERO) == []


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


def test_the_same_parameter_sets_again_change_nothing():
    segmenter = started()
    write_video(segmenter, 0, 10, keys={0})
    assert segmenter.change_track(VIDEO) == []
    assert not segmenter.key_frame_due(0.34)


def test_another_audio_track_begins_anew():
    segmenter = started([AAC])
    events = [event for k in range(30) for event in segmenter.write(audio(k * 1024))]
    events += segmenter.change_track(OPUS)
    assert isinstance(events[-1], InitChanged)
    events += [event for k in range(50) for event in segmenter.write(audio(k * 960, duration=960))]
    judge(events)
    assert segments_of(events)[-1].discontinuity


def test_seal_puts_all_there_is_into_the_last_part():
    segmenter = started()
    write_video(segmenter, 0, 10, keys={0})
    for index in range(16):
        segmenter.write(audio(index * 1024))
    events = segmenter.seal()
    (part,) = parts_of(events)
    assert part.position == (0, 1)
    assert part.frames == 3
    (segment,) = segments_of(events)
    assert segment.duration_ticks == part.duration_ticks + 7 * 3000
    assert segmenter.seal() == []
    assert segmenter.advance(9) == []


def test_end_promises_what_was_never_promised():
    segmenter = started()
    write_video(segmenter, 0, 10, keys={0})
    events = segmenter.end()
    assert promised(events) == 2
    assert isinstance(events[-1], Ended)
    assert not [event for event in segmenter.end() if not isinstance(event, Ended)]


def test_the_tracks_end_together_at_a_splice():
    segmenter = started()
    times, keys = steady(30, 4.03)
    events = Feed().pictures(times, keys=keys).sound(0, 3.98).run(segmenter) + segmenter.seal()
    ends = {}
    for part in parts_of(events):
        for track_id, (tfdt, span, _) in runs_of(part).items():
            ends[track_id] = (tfdt + span) / {1: 90_000, 2: 48_000}[track_id]
    assert abs(ends[1] - ends[2]) < 0.001


def test_a_sample_of_no_track_is_dropped():
    segmenter = started([VIDEO])
    assert segmenter.write(audio(0)) == []
    assert Segmenter(PT, ST).write(audio(0)) == []


def test_a_machine_that_slept_does_not_make_minutes_of_gaps():
    segmenter = started()
    write_video(segmenter, 0, 30, keys={0})
    events = segmenter.advance(3600)
    assert len(parts_of(events)) == 1
    events = [
        event for k in range(60) for event in segmenter.write(video(3600 * 90_000 + k * 3000, key=k == 0))
    ]
    assert len(parts_of(events)) > 6
    assert sum(part.gap for part in parts_of(events)) == 0
    events += [
        event
        for k in range(60, 120)
        for event in segmenter.write(video(3600 * 90_000 + k * 3000, key=k % 30 == 0))
    ]
    awake = segments_of(events)[-1].program_date_time
    assert abs(awake - datetime(2026, 1, 1, 1, 0, 2, tzinfo=UTC)) < timedelta(seconds=3)


# Anything.

sources = st.lists(
    st.tuples(
        st.floats(1, 60),  # pictures a second
        st.floats(0.3, 4),  # seconds between key frames
        st.floats(0, 0.03),  # capture jitter
        st.sampled_from([0, 0.02, 0.3]),  # pictures lost
        st.floats(0, 0.12),  # network jitter
        st.floats(0.5, 5),  # seconds
        st.sampled_from([(VIDEO, AAC), (VIDEO, AAC), (VIDEO,), (SMALL, AAC)]),
        st.integers(0, 2**32),
    ),
    min_size=1,
    max_size=4,
)


DROPPED_SOUND_LEFT_A_HOLE = [
    (53.875, 1.0, 0.0, 0, 0.0, 3.0, (VIDEO, AAC), 0),
    (6.75, 1.5, 0.0, 0.3, 0.0, 4.625, (VIDEO, AAC), 2_279_553_573),
    (1.0, 1.0, 0.0, 0, 0.0, 1.0, (VIDEO, AAC), 0),
]


@example(DROPPED_SOUND_LEFT_A_HOLE, ms(1000))
@settings(max_examples=100, deadline=None)
@given(sources, st.sampled_from([ms(200), PT, ms(333), ms(500), ms(1000)]))
def test_whatever_a_source_does_the_rules_hold(cycle, part_target):
    segmenter = Segmenter(part_target, ST)
    events = []
    for fps, gop_s, jitter_s, loss, network_s, seconds, tracks, seed in cycle:
        events += segmenter.start(tracks, ZERO)
        times, keys = unsteady(seed, fps, seconds, gop_s=gop_s, jitter_s=jitter_s, loss=loss, start_s=1)
        late = iter(_noise(seed, network_s))
        feed = Feed().pictures(times, keys=keys, jitter=lambda late=late: next(late))
        if AAC in tracks:
            feed.sound(1, 1 + seconds)
        events += feed.run(segmenter) + segmenter.seal()
    events += segmenter.end()
    parts = judge(events, part_target=part_target, contiguous=False)
    _judge_samples(events)
    for part in parts:
        for track_id, (_, span, _) in runs_of(part).items():
            assert span < 4 * {1: 90_000, 2: 48_000}[track_id]


def _noise(seed, most):
    state = seed
    while True:
        state = (state * 1_103_515_245 + 12_345) % 2**31
        yield most * state / 2**31


def _judge_samples(events):
    """Where an init stays, each track goes on without a hole, if no pause was longer than two seconds."""
    ends = {}
    for event in events:
        if isinstance(event, InitChanged):
            ends = {}
        if isinstance(event, PartReady):
            for track_id, (tfdt, span, _) in runs_of(event.part).items():
                hole = tfdt - ends.get(track_id, tfdt)
                assert hole == 0 or hole > 2 * 48_000
                ends[track_id] = tfdt + span


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("video"), st.integers(-(2**40), 2**40), st.booleans()),
            st.tuples(st.just("audio"), st.integers(-(2**40), 2**40), st.booleans()),
            st.tuples(st.just("advance"), st.floats(-1e6, 1e6), st.booleans()),
            st.tuples(st.just("seal"), st.just(0), st.booleans()),
            st.tuples(st.just("change"), st.just(0), st.booleans()),
        ),
        max_size=60,
    )
)
def test_no_timestamp_is_mad_enough(script):
    segmenter = started()
    events = []
    idle_until = -math.inf
    for what, value, flag in script:
        if what == "video":
            events += segmenter.write(video(value, key=flag))
        elif what == "audio":
            events += segmenter.write(audio(value))
        elif what == "advance":
            made = segmenter.advance(value)
            assert not made or value >= idle_until
            events += made
            idle_until = segmenter.no_part_due_before or -math.inf
        elif what == "change":
            idle_until = -math.inf
            events += segmenter.change_track(SMALL if flag else VIDEO)
        else:
            idle_until = -math.inf
            events += segmenter.seal() + segmenter.start([VIDEO, AAC], ZERO)
    events += segmenter.end()
    judge(events, contiguous=False)
    assert len(parts_of(events)) < 60 * 50


def test_a_source_that_dies_leaves_its_tracks_together():
    """Sound that still waits for its part does not outlast the last picture. (What is out already may.)"""
    for sound_s in (1.0, 1.05, 1.15, 1.2, 1.3):
        segmenter = started()
        times, keys = steady(30, 1)
        Feed().pictures(times, keys=keys).sound(0, sound_s).run(segmenter, until_s=1)
        segmenter.seal()
        video, audio = segmenter._lanes
        assert not video.pending
        assert not audio.pending
        assert -1 <= audio.end_ticks - video.end_ticks <= 1024 * TICKS // 48_000, sound_s


def test_a_part_says_that_a_key_frame_is_further_in():
    segmenter = started([VIDEO])
    write_video(segmenter, 0, 190, keys={0, 60, 120, 180})
    (part,) = parts_of(write_video(segmenter, 190, 195, keys={191}))  # too early for a part of its own
    assert (part.independent, part.has_key_frame) == (False, True)
