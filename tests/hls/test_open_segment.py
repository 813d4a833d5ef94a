from datetime import UTC, datetime, timedelta

import pytest
from hls_material import AAC, PT, SMALL, ST, VIDEO, ZERO, video

from edge.fmp4.fragment import Run
from edge.hls.open_segment import OpenSegment
from edge.hls.part_durations import FIRST_LONGER_TICKS
from edge.hls.segment import TICKS, DatesCorrected, PartReady, SegmentSealed, TargetPromised


def opened(segment_target=ST, first_msn=0):
    segment = OpenSegment(PT, segment_target, first_msn, 0)
    segment.set_tracks([VIDEO, AAC])
    segment.set_clock(ZERO, 0)
    return segment


def add(segment, duration=PT, *, independent=False, empty=False):
    run = Run(1, segment.part_start, [video(segment.part_start, duration=duration)])
    return segment.add_part(
        segment.part_start + duration, [] if empty else [run], independent=independent, frames=1
    )


def test_parts_count_up_and_share_the_head_of_their_segment():
    segment = opened(first_msn=7)
    first, second = add(segment, independent=True)[0], add(segment)[0]
    assert first.part.position == (7, 0)
    assert second.part.position == (7, 1)
    assert first.head is second.head
    assert first.head.program_date_time == datetime(2026, 1, 1, tzinfo=UTC)


def test_a_part_without_runs_is_a_gap():
    (event,) = add(opened(), empty=True)
    assert event.part.gap
    assert event.part.body == b""


def test_a_segment_begins_where_the_last_one_ended():
    segment = opened()
    add(segment)
    (sealed,) = segment.seal()
    assert sealed.segment.duration_ticks == PT
    (ready,) = add(segment)
    assert ready.part.position == (1, 0)
    assert ready.head.program_date_time == datetime(2026, 1, 1, 0, 0, 0, 250_000, tzinfo=UTC)


def test_dates_follow_a_corrected_clock_before_anybody_saw_them_then_only_where_they_are_wrong_by_a_tenth():
    segment, dates = opened(), []
    segment.correct_clock(ZERO - 0.2, 0)
    for number in range(8):
        if number in {4, 6}:
            segment.correct_clock(ZERO - (0.29 if number == 4 else 0.31), 0)
        dates.append(add(segment)[0].head.program_date_time)
        segment.seal()
    begin = datetime(2026, 1, 1, tzinfo=UTC)
    off = [(date - begin).total_seconds() - 0.25 * number for number, date in enumerate(dates)]
    assert off == pytest.approx([-0.2] * 6 + [-0.31] * 2, abs=1e-6)


def test_before_anybody_sees_them_the_first_segments_are_dated_anew_all_by_one_clock():
    """FFmpeg: the first pictures wait for a second of handshake, the others come at once."""
    segment, events = opened(), []
    for number in range(4):
        if number == 2:
            segment.correct_clock(ZERO - 1.07, 0)
        events += [*add(segment), *segment.seal()]
    begin = datetime(2026, 1, 1, tzinfo=UTC) - timedelta(seconds=1.07)
    (corrected,) = [event for event in events if isinstance(event, DatesCorrected)]
    assert corrected.dates == {0: begin, 1: begin + timedelta(seconds=0.25)}
    sealed = [event.segment for event in events if isinstance(event, SegmentSealed)]
    offsets = [(one.program_date_time - begin).total_seconds() for one in sealed[2:]]
    assert offsets == [0.5, 0.75]


def test_dates_that_are_listed_go_back_in_steps_of_less_than_a_second():
    segment, dates = opened(), []
    for number in range(8):
        if number == 4:
            segment.correct_clock(ZERO - 1.07, 0)
        dates.append(add(segment)[0].head.program_date_time)
        segment.seal()
    begin = datetime(2026, 1, 1, tzinfo=UTC)
    off = [(date - begin).total_seconds() - 0.25 * number for number, date in enumerate(dates)]
    assert off == pytest.approx([0, 0, 0, 0, -0.4, -0.8, -1.07, -1.07])


def test_nothing_is_sealed_where_nothing_is():
    assert opened().seal() == []


def test_the_target_duration_is_promised_with_the_third_segment_and_once():
    segment = opened()
    events = []
    for _ in range(5):
        add(segment)
        events += segment.seal()
    assert [type(event) for event in events].count(TargetPromised) == 1
    assert events[2] == TargetPromised(2)
    assert isinstance(events[3], SegmentSealed)
    assert segment.promise() == []


@pytest.mark.parametrize(("parts", "promised"), [(8, 2), (9, 2), (10, 3), (20, 5)])
def test_the_promise_covers_what_was_before_it(parts, promised):
    segment = opened()
    for _ in range(parts):
        add(segment)
    for _ in range(3):
        segment.seal()
        add(segment)
    assert segment.target_duration_s == promised


def test_before_the_promise_a_segment_without_a_key_frame_ends_at_six_seconds():
    segment = opened()
    events = [event for _ in range(25) for event in add(segment)]
    (sealed,) = [event.segment for event in events if isinstance(event, SegmentSealed)]
    assert sealed.duration_ticks == 6 * TICKS


def test_after_the_promise_it_ends_before_it_would_round_up():
    segment = opened()
    for _ in range(3):
        add(segment)
        segment.seal()
    events = [event for _ in range(40) for event in add(segment)]
    for event in events:
        if isinstance(event, SegmentSealed):
            assert event.segment.duration_ticks == 9 * PT  # 2.25 s: one more would be 2.5


def test_a_segment_that_began_without_a_key_frame_says_so():
    segment = opened()
    assert not segment.undecodable
    add(segment, independent=True)
    assert not segment.undecodable
    segment.seal()
    add(segment)
    assert segment.undecodable


def test_other_tracks_are_a_discontinuity_for_those_who_saw_the_first():
    segment = opened()
    changed = segment.set_tracks([SMALL, AAC])
    assert changed.index == 1
    (ready,) = add(segment)
    assert not ready.head.discontinuity  # nobody saw init 0
    segment.seal()
    assert segment.set_tracks([VIDEO, AAC]).index == 2
    (ready,) = add(segment)
    assert isinstance(ready, PartReady)
    assert ready.head.discontinuity
    assert ready.head.init_index == 2
    segment.seal()
    (ready,) = add(segment)
    assert not ready.head.discontinuity


def test_the_first_part_of_a_segment_may_be_a_little_less_than_the_others():
    segment = opened()
    lengths = [segment.part_target]
    for _ in range(2):
        add(segment, 9000)
        lengths.append(segment.part_target)
    segment.seal()
    assert [*lengths, segment.part_target] == [PT - FIRST_LONGER_TICKS, PT, PT, PT - FIRST_LONGER_TICKS]
