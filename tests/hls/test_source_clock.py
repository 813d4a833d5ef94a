from datetime import UTC, datetime, timedelta

import pytest
from hls_material import AAC, PT, ST, VIDEO, ZERO, audio, video

from edge.hls.lanes import Lanes
from edge.hls.open_segment import OpenSegment
from edge.hls.segment import TICKS
from edge.hls.source_clock import SourceClock

REACH = 20 * TICKS


def stopped(tracks=(VIDEO, AAC)):
    """A clock that does not run yet, and what goes by it."""
    lanes, segment = Lanes(), OpenSegment(PT, ST, 0, REACH)
    segment.set_tracks(tracks)
    lanes.set_tracks(tracks)
    clock = SourceClock(lanes, segment)
    clock.wall_clock_zero = ZERO
    return clock, lanes, segment


def date_of_a_part(segment):
    (ready,) = segment.add_part(segment.part_start + 9000, (), independent=False, frames=0)
    return ready.head.program_date_time


def test_the_first_sample_falls_where_the_last_source_ended():
    clock, lanes, segment = stopped()
    assert not clock.runs
    clock.splice(video(5 * TICKS, key=True), REACH)
    assert clock.runs
    assert clock.ticks(5.0) == REACH
    assert lanes.lead.due(5 * TICKS, REACH) == REACH == lanes.lead.end
    assert lanes.sound.due(5 * 48_000, REACH) == 20 * 48_000
    assert date_of_a_part(segment) == datetime.fromtimestamp(ZERO + 5, UTC)


def test_where_a_track_ended_later_it_still_does():
    clock, lanes, _ = stopped()
    lanes.lead.end = REACH - 500
    clock.splice(video(0, key=True), REACH)
    assert lanes.lead.end == REACH - 500


def test_the_next_source_has_nothing_of_the_last_ones_time():
    clock, lanes, _ = stopped()
    clock.splice(video(5 * TICKS, key=True), REACH)
    lanes.lead.broken = True
    clock.splice(video(700 * TICKS, key=True), REACH + TICKS)
    assert clock.ticks(700.0) == REACH + TICKS
    assert lanes.sound.offset == -679 * 48_000
    assert not lanes.lead.broken


def test_both_ways_are_one():
    clock, _, _ = stopped()
    clock.splice(video(12_345, key=True), REACH)
    for seconds in (0.25, 1.5, 3600.75):
        assert clock.seconds(clock.ticks(seconds)) == pytest.approx(seconds, abs=1 / TICKS)


def test_what_is_left_out_is_whole_in_the_units_of_all_tracks():
    clock, lanes, segment = stopped()
    clock.splice(video(0, key=True), REACH)
    video_before, sound_before = lanes.lead.offset, lanes.sound.offset
    clock.leave_out(TICKS + 14)
    assert lanes.lead.offset == video_before - TICKS
    assert lanes.sound.offset == sound_before - 48_000
    assert clock.ticks(1.0) == REACH
    assert date_of_a_part(segment) == datetime.fromtimestamp(ZERO + 1, UTC)
    clock.leave_out(15)
    assert (lanes.lead.offset, lanes.sound.offset) == (video_before - TICKS - 15, sound_before - 48_000 - 8)


def test_sound_alone_is_spliced_too():
    clock, lanes, _ = stopped((AAC,))
    clock.splice(audio(3 * 48_000), REACH)
    assert lanes.lead.due(3 * 48_000, REACH) == 20 * 48_000


def test_a_better_known_clock_dates_what_comes_though_not_by_the_time_of_a_source_that_is_gone():
    clock, _, segment = stopped()
    clock.correct(ZERO + 3)
    assert clock.wall_clock_zero == ZERO + 3
    clock.splice(video(0, key=True), REACH)
    clock.correct(ZERO + 4)
    assert date_of_a_part(segment) == datetime.fromtimestamp(ZERO, UTC) + timedelta(seconds=4)
    clock.runs = False
    segment.seal()
    clock.correct(ZERO + 90)
    assert date_of_a_part(segment) < datetime.fromtimestamp(ZERO + 5, UTC)
