import pytest
from listings import listing, read

from edge.hls.position import Position


@pytest.mark.parametrize(
    ("position", "contained"),
    [
        ((3, 0), True),  # long gone: 6.2.5.2 wants the current playlist
        ((11, 3), True),
        ((12, 1), True),
        ((12, 2), False),
        ((13, 0), False),
        ((11, 4), True),  # one more than the segment has: the next one's first, which is there
        ((11, 9), True),
    ],
)
def test_contains(position, contained):
    assert read(listing(4, 11, 2)).contains(Position(*position)) is contained


def test_the_roll_over_waits_for_the_next_segments_first_part():
    playlist = read(listing(4, 11, 0))
    assert playlist.next_position == Position(12, 0)
    assert not playlist.contains(Position(11, 4))
    assert playlist.contains(Position(11, 3))


def test_durations_and_look_ups():
    playlist = read(listing(4, 11, 2))
    assert playlist.duration == pytest.approx(17.0)
    assert playlist.segment(4).uri == "4.m4s"
    assert playlist.segment(12) is playlist.open
    assert playlist.segment(3) is None
    assert playlist.segment(13) is None
    assert [segment.msn for segment in playlist.complete] == list(range(4, 12))
    assert playlist.hint().uri == "12.2.m4s"
    assert playlist.hint("MAP") is None


def test_an_empty_playlist():
    playlist = read("#EXTM3U\n#EXT-X-TARGETDURATION:2\n")
    assert playlist.next_position == Position(0, 0)
    assert playlist.open is None
    assert not playlist.low_latency
