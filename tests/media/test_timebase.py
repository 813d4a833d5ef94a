import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.media.timebase import ntp_to_unix, rescale, seconds, unwrap


@pytest.mark.parametrize(
    ("previous", "wrapped", "unwrapped"),
    [
        (None, 65_535, 65_535),  # the first is taken as it is
        (65_535, 0, 65_536),  # round the corner
        (65_536, 65_535, 65_535),  # a late one from before the corner
        (65_536, 3, 65_539),
        (3, 65_533, -3),  # late right after the first
        (131_071, 1, 131_073),
        (100, 100, 100),
        (0, 32_767, 32_767),
        (0, 32_768, -32_768),  # exactly half way round: taken as late
    ],
)
def test_a_counter_of_16_bits(previous, wrapped, unwrapped):
    assert unwrap(previous, wrapped, 16) == unwrapped


@given(
    bits=st.sampled_from([16, 24, 32]),
    previous=st.integers(-(2**40), 2**60),
    step=st.integers(-(2**15) + 1, 2**15 - 1),
)
def test_unwrapping_finds_every_value_that_is_nearer_than_half_a_round(bits, previous, step):
    value = previous + step
    assert unwrap(previous, value % (1 << bits), bits) == value


def test_rescaling_is_exact_and_rounds_down():
    assert rescale(1024, 48_000, 90_000) == 1920
    assert rescale(960, 48_000, 90_000) == 1800
    assert rescale(1, 90_000, 48_000) == 0
    assert rescale(-1, 90_000, 48_000) == -1
    assert rescale(2**62 + 1, 90_000, 90_000) == 2**62 + 1  # a float would have lost it


@given(st.integers(-(2**62), 2**62), st.sampled_from([8_000, 44_100, 48_000, 90_000]))
def test_there_and_back_loses_less_than_a_tick_of_the_coarser_scale(value, scale):
    back = rescale(rescale(value, 90_000, scale), scale, 90_000)
    assert 0 <= value - back <= -(-90_000 // scale)


def test_seconds():
    assert seconds(135_000, 90_000) == 1.5


@pytest.mark.parametrize(
    ("ntp64", "unix"),
    [
        (0x83AA7E80_00000000, 0.0),  # RFC 868: 2 208 988 800 s between 1900 and 1970
        (0x83AA7E80_80000000, 0.5),
        (0xED003780_40000000, 1_767_225_600.25),  # 2026-01-01
        (0xFFFFFFFF_00000000, 2_085_978_495.0),
        (0x00000000_00000000, 2_085_978_496.0),  # era 1 begins on 2036-02-07 06:28:16 UTC
    ],
)
def test_ntp_time(ntp64, unix):
    assert ntp_to_unix(ntp64) == pytest.approx(unix, abs=1e-6)
