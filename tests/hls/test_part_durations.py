"""Durations of parts in print: legal, and a tenth of a millisecond more than the truth with every part of a segment."""

from hypothesis import given
from hypothesis import strategies as st

from edge.hls.part_durations import FIRST_LONGER_TICKS, UNITS, PartDurations
from edge.hls.segment import TICKS

PT = 22_500


def written(ticks, part_target=PT):
    durations = PartDurations(part_target)
    return [durations.write(each) for each in ticks]


def test_the_first_one_is_a_tenth_of_a_millisecond_longer():
    """231.011 ms each."""
    assert written([20_791] * 4) == ["0.23112", "0.23101", "0.23101", "0.23101"]


def test_parts_of_exactly_the_part_target_stay_as_they_are():
    assert written([PT] * 3) == ["0.25000"] * 3


def test_what_one_part_has_no_room_for_the_next_one_makes_good():
    assert written([PT, 21_000, 21_000]) == ["0.25000", "0.23344", "0.23333"]


def shaka(segments, ends):
    """Which parts Shaka 5.2 sets anew, as (segment, part): each segment begins with a key frame, at its end by
    `ends`, which is a date or the sum of EXTINF before it.
    """
    media = 0.0
    base = None
    for msn, (ticks, begins) in enumerate(zip(segments, ends, strict=True)):
        start = begins
        for index, (exact, text) in enumerate(zip(ticks, written(ticks), strict=True)):
            offset = start - media
            if base is None or abs(base + 0.001 - offset) >= 0.001:
                base = offset
                yield msn, index
            media += exact / TICKS
            start += float(text)


@given(
    st.lists(
        st.lists(st.integers(1, PT - FIRST_LONGER_TICKS), min_size=2, max_size=9), min_size=1, max_size=99
    ),
    st.floats(0, 1),
)
def test_shaka_sets_none_anew_but_first_ones(segments, second):
    """Whether it adds up EXTINF or goes by dates in milliseconds, from any moment on."""
    sums = [sum(map(sum, segments[:msn])) / TICKS for msn in range(len(segments))]
    printed = [sum(round(sum(ticks) / TICKS, 5) for ticks in segments[:msn]) for msn in range(len(segments))]
    dates = [int((second + begin) * 1000) / 1000 - second for begin in sums]
    for ends in (printed, dates):
        assert {index for _, index in shaka(segments, ends)} <= {0}


@given(st.lists(st.integers(19_127, PT - FIRST_LONGER_TICKS), min_size=1, max_size=40))
def test_no_part_is_shorter_than_it_may_be(ticks):
    media = printed = 0
    for exact, text in zip(ticks, written(ticks), strict=True):
        media += exact
        printed += round(float(text) * UNITS)
        assert 0.85 * PT / TICKS <= float(text) <= PT / TICKS
        assert 0 <= printed / UNITS - media / TICKS - 0.0001 + 1e-9 < 1.001 / UNITS


@given(st.integers(9_000, 90_000))
def test_a_part_target_of_any_length_is_never_passed(part_target):
    shown = float(f"{part_target / TICKS:.5f}")
    assert all(float(text) <= shown for text in written([part_target] * 5, part_target))
