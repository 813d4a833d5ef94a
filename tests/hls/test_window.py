from itertools import pairwise

import pytest
from hls_material import AAC, PT, SMALL, ST, VIDEO, ZERO, Feed, steady, video

from edge.hls.position import Position
from edge.hls.segment import TICKS, PartReady, SegmentSealed, TargetPromised
from edge.hls.segmenter import Segmenter
from edge.hls.window import WHOLE_SEGMENT, LiveWindow


class Stream:
    """A segmenter and the window it fills."""

    def __init__(self, window_s=60.0, **options):
        self.segmenter = Segmenter(PT, ST)
        self.window = LiveWindow(window_s, PT, **options)
        self.apply(self.segmenter.start([VIDEO, AAC], ZERO))
        self.at = 0

    def apply(self, events):
        for event in events:
            self.window.apply(event)

    def run(self, seconds, *, gop_s=2.0):
        times, keys = steady(30, seconds, gop_s=gop_s, start_s=self.at)
        self.apply(Feed().pictures(times, keys=keys).run(self.segmenter))
        self.at += seconds

    def back(self, tracks=(VIDEO, AAC), *, away_s=0.0):
        self.apply(self.segmenter.seal())
        self.apply(self.segmenter.start(tracks, ZERO + away_s))


def test_an_empty_window():
    window = LiveWindow(60, PT)
    assert window.media_sequence == 0
    assert window.next_position == (0, 0)
    assert window.last_complete == -1
    assert not window.is_playable
    assert window.init is None
    assert window.part(Position(0, 0)) is None
    with pytest.raises(AssertionError):
        _ = window.target_duration_s


def test_it_is_playable_with_the_third_complete_segment():
    stream = Stream()
    stream.run(1.4, gop_s=0.5)
    assert not stream.window.is_playable
    assert not stream.window.has(stream.window.first_playable)
    stream.run(0.3)
    assert stream.window.is_playable
    assert stream.window.has(stream.window.first_playable)
    assert stream.window.target_duration_s == 2


def test_a_clock_that_is_better_known_by_the_third_segment_dates_all_three():
    stream = Stream()
    stream.run(1.2, gop_s=0.5)
    stream.segmenter.correct_clock(ZERO - 1.07)
    stream.run(4.0, gop_s=0.5)
    dated = [stream.window.segment(segment.msn) for segment in stream.window.segments]
    assert dated == list(stream.window.segments)
    origins = {
        round(
            segment.program_date_time.timestamp() - sum(one.duration_ticks for one in dated[:at]) / TICKS, 3
        )
        for at, segment in enumerate(dated)
    }
    assert len(dated) > 3
    assert origins == {ZERO - 1.07}


def test_every_event_leaves_it_consistent():
    stream = Stream()
    times, keys = steady(30, 20)
    playable = False
    for event in Feed().pictures(times, keys=keys).run(stream.segmenter):
        stream.window.apply(event)
        window = stream.window
        assert window.last_part < window.next_position
        assert window.part(window.next_position) is None
        assert window.last_part.part < 0 or window.part(window.last_part) is not None
        assert window.is_playable >= playable
        playable = window.is_playable
    assert playable


def test_what_is_listed_is_not_what_is_kept():
    stream = Stream(window_s=20)
    stream.run(100)
    window = stream.window
    assert len(window.segments) == 10
    first = window.media_sequence
    assert window.segment(first - 1) is not None
    assert window.part(Position(first - 1, 3)) is not None
    # 6.2.2: its own duration and that of the longest playlist that had it, after its removal
    gone = next(msn for msn in range(first, -1, -1) if window.segment(msn) is None)
    assert 10 <= first - gone - 1 <= 13
    assert window.part(Position(gone, 0)) is None


