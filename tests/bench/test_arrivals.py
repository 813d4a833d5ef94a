import pytest

from bench.arrivals import Arrivals, latency, spread_ms


def test_latency_counts_from_the_moment_the_part_was_complete() -> None:
    arrivals = Arrivals()
    for at in (10.010, 10.030, 10.020):
        arrivals.note(b"a", at)
    found = latency({b"a": 10.0}, arrivals, {b"a": 3}, 9, 11)
    assert (found.expected, found.missed) == (3, 0)
    assert found.percentile_ms(0.5) == pytest.approx(20)
    assert found.percentile_ms(0.99) == pytest.approx(30)


def test_who_never_got_his_part_waits_for_ever() -> None:
    arrivals = Arrivals()
    for _ in range(98):
        arrivals.note(b"a", 1.001)
    found = latency({b"a": 1.0}, arrivals, {b"a": 100}, 0, 2)
    assert found.missed == 2
    assert found.percentile_ms(0.5) == pytest.approx(1)
    assert found.percentile_ms(0.99) is None


def test_a_part_that_nobody_got_counts_as_well() -> None:
    assert latency({b"a": 1.0}, Arrivals(), {b"a": 5}, 0, 2).missed == 5


def test_only_parts_of_the_window_count() -> None:
    arrivals = Arrivals()
    for target, at in ((b"before", 1.0), (b"in", 2.1), (b"after", 3.5)):
        arrivals.note(target, at)
    complete = {b"before": 0.9, b"in": 2.0, b"after": 3.0}
    found = latency(complete, arrivals, dict.fromkeys(complete, 1), 2.0, 3.0)
    assert (found.expected, len(found.ordered_s)) == (1, 1)


def test_of_nothing_there_is_no_percentile() -> None:
    assert latency({}, Arrivals(), {}, 0, 1).percentile_ms(0.5) is None


def test_without_a_clock_the_first_viewer_is_the_reference() -> None:
    arrivals = Arrivals()
    for at in (5.3, 5.1, 5.2):
        arrivals.note(b"a", at)
    assert arrivals.first() == {b"a": 5.1}
    assert spread_ms(arrivals.first(), arrivals, 5, 6) == pytest.approx(200)
