from fnmatch import fnmatchcase

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.vod.name_pattern import is_pattern, literal_start, matcher


@pytest.mark.parametrize(
    ("pattern", "start", "means_many"),
    [("clips/*", "clips/", True), ("*", "", True), ("clips/a?.mp4", "clips/a", True), ("a[0-9]", "a", True),
     ("clips/a.mp4", "clips/a.mp4", False), ("", "", False)],
)  # fmt: skip
def test_what_is_before_the_first_sign(pattern, start, means_many):
    assert (literal_start(pattern), is_pattern(pattern)) == (start, means_many)


TEXTS = st.text("ab/*?[]!-\n", max_size=12)


@given(TEXTS, TEXTS)
def test_any_pattern_is_that_of_a_shell(pattern, name):
    found = matcher(pattern)(name) is not None
    assert found == fnmatchcase(name, pattern)
    assert not found or name.startswith(literal_start(pattern))
