"""Where parts end, on frames and on the clock, as a segmenter tells it."""

from datetime import UTC, datetime

import pytest
from hls_material import (
    AAC,
    PT,
    ST,
    VIDEO,
    ZERO,
    Feed,
    audio,
    durations_ms,
    judge,
    ms,
    open_part,
    parts_of,
    promised,
    runs_of,
    segments_of,
    started,
    steady,
    unsteady,
    video,
    write_video,
)
from hypothesis import example, given, settings
from hypothesis import strategies as st

from edge.hls.open_part import MOST_PENDING
from edge.hls.part_durations import FIRST_LONGER_TICKS
from edge.hls.segment import TICKS
from edge.hls.segmenter import START_TICKS, Segmenter

CUT = PT - FIRST_LONGER_TICKS
"""What the first part of a segment lasts at most: it is printed so much longer than it is."""


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


def test_a_long_picture_waits_for_its_audio_where_there_is_audio():
    """At 8 fps two pictures fill a part, but the second one says nothing of 125 ms that are still to be heard."""
    times, keys = steady(8, 4)
    heard = Feed().pictures(times, keys=keys).sound(0, 4).run(started())
    assert all(runs_of(part)[2][0] > runs_of(part)[1][0] * 48 / 90 - 4800 for part in judge(heard))
    silent = started([VIDEO])
    silent.write(video(0, key=True, duration=11_250))
    (event,) = silent.write(video(11_250, duration=11_250))
    assert event.part.duration_ticks == CUT


# By itself.


def test_the_clock_closes_it_after_its_target_and_some_allowance():
    part, _, _ = open_part(VIDEO)
    assert part.due == START_TICKS + CUT + ms(60)
    part.close_on_clock()
    assert part.due == START_TICKS + CUT + PT + ms(60)


def test_one_of_little_sound_does_not_hurry_the_next_one():
    part, lanes, segment = open_part(AAC)
    for index in range(9):  # 192 ms
        lanes.lead.place(lanes.lead.units(START_TICKS) + index * 1024, audio(0))
    part.close_on_clock()
    assert segment.part_start == START_TICKS + 9 * 1920
    assert part.due == START_TICKS + CUT + PT + ms(60)


def test_it_is_over_for_what_begins_after_its_target_or_where_too_many_wait():
    part, lanes, _ = open_part(VIDEO, AAC)
    assert not part.is_over(lanes.lead, START_TICKS + CUT)
    assert part.is_over(lanes.lead, START_TICKS + CUT + 1)
    assert not part.is_over(lanes.lead, START_TICKS + CUT + 1, patience=1)
    for _ in range(MOST_PENDING + 1):
        lanes.sound.place(lanes.sound.units(START_TICKS), audio(0, duration=1))
    assert part.is_over(lanes.sound, START_TICKS)


def test_it_is_silent_until_a_picture_comes_or_sound_for_all_of_it():
    part, lanes, _ = open_part(VIDEO, AAC)
    assert part.is_silent
    for index in range(10):
        lanes.sound.place(lanes.sound.units(START_TICKS) + index * 1024, audio(0))
    assert part.is_silent
    lanes.sound.place(lanes.sound.units(START_TICKS) + 10 * 1024, audio(0))
    assert not part.is_silent
    with_a_picture, lanes, _ = open_part(VIDEO, AAC)
    lanes.lead.place(START_TICKS, video(0))
    assert not with_a_picture.is_silent


@pytest.mark.parametrize(("fps", "pictures"), [(30, 7), (25, 6), (50, 12), (10, None), (1, None)])
def test_its_cadence_is_that_of_whole_pictures_where_they_fill_it(fps, pictures):
    part, lanes, segment = open_part(VIDEO)
    lanes.lead.place(START_TICKS, video(0, duration=TICKS // fps))
    segment.part_target = PT  # not the first
    length = PT if pictures is None else pictures * TICKS // fps
    assert part.cadence() == (length, TICKS // fps)


def test_all_that_waits_goes_into_parts_and_what_is_worth_none_is_dropped():
    part, lanes, _ = open_part(VIDEO)
    for index in range(12):
        lanes.lead.place(START_TICKS + index * 3000, video(0, key=index == 0))
    assert [one.frames for one in parts_of(part.close_all())] == [12]
    nothing, lanes, _ = open_part(VIDEO, AAC)
    lanes.sound.place(lanes.sound.units(START_TICKS), audio(0))
    assert nothing.close_all() == []
    assert not lanes.sound.pending
