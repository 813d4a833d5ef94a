"""Durations of parts in print: legal, true to 2/100000 s, and no part before its media."""

from hypothesis import given
from hypothesis import strategies as st

from edge.hls.part_durations import UNITS, PartDurations
from edge.hls.segment import TICKS

PT = 22_500


def written(ticks, part_target=PT):
    durations = PartDurations(part_target)
    return [durations.write(each) for each in ticks]


def test_seven_pictures_of_a_camera_a_millisecond_off():
    """231.011 ms each. Rounded to the nearest, the fifth part would begin 4 microseconds before its media."""
    assert written([20_791] * 4) == ["0.23103", "0.23101", "0.23101", "0.23101"]


def test_parts_of_exactly_the_part_target_stay_as_they_are():
    assert written([PT] * 3) == ["0.25000"] * 3


def test_what_one_part_has_no_room_for_the_next_one_makes_good():
    assert written([PT, 21_000, 21_000]) == ["0.25000", "0.23335", "0.23333"]


@given(st.lists(st.integers(19_127, PT), min_size=1, max_size=40))
def test_a_part_begins_with_its_media_or_a_little_later(ticks):
    media = printed = 0
    for exact, text in zip(ticks, written(ticks), strict=True):
        media += exact
        printed += round(float(text) * UNITS)
        assert float(text) <= PT / TICKS
        assert float(text) >= 0.85 * PT / TICKS
        assert -1e-9 <= printed / UNITS - media / TICKS <= 2.001 / UNITS
        if exact < PT - 1:
            assert printed / UNITS > media / TICKS


@given(st.integers(9_000, 90_000))
def test_a_part_target_of_any_length_is_never_passed(part_target):
    shown = float(f"{part_target / TICKS:.5f}")
    assert all(float(text) <= shown for text in written([part_target] * 5, part_target))
