"""The dates of a playlist: taken out of it for hls.js, and known by segment."""

import pytest

pytestmark = pytest.mark.browser

FULL = """#EXTM3U
#EXT-X-TARGETDURATION:2
#EXT-X-MEDIA-SEQUENCE:7
#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:00.000Z
#EXTINF:2,
a/7.m4s
#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:02.000Z
#EXT-X-PART:DURATION=0.25,URI="a/8.0.m4s"
#EXTINF:2,
a/8.m4s
#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:01:00.500Z
#EXT-X-PART:DURATION=0.25,URI="a/9.0.m4s"
"""

DELTA = """#EXTM3U
#EXT-X-MEDIA-SEQUENCE:8
#EXT-X-SKIP:SKIPPED-SEGMENTS=1
#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:01:00.500Z
#EXTINF:2,
a/9.m4s
#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:01:02.500Z
#EXT-X-PART:DURATION=0.25,URI="a/10.0.m4s"
"""

TAKE = """async (texts) => {
  const { PlaylistDates } = await import('/pages/playlist_dates.js');
  const dates = new PlaylistDates();
  const left = texts.map((text) => dates.take(text));
  const known = [6, 7, 8, 9, 10, 11].map((number) => dates.at(number, 0.25));
  return { left, known };
}"""


@pytest.fixture
def take(page, players):
    page.goto(f"{players.base}/players/player.css")
    return lambda *texts: page.evaluate(TAKE, list(texts))


def at(seconds):
    return 1_767_225_600_000 + 1000 * seconds


def test_dates_are_known_by_segment_and_nothing_else_is_changed(take):
    told = take(FULL)
    kept = [line for line in FULL.split("\n") if "DATE-TIME" not in line]
    assert told["left"] == ["\n".join(kept)]
    assert told["known"] == [None, at(0.25), at(2.25), at(60.75), None, None]


def test_a_delta_counts_what_it_skips_and_old_segments_are_forgotten(take):
    assert take(FULL, DELTA)["known"] == [None, None, at(2.25), at(60.75), at(62.75), None]


def test_a_multivariant_playlist_has_none(take):
    text = "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nmain.m3u8\n"
    assert take(text) == {"left": [text], "known": [None] * 6}
