import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.watch.player import Measures, Player


def play(arrivals, *, hold_back=0.75, part=0.25):
    """Parts of a quarter second that end now by their dates, at these moments."""
    player = Player(hold_back, part)
    for at in arrivals:
        player.arrived(part, at, 1000 + at, 1000 + at)
    return player


def test_it_starts_at_the_hold_back_and_plays_at_the_live_edge():
    player = play([0.25 * n for n in range(1, 41)])
    assert player.playing
    assert player.stalls == 0
    assert player.latency.last == pytest.approx(0.75)
    assert player.edge_latency.last == pytest.approx(0.0)
    assert player.jitter.quantile(1.0) == pytest.approx(0.0)


def test_a_late_part_eats_the_buffer_but_does_not_stall():
    player = play([0.25, 0.5, 0.75, 1.0, 1.25 + 0.4, 1.7, 1.8, 2.0])
    assert player.stalls == 0
    assert player.jitter.quantile(1.0) == pytest.approx(0.4)


def test_a_hole_of_two_seconds_is_one_stall():
    times = [0.25 * n for n in range(1, 9)]
    player = play([*times, *(2.0 + time + 2.0 - 0.25 + 0.25 for time in times)])
    assert player.stalls == 1
    assert player.stalled_s == pytest.approx(2.25 - 0.75 + 0.25, abs=0.01)
    assert player.playing
    assert player.buffer_s <= 0.75 + 1e-6


def test_what_a_segment_says_of_its_parts_is_right():
    player = Player(hold_back_s=0.75, part_s=0.25)
    for number in range(8):
        player.arrived(0.251, 0.25 * number, 0, None)
    before = player.buffer_s
    player.correct(-0.008)
    assert player.buffer_s == pytest.approx(before - 0.008)


def test_parts_of_the_past_fill_the_buffer_and_measure_nothing():
    player = Player(0.75, 0.25)
    for _ in range(10):
        player.preload(0.25)
    assert not player.playing
    assert player.jitter.last is None
    assert player.latency.last is None
    player.arrived(0.25, 5.0, 1000.0, 1000.0)
    assert player.playing
    assert player.latency.last == pytest.approx(
        0.75
    )  # not where loading began, but the hold-back from the edge


@given(st.lists(st.floats(0, 3), min_size=1, max_size=60))
def test_media_is_neither_lost_nor_invented(gaps):
    player, now = Player(0.75, 0.25), 0.0
    for gap in gaps:
        now += gap
        player.arrived(0.25, now, now, now)
        assert -1e-6 <= player.buffer_s <= 0.25 * len(gaps) + 1e-6
    player.advance(now + 1000)
    assert not player.playing
    assert player.stalled_s <= now + 1000


@pytest.mark.parametrize(("share", "value"), [(0.0, 1), (0.5, 50), (0.95, 95), (1.0, 100)])
def test_quantiles(share, value):
    measures = Measures()
    for number in range(100, 0, -1):
        measures.add(number)
    assert measures.quantile(share) == value
    assert Measures().quantile(share) is None
