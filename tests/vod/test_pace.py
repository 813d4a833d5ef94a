import pytest

from edge.vod.pace import Pace


def test_octets_take_their_time_and_a_pause_earns_nothing():
    pace = Pace(100.0, now=10.0)
    assert pace.after(50, 10.0) == pytest.approx(0.5)
    assert pace.after(50, 10.2) == pytest.approx(0.8), "who came early waits for both"
    assert pace.after(100, 30.0) == pytest.approx(1.0), "an idle minute is not a debt to be paid at once"


def test_a_rate_is_kept_whatever_the_pieces():
    pace, now = Pace(1_000.0, now=0.0), 0.0
    for size in (1, 999, 500, 2_000, 250, 250):
        now += pace.after(size, now)
    assert now == pytest.approx(4.0)