@pytest.mark.parametrize("window_s", [0.0, 6.0, 12.0, 13.0])
def test_six_segments_and_three_target_durations_are_always_listed(window_s):
    stream = Stream(window_s=window_s)
    stream.run(40)
    listed = stream.window.segments
    assert 6 <= len(listed) <= 8
    assert sum(segment.duration_ticks for segment in listed) >= 6 * TICKS


def jumps_of(window):
    """How many segments are listed before each date that does not follow from the one before."""
    listed = list(window.segments)
    return [
        at
        for at, (one, after) in enumerate(pairwise(listed), 1)
        if (after.program_date_time - one.program_date_time).total_seconds()
        > one.duration_ticks / TICKS + 0.25
    ]


@pytest.mark.parametrize("lived", [6, 8, 10, 14, 20, 60, 100])
def test_a_date_that_jumps_is_not_in_the_first_half_of_the_list(lived):
    stream = Stream(window_s=60)
    stream.run(lived)
    lengths = []
    stream.back(away_s=6)
    while stream.at < lived + 80:
        stream.run(2)
        lengths.append(len(stream.window.segments))
        middle = (lengths[-1] + 1) // 2
        jumps = jumps_of(stream.window)
        listed_s = sum(one.duration_ticks for one in stream.window.segments) / TICKS
        assert all(jump > middle for jump in jumps) or listed_s == 6  # no more may leave
        assert listed_s >= 6
    assert min(lengths) >= (6 if lived >= 14 else 3)
    assert not jumps
    assert lengths[-1] == 30


def test_a_stream_that_comes_back_again_and_again_keeps_its_list_legal():
    stream = Stream(window_s=60)
    stream.run(10)
    for away in range(1, 12):
        stream.back(away_s=3 * away)
        stream.run(4)
        window = stream.window
        assert len(window.segments) >= 3
        assert sum(one.duration_ticks for one in window.segments) >= 3 * window.target_duration_s * TICKS
    stream.run(30)
    assert len(jumps_of(stream.window)) <= 1


def test_what_left_a_shortened_list_stays_as_long_over_restarts():
    stream = Stream(window_s=60)
    stream.run(60)
    for returns in range(1, 11):
        stream.back(away_s=6 * returns)
        stream.run(12)
        stream.apply(stream.segmenter.seal())
        old, new = stream.window, LiveWindow(60, PT)
        new.resume(old.past("0123abcd", ST, stream.segmenter.reach))
        assert new.media_sequence == old.media_sequence
        assert new.discontinuity_sequence == old.discontinuity_sequence
        wanted = [one.msn for until, one in old._kept if until > old._clock_ticks + 2 * TICKS]
        assert all(map(new.segment, wanted))
        stream.window = new


def test_neither_a_discontinuity_nor_a_better_known_clock_shortens_the_list():
    stream = Stream(window_s=60)
    stream.run(20)
    stream.segmenter.correct_clock(ZERO + 0.15)
    stream.run(20)
    stream.back([SMALL, AAC], away_s=6)
    stream.run(30)
    assert len(stream.window.segments) == 30


def test_positions_that_are_there_and_that_are_not():
    stream = Stream()
    stream.run(6.5)  # segments 0 to 2, and two parts of segment 3
    window = stream.window
    assert window.last_part == (3, 1)
    assert window.next_position == (3, 2)
    assert window.has(Position(3, 1))
    assert not window.has(Position(3, 2))
    assert window.has(Position(2, WHOLE_SEGMENT))
    assert not window.has(Position(3, WHOLE_SEGMENT))
    assert window.hints(window.next_number)
    assert not window.hints(window.next_number + 1)


def test_a_part_that_its_segment_did_not_reach_waits_for_the_next_segment():
    stream = Stream()
    stream.run(6)
    stream.apply(stream.segmenter.seal())
    window = stream.window
    beyond = Position(2, len(window.segments[2].parts))
    assert window.next_position == (3, 0)
    assert window.has(Position(2, WHOLE_SEGMENT))
    assert not window.has(beyond)
    stream.back()
    stream.run(0.5)
    assert window.has(Position(3, 0))
    assert window.has(beyond)


