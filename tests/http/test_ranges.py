from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.errors import RangeNotSatisfiable
from edge.http.ranges import MOST_RANGES, wanted

ONE = [
    ("bytes=0-499", (0, 500)),
    ("bytes=500-", (500, 1000)),
    ("bytes=-1", (999, 1000)),
    ("bytes=-5000", (0, 1000)),
    ("bytes=999-", (999, 1000)),
    ("bytes=0-99999999999999999999999999", (0, 1000)),
    ("BYTES=0-0", (0, 1)),
    ("bytes= ,\t0-0 ,,", (0, 1)),
    ("bytes=0-1,1-2", (0, 3)),
    ("bytes=5000-,0-0", (0, 1)),
    ("bytes=000000000000000000000000007-7", (7, 8)),
]


@pytest.mark.parametrize(("field", "span"), ONE)
def test_one_range(field, span):
    assert wanted(field, 1000) == (span,)


@pytest.mark.parametrize(
    "field",
    [
        None, "", "bytes", "bytes=", "bytes=,", "bytes=-", "bytes=a-b", "bytes=5-4", "bytes=0-1,x", "items=0-9",
        "bytes=1-2-3", "bytes=+1-2", "bytes=\u0661-", "bytes =0-1", "bytes=0-0," * 500,
        "bytes=" + ",".join(f"{100 * k}-{100 * k}" for k in range(MOST_RANGES + 1)),
    ],
)  # fmt: skip
def test_what_is_ignored(field):
    assert wanted(field, 10_000) is None


@pytest.mark.parametrize(
    "field", ["bytes=1000-", "bytes=-0", "bytes=1000-1001,-0", "bytes=" + "9" * 900 + "-"]
)
def test_what_is_not_there(field):
    with pytest.raises(RangeNotSatisfiable, match="1000 octets"):
        wanted(field, 1000)


def test_nothing_has_no_ranges():
    assert wanted("bytes=0-0", 0) is None


def test_several_come_in_the_order_that_was_asked_for():
    assert wanted("bytes=900-909,0-9", 1000) == ((900, 910), (0, 10))


def test_overlapping_ones_are_joined():
    assert wanted("bytes=500-599,0-9,550-700", 1000) == ((0, 10), (500, 701))


@given(
    st.text(max_size=60) | st.from_regex(r"bytes=([0-9]{0,5}-[0-9]{0,5},?){1,9}", fullmatch=True),
    st.integers(0, 5000),
)
def test_whatever_is_asked_lies_within_and_does_not_overlap(field, size):
    try:
        ranges = wanted(field, size)
    except RangeNotSatisfiable:
        return
    octets = [range(*span) for span in sorted(ranges or ())]
    assert all(0 <= each.start < each.stop <= size for each in octets)
    assert all(before.stop <= after.start for before, after in pairwise(octets))


@given(st.binary(min_size=1, max_size=300), st.integers(0, 400), st.integers(0, 400))
def test_a_range_is_the_slice(body, first, last):
    try:
        ranges = wanted(f"bytes={first}-{last}", len(body))
    except RangeNotSatisfiable:
        assert first >= len(body)
        return
    if ranges is None:
        assert last < first
    else:
        ((start, stop),) = ranges
        assert body[start:stop] == body[first : last + 1]
