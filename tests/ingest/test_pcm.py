from array import array
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from edge.ingest.pcm import LONGEST_FILL, TOLERANCE, PcmTimeline

LOUD = array("f", [0.5]) * 960


def heard(timeline: PcmTimeline) -> "tuple[int, array[float]]":
    """When it begins, and all samples of the left channel; the frames must follow one another."""
    frames = timeline.take()
    sound = array("f")
    for number, frame in enumerate(frames):
        assert frame.begin == frames[0].begin + number * 1024
        assert len(frame.left) == len(frame.right) == 4096
        sound.frombytes(frame.left)
    return (frames[0].begin if frames else -1), sound


def test_pieces_join_to_frames():
    timeline = PcmTimeline(500)
    for number in range(16):
        timeline.write(500 + number * 960, LOUD, LOUD)
    begin, sound = heard(timeline)
    assert begin == 500
    assert sound == array("f", [0.5]) * (15 * 1024)
    assert timeline.position == 500 + 16 * 960


def test_a_pause_becomes_silence_between_fades():
    timeline = PcmTimeline(0)
    timeline.write(0, LOUD, LOUD)
    timeline.write(3 * 960, LOUD, LOUD)
    _, sound = heard(timeline)
    assert list(sound[:960]) == [0.5] * 960
    assert sound[960] < 0.5
    assert max(abs(one - other) for one, other in pairwise(sound[900:1400])) < 0.003
    assert set(sound[960 + 240 : 2880]) == {0.0}
    assert sound[2880] == 0.0
    assert sound[2880 + 60] == 0.25
    assert list(sound[3000:3072]) == [0.5] * 72


def test_what_overlaps_is_cut():
    timeline = PcmTimeline(0)
    timeline.silence_until(1500)
    timeline.write(960, LOUD, LOUD)
    timeline.write(480, LOUD, LOUD)
    assert timeline.position == 1920
    _, sound = heard(timeline)
    assert set(sound) == {0.0}


def test_what_is_a_little_out_of_step_is_not_moved():
    timeline = PcmTimeline(0)
    for number, jitter in enumerate((0, TOLERANCE, -TOLERANCE, 7)):
        timeline.write(number * 960 + jitter, LOUD, LOUD)
    assert timeline.position == 4 * 960
    assert set(heard(timeline)[1]) == {0.5}


def test_drift_does_not_add_up():
    """A clock that is 1 % fast: sound is dropped or cut now and then, and never further off than 2 ms."""
    timeline = PcmTimeline(0)
    for number in range(500):
        timeline.write(number * 950, LOUD, LOUD)
        assert abs(timeline.position - (number * 950 + 960)) <= TOLERANCE + 10


def test_a_very_long_pause_is_left_out():
    timeline = PcmTimeline(0)
    timeline.write(0, LOUD, LOUD)
    timeline.write(960 + LONGEST_FILL + 1000, LOUD, LOUD)
    frames = timeline.take()
    assert [frame.begin for frame in frames] == [0]
    timeline.silence_until(LONGEST_FILL + 1960 + 2000)
    assert next(frame.begin for frame in timeline.take()) == LONGEST_FILL + 1960


@given(st.lists(st.tuples(st.integers(-5000, 100_000), st.integers(1, 5760), st.booleans()), max_size=30))
def test_the_frames_always_follow_one_another(steps):
    timeline = PcmTimeline(0)
    total = 0
    for at, size, is_sound in steps:
        before = timeline.position
        if is_sound:
            piece = array("f", [0.1]) * size
            timeline.write(at, piece, piece)
        else:
            timeline.silence_until(at)
        assert timeline.position >= before
        _, sound = heard(timeline)
        total += len(sound)
    assert timeline.position - 1024 < total <= timeline.position
