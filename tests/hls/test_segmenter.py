import math
from datetime import UTC, datetime, timedelta

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
    judge,
    ms,
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

from edge.fmp4.inspect import parse_fragment, parse_init
from edge.hls.segment import TICKS, Ended, InitChanged, PartReady
from edge.hls.segmenter import START_TICKS, Segmenter


def test_the_timeline_begins_well_above_zero():
    segmenter = started()
    (event,) = write_video(segmenter, 0, 7, keys={0})
    (run,) = parse_fragment(event.part.body)
    assert run.base_decode_time == START_TICKS
    assert run.durations == (3000,) * 7
    assert run.sync == (True,) + (False,) * 6


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
        _, (pictures_end, sound_end) = segmenter.reach
        assert -1 <= sound_end * TICKS // 48_000 - pictures_end <= 1024 * TICKS // 48_000, sound_s
