"""Which parts the watch page asks for at once, where the server is far: from the key frame before the place where
playback starts.
"""

import pytest

pytestmark = pytest.mark.browser

FIRST = """async ({ segments, edge, gaps }) => {
  const { firstParts } = await import('/pages/media_ahead.js');
  const partList = segments.flatMap(({ sn, start, parts }) => Array.from({ length: parts }, (_, index) => (
    { fragment: { sn, start }, url: `${sn}.${index}`, gap: gaps.includes(`${sn}.${index}`) })));
  return firstParts({ partList, edge, partHoldBack: 0.75 }).map((part) => part.url);
}"""


@pytest.fixture
def first(page, players):
    page.goto(f"{players.base}/players/player.css")

    def ask(*segments, edge, gaps=()):
        listed = [{"sn": sn, "start": start, "parts": parts} for sn, start, parts in segments]
        return page.evaluate(FIRST, {"segments": listed, "edge": edge, "gaps": list(gaps)})

    return ask


def test_the_segment_that_grows_where_it_is_long_enough(first):
    assert first((7, 14.0, 8), (8, 16.0, 4), edge=17.0) == ["8.0", "8.1", "8.2", "8.3"]


def test_the_one_before_it_too_where_playback_starts_there(first):
    assert first((6, 12.0, 2), (7, 14.0, 3), (8, 16.0, 1), edge=16.25) == ["7.0", "7.1", "7.2", "8.0"]


def test_all_where_playback_starts_before_the_first_part_and_never_a_gap(first):
    assert first((8, 16.0, 2), edge=16.5, gaps=["8.1"]) == ["8.0"]


def test_nothing_where_there_are_no_parts(first):
    assert first(edge=16.0) == []


@pytest.mark.parametrize(
    ("first_bytes_ms", "is_far"),
    [
        ([60, 61, 64], True),
        ([90, 3, 44], False),  # a busy processor: one answer was quick, so the line is
        ([0], False),  # out of the browser's cache, or of a server that tells no times
        ([], False),
    ],
)
def test_far_is_by_the_quickest_answer(page, players, first_bytes_ms, is_far):
    page.goto(f"{players.base}/players/player.css")
    timings = [{"requestStart": 100, "responseStart": 100 + ms} for ms in first_bytes_ms]
    asked = "async (timings) => (await import('/pages/media_ahead.js')).isFar(timings)"
    assert page.evaluate(asked, timings) is is_far