def test_parts_are_numbered_through_all_segments_and_forgotten_with_them():
    stream = Stream()
    stream.run(100)
    window = stream.window
    kept = [part for segment in window._by_msn.values() for part in segment.parts] + window.parts
    numbers = [window.number_of(part.position) for part in kept]
    assert numbers == list(range(window.next_number - len(kept), window.next_number))
    assert [window.position_of(number) for number in numbers] == [part.position for part in kept]
    assert window.position_of(numbers[0] - 1) is None
    assert len(window._positions) == len(kept)


def test_the_hint_survives_the_loss_of_the_source():
    stream = Stream()
    stream.run(7)
    stream.apply(stream.segmenter.seal())
    assert stream.window.hints(stream.window.next_number)
    assert stream.window.next_position.part == 0


def test_after_the_end_nothing_is_to_come():
    stream = Stream()
    stream.run(0.7)
    stream.apply(stream.segmenter.end())
    window = stream.window
    assert window.ended
    assert window.is_playable  # all there ever will be
    assert not window.hints(window.next_number)
    assert window.has(Position(99, 0))


def test_an_end_without_media_is_not_playable():
    window = LiveWindow(60, PT)
    for event in Segmenter(PT, ST).end():
        window.apply(event)
    assert window.ended
    assert not window.is_playable


def test_discontinuities_are_counted_when_they_leave():
    stream = Stream(window_s=12)
    stream.run(6)
    stream.back([SMALL, AAC])
    stream.run(6)
    window = stream.window
    assert window.discontinuity_sequence == 0
    assert [segment.discontinuity for segment in window.segments].count(True) == 1
    stream.run(20)
    assert window.discontinuity_sequence == 1
    assert not any(segment.discontinuity for segment in window.segments)


def test_init_segments_live_as_long_as_what_needs_them():
    stream = Stream(window_s=12)
    stream.run(6)
    stream.back([SMALL, AAC])
    assert stream.window.init_segment(0) is not None
    assert stream.window.init_segment(1) is stream.window.init
    stream.run(14)
    assert stream.window.init_segment(0) is not None  # its segments are not listed, but kept
    stream.run(30)
    assert stream.window.init_segment(0) is None
    assert stream.window.init_segment(1) is not None


def test_the_first_number_may_be_any():
    segmenter = Segmenter(PT, ST, first_msn=1000)
    window = LiveWindow(60, PT, first_msn=1000)
    events = segmenter.start([VIDEO], ZERO)
    events += [event for k in range(50) for event in segmenter.write(video(k * 3000, key=k % 15 == 0))]
    for event in events:
        window.apply(event)
    assert window.media_sequence == 1000
    assert window.first_playable == (1002, WHOLE_SEGMENT)
    assert window.is_playable


def test_hold_back_is_three_parts_at_least():
    assert LiveWindow(60, PT).part_hold_back_ticks == 3 * PT
    assert LiveWindow(60, PT, part_hold_back_s=0.1).part_hold_back_ticks == 3 * PT
    assert LiveWindow(60, PT, part_hold_back_s=2).part_hold_back_ticks == 2 * TICKS


def test_the_bandwidth_is_measured_from_the_third_segment_on():
    stream = Stream()
    stream.run(1.7, gop_s=0.5)
    assert stream.window.bandwidth.peak >= stream.window.bandwidth.average > 0


def test_parts_of_the_wrong_place_are_a_broken_invariant():
    segmenter = Segmenter(PT, ST)
    events = segmenter.start([VIDEO], ZERO)
    events += [event for k in range(90) for event in segmenter.write(video(k * 3000, key=k == 0))]
    ready = [event for event in events if isinstance(event, PartReady)]
    assert not any(isinstance(event, SegmentSealed | TargetPromised) for event in events)
    with pytest.raises(AssertionError):
        LiveWindow(60, PT).apply(ready[1])
