from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from edge.ingest.opus_path import OpusPath
from edge.media.opus import SILENCE

PACKET = b"\xfc" + bytes(50)  # 20 ms
LONG = b"\x1c" + bytes(50)  # 60 ms, SILK


def path(start: int = 0):
    samples = []
    path = OpusPath(samples.extend)
    path.start(start)
    return path, samples


def test_packets_pass_untouched():
    opus, samples = path(960)
    for number in range(1, 5):
        opus.write(number * 960, PACKET)
    opus.write(5 * 960, LONG)
    assert [(one.dts, one.duration, one.data) for one in samples] == [
        (960, 960, PACKET),
        (1920, 960, PACKET),
        (2880, 960, PACKET),
        (3840, 960, PACKET),
        (4800, 2880, LONG),
    ]
    assert opus.track.codec == "opus"


def test_what_is_missing_becomes_silence():
    opus, samples = path()
    opus.write(0, PACKET)
    opus.write(4 * 960 + 100, PACKET)
    opus.advance(7 * 960 + 10)
    assert [one.data == SILENCE for one in samples] == [False, True, True, True, False, True, True]
    assert [one.dts for one in samples] == [number * 960 for number in range(7)]


def test_what_was_filled_already_comes_too_late():
    opus, samples = path()
    opus.advance(5 * 960)
    opus.write(2 * 960, PACKET)
    opus.write(5 * 960 - 480, PACKET)
    assert [one.data == SILENCE for one in samples] == [True] * 5 + [False]


def test_a_very_long_pause_is_left_out():
    opus, samples = path()
    opus.write(3600 * 48_000, PACKET)
    assert [one.dts for one in samples] == [3600 * 48_000]


def test_after_close_nothing_comes():
    opus, samples = path()
    opus.close()
    opus.write(0, PACKET)
    opus.advance(48_000)
    assert samples == []


@given(st.lists(st.tuples(st.integers(-5000, 100_000), st.booleans()), max_size=40))
def test_packets_follow_one_another_and_are_nearly_where_they_belong(steps):
    opus, samples = path()
    for at, is_packet in steps:
        before = len(samples)
        if is_packet:
            opus.write(at, PACKET)
        else:
            opus.advance(at)
        if is_packet and len(samples) > before and samples[-1].data == PACKET:
            assert abs(samples[-1].dts - at) <= 480
    assert all(other.dts == one.dts + one.duration for one, other in pairwise(samples))
