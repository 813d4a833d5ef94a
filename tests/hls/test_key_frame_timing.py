"""Key frames are asked for so that they fall where a part ends."""

import random
from types import SimpleNamespace

import pytest
from hls_material import PT, ST, VIDEO, ZERO, judge, ms, parts_of, segments_of, video
from hypothesis import given
from hypothesis import strategies as st

from edge.hls.key_frame_timing import KeyFrameTiming
from edge.hls.segment import TICKS
from edge.hls.segmenter import Segmenter


class Encoder:
    """A publisher that sends a key frame so many pictures after the next one, once it is asked."""

    def __init__(self, fps, *, delay, part_target=PT):
        self.segmenter = Segmenter(part_target, ST)
        self.segmenter.start([VIDEO], ZERO)
        self.events = []
        self._fps = fps
        self._delay = delay
        self._index = 0
        self._key_at = 0

    def send(self, seconds):
        for _ in range(seconds * self._fps):
            at = self._index * TICKS // self._fps
            is_key = self._index == self._key_at
            self.events += self.segmenter.write(video(at, key=is_key, duration=TICKS // self._fps))
            self._index += 1
            if self._key_at < self._index and self.segmenter.key_frame_due(at / TICKS):
                self._key_at = self._index + self._delay()
        return self.events


def last_parts(events, *, after):
    return [segment.parts[-1] for segment in segments_of(events)[after:]]


@pytest.mark.parametrize("part_target", [ms(200), ms(250)])
@pytest.mark.parametrize("pictures", [0, 1, 3, 6])
@pytest.mark.parametrize("fps", [25, 30, 50, 60])
def test_the_last_part_of_a_segment_is_as_long_as_the_others(fps, pictures, part_target):
    events = Encoder(fps, delay=lambda: pictures, part_target=part_target).send(20)
    judge(events, part_target=part_target)
    if pictures * TICKS <= ms(300) * fps:
        assert all(part.duration_ticks >= 0.85 * part_target for part in last_parts(events, after=4))
    assert all(ms(1550) <= each.duration_ticks <= ms(2300) for each in segments_of(events)[4:])


def test_a_publisher_that_takes_now_more_now_less_time_has_most_of_them_right():
    rng = random.Random(1)
    events = Encoder(30, delay=lambda: 2 + (rng.random() < 0.1)).send(120)
    parts = last_parts(events, after=4)
    assert sum(part.duration_ticks < 0.85 * PT for part in parts) <= len(parts) / 4


def test_one_that_sends_them_when_it_likes_is_asked_all_the_same():
    segmenter = Segmenter(PT, ST)
    segmenter.start([VIDEO], ZERO)
    asked = 0
    for index in range(300):
        segmenter.write(video(index * 3000, key=index % 90 == 0, duration=3000))
        asked += segmenter.key_frame_due(index / 30)
    assert asked > 10


def test_a_picture_that_does_not_come_puts_it_off_for_a_part_at_most():
    segmenter = Segmenter(PT, ST)
    segmenter.start([VIDEO], ZERO)
    for index in range(10):
        segmenter.write(video(index * 3000, key=index == 0, duration=3000))
    assert not segmenter.key_frame_due(0.6)
    assert segmenter.key_frame_due(0.7)


def test_pictures_once_a_second_have_key_frames_too():
    events = Encoder(1, delay=lambda: 0).send(30)
    assert all(part.duration_ticks <= PT for part in parts_of(events))
    assert len([one for one in segments_of(events) if one.independent]) > 8


@given(
    st.integers(ms(200), ms(1000)),
    st.tuples(*[st.floats(0, 1)] * 3),
    st.integers(0, ms(3000)),
    st.integers(0, ms(3000)),
    st.integers(0, ms(1000)),
)
def test_none_is_asked_for_while_it_is_far(part_target, shares, now, next_at, took):
    of_part, of_picture, of_open = shares
    part, picture = max(1, int(of_part * part_target)), max(1, int(of_picture * part_target))
    opened = SimpleNamespace(start=0, part_start=int(of_open * next_at), starting_up=False, undecodable=False)
    timing = KeyFrameTiming(ST, 0)
    timing._took = took
    if max(now, next_at) < timing.far_until(opened, part_target):
        assert not timing.due(now, next_at, opened, part, picture)


def test_it_is_far_for_half_of_a_segment_but_not_at_the_start():
    opened = SimpleNamespace(start=0, starting_up=False, undecodable=False)
    timing = KeyFrameTiming(ST, 0)
    assert ST // 2 < timing.far_until(opened, PT) < ST
    assert timing.far_until(SimpleNamespace(**vars(opened) | {"starting_up": True}), PT) == 0
    assert timing.far_until(SimpleNamespace(**vars(opened) | {"undecodable": True}), PT) == 0


def test_it_goes_on_where_another_stopped():
    """The first one there begins no segment early, as one would whose next is ten seconds away."""
    opened = SimpleNamespace(start=10 * TICKS, starting_up=False, undecodable=False, room=5 * TICKS // 2)
    fresh, resumed = KeyFrameTiming(ST, 0), KeyFrameTiming(ST, 0)
    resumed.resume(10 * TICKS)
    for timing in (fresh, resumed):
        timing.came(11 * TICKS)
    assert fresh.begins_segment(11 * TICKS, opened, PT)
    assert not resumed.begins_segment(11 * TICKS, opened, PT)
