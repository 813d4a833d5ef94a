import pytest
from listings import checks, listing, part, read

from edge.watch.rules_timing import CHECKS


def found(text):
    playlist = read(text)
    return checks(finding for check in CHECKS for finding in check(playlist))


def test_a_right_playlist():
    assert found(listing()) == []


@pytest.mark.parametrize(
    ("duration", "check"),
    [
        ("0.50040", None),  # printing may round
        ("0.50100", "part-too-long"),
        ("0.42500", None),
        ("0.42400", "part-too-short"),
    ],
)
def test_parts_last_85_to_100_percent(duration, check):
    text = listing(parts=2).replace(part(12, 1), part(12, 1, duration=duration) + part(12, 2))
    assert [name for _, name in found(text)] == ([check] if check else [])


@pytest.mark.parametrize("more", [",INDEPENDENT=YES", ",GAP=YES"])
def test_short_parts_that_are_excepted(more):
    text = listing(parts=2).replace(part(12, 1), part(12, 1, more, "0.10000") + part(12, 2))
    assert found(text) == []


def test_the_last_part_and_the_one_before_a_gap_may_be_short():
    assert found(listing(parts=2).replace(part(12, 1), part(12, 1, duration="0.10000"))) == []
    gap = part(12, 1, duration="0.10000") + part(12, 2, ",GAP=YES")
    assert found(listing(parts=2).replace(part(12, 1), gap)) == []


@pytest.mark.parametrize(
    ("duration", "names"),
    [("2.49000", []), ("2.50000", ["segment-too-long"]), ("1.60000", [])],
)
def test_rounded_segments_are_bounded_by_the_target(duration, names):
    assert [name for _, name in found(listing().replace("2.00000,\n4.", f"{duration},\n4."))] == names


def test_parts_add_up_to_their_segment():
    assert found(listing().replace("2.00000,\n11.", "1.80000,\n11.")) == [
        ("LL 20", "parts-differ-from-segment")
    ]


def test_dates():
    text = "\n".join(line for line in listing().split("\n") if "DATE-TIME" not in line)
    assert found(text) == [("LL 52", "date-missing")]
    assert found(listing().replace("00:00:10.000Z", "00:00:08.500Z")) == [("LL 52", "date-overlap")]
    # A publisher that was away: time jumps forward, and that is right.
    later = listing().replace("00:00:22.000Z", "00:01:22.000Z").replace("00:00:24.000Z", "00:01:24.000Z")
    assert found(later) == []


def test_targets_are_there():
    assert ("LL 8", "target-duration-missing") in found(listing().replace("#EXT-X-TARGETDURATION:2\n", ""))
    assert ("LL 17", "part-inf-missing") in found(listing().replace("#EXT-X-PART-INF:PART-TARGET=0.5\n", ""))


def test_a_short_window_after_removals_is_advised_against():
    assert found(listing(10, 11, 1)) == [("LL 13", "window-short")]
    assert found(listing(0, 1, 1)) == []
