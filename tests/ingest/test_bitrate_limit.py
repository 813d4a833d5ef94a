import pytest

from edge.errors import PublishError
from edge.ingest.bitrate_limit import BitrateLimit


def run(rate, seconds: float, limit=1_000_000) -> float | None:
    """When it is told to go."""
    one, now = BitrateLimit(limit), 100.0
    while now < 100 + seconds:
        try:
            one.tick(now)
        except PublishError:
            return now - 100
        one.add(int(rate(now - 100) * 0.02 / 8))
        now += 0.02
    return None


def test_within_bounds_for_ever():
    assert run(lambda _: 1_400_000, 120) is None


def test_over_it_for_ten_seconds():
    assert run(lambda _: 1_700_000, 60) == pytest.approx(10, abs=0.5)


def test_who_follows_stays():
    assert run(lambda t: 8_000_000 if t < 6 else 900_000, 60) is None
    assert run(lambda t: 8_000_000 if t % 10 < 4 else 500_000, 60) is None


def test_the_bitrate_is_that_of_the_last_period_and_before_it_all_that_may_come():
    one = BitrateLimit(1_000_000)
    one.tick(100.0)
    one.add(50_000)
    one.tick(101.9)
    assert one.bitrate == 1_000_000
    one.tick(102.0)
    assert one.bitrate == 200_000
    one.tick(104.0)
    assert one.bitrate == 0


def test_a_pause_is_no_credit():
    assert run(lambda t: 0 if t < 20 else 2_000_000, 60) == pytest.approx(30, abs=2.5)
