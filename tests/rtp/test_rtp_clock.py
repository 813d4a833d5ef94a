import pytest

from edge.media.timebase import NTP_TO_UNIX_S
from edge.rtp.rtp_clock import RtpClock, Step

UNIX = 1_700_000_000.0


def ntp(unix: float) -> int:
    return int((unix + NTP_TO_UNIX_S) * 2**32)


def test_the_earliest_arrival_counts() -> None:
    clock = RtpClock(90_000, 1)
    for number, late in enumerate((0.2, 0.05, 0.0, 0.08)):
        clock.on_unit(number * 3000, 50.0 + number / 30 + late)
    assert clock.arrival_zero == pytest.approx(50.0)
    assert clock.peak_lateness == pytest.approx(0.08)
    assert 0 < clock.lateness < 0.08


def test_a_longer_route_is_followed_within_two_windows() -> None:
    clock = RtpClock(90_000, 1)
    for number in range(30 * 12):
        if number % 150 == 0:
            clock.begin_window(50.0 + number / 30)
        clock.on_unit(number * 3000, 50.0 + number / 30 + (0.1 if number > 30 else 0.0))
    assert clock.arrival_zero == pytest.approx(50.1)
    assert clock.lateness < 0.03


def test_what_is_known_stays_where_little_came_in_a_window() -> None:
    clock = RtpClock(90_000, 1)
    clock.on_unit(0, 50.0)
    clock.begin_window(55.0)
    assert clock.begin_window(60.0) is None, "nothing"
    clock.on_unit(90_000 * 14, 64.9)
    assert clock.begin_window(65.0) is None, "a large key frame, late"
    assert clock.arrival_zero == pytest.approx(50.0)
    clock.move(7.0)
    assert clock.arrival_zero == pytest.approx(57.0)
    clock.on_unit(90_000 * 15, 72.5)
    assert clock.arrival_zero == pytest.approx(57.0)
    assert clock.begin_window(75.0) == pytest.approx(0.5)


def test_reports_are_smoothed_by_their_median() -> None:
    clock = RtpClock(90_000, 1)
    clock.on_unit(0, 50.0)
    for number, wait in enumerate((0.004, 0.001, 0.03, 0.002, 0.003)):
        assert clock.on_report(ntp(UNIX + number + wait), number * 90_000) == (Step.NONE, 0.0)
    assert clock.unix_zero == pytest.approx(UNIX + 0.003, abs=1e-5)


def test_a_report_before_the_first_unit_and_around_the_wrap() -> None:
    clock = RtpClock(90_000, 1)
    clock.on_report(ntp(UNIX), 0xFFFF_FFFF - 44_999)
    assert clock.unix_zero is None
    clock.on_unit(45_000, 50.0)  # a second later, on the other side
    assert clock.unix_zero == pytest.approx(UNIX + 0.5, abs=1e-5)


def test_a_sender_without_a_wall_clock_tells_nothing() -> None:
    clock = RtpClock(90_000, 1)
    clock.on_unit(0, 50.0)
    clock.on_report(0, 0)
    assert clock.unix_zero is None


def test_one_odd_report_is_ignored() -> None:
    clock = RtpClock(90_000, 1)
    clock.on_unit(0, 50.0)
    for number, odd in enumerate((0.0, 0.0, 7.0, 0.0, -7.0, 3.0, 0.0)):
        assert clock.on_report(ntp(UNIX + number + odd), number * 90_000) == (Step.NONE, 0.0)
    assert clock.unix_zero == pytest.approx(UNIX, abs=1e-5)


@pytest.mark.parametrize("step", [-3.0, 0.8, 3600.0])
def test_a_wall_clock_that_is_set(step: float) -> None:
    clock = RtpClock(90_000, 1)
    found = []
    for number in range(8):
        clock.on_unit(number * 90_000, 50.0 + number)
        found.append(clock.on_report(ntp(UNIX + number + (step if number >= 4 else 0.0)), number * 90_000))
    assert found[5] == (Step.WALL, pytest.approx(step, abs=1e-5))
    assert [cause for cause, _ in found].count(Step.NONE) == 7
    assert clock.unix_zero == pytest.approx(UNIX + step, abs=1e-5)


@pytest.mark.parametrize("step", [-2.0, 0.8, 3.0])
def test_an_rtp_clock_that_is_set(step: float) -> None:
    """It stood still for `step` seconds, or jumped ahead."""
    clock = RtpClock(90_000, 1)
    found = []
    for number in range(8):
        rtp_time = round((number - (step if number >= 4 else 0.0)) * 90_000)
        clock.on_unit(rtp_time, 50.0 + number)
        found.append(clock.on_report(ntp(UNIX + number), rtp_time & 0xFFFF_FFFF))
    assert found[5] == (Step.RTP, pytest.approx(step, abs=1e-5))
    assert clock.unix_zero == pytest.approx(UNIX + step, abs=1e-5)
    assert clock.arrival_zero == pytest.approx(50.0 + step)


def test_which_clock_was_set_is_told_by_the_next_unit() -> None:
    """Nothing is sent, and reports go on: both clocks may have been set."""
    clock = RtpClock(90_000, 1)
    clock.on_unit(0, 50.0)
    clock.on_report(ntp(UNIX), 0)
    for number in range(1, 4):
        assert clock.on_report(ntp(UNIX + number), (number - 2) * 90_000 & 0xFFFF_FFFF) == (Step.NONE, 0.0)
    clock.on_unit(2 * 90_000, 54.0)
    assert clock.on_report(ntp(UNIX + 4), 2 * 90_000) == (Step.RTP, pytest.approx(2.0, abs=1e-5))


def test_a_wall_clock_that_another_source_found_set() -> None:
    clock = RtpClock(90_000, 1)
    clock.set_wall_clock(5.0)
    assert clock.unix_zero is None
    clock.on_unit(0, 50.0)
    clock.on_report(ntp(UNIX), 0)
    clock.set_wall_clock(5.0)
    assert clock.on_report(ntp(UNIX + 6.0), 90_000) == (Step.NONE, 0.0)
    assert clock.unix_zero == pytest.approx(UNIX + 5.0, abs=1e-5)


def test_what_fits() -> None:
    clock = RtpClock(90_000, 1)
    assert clock.fits(123, 1.0)
    clock.on_unit(0, 50.0)
    assert clock.fits(3000, 50.0)
    assert clock.fits(3000, 55.0)
    assert not clock.fits(3000, 61.0)
    assert not clock.fits(900_000, 50.1)
    assert clock.fits(-80_000, 50.0), "shown before the one that came before it"
    assert not clock.fits(-90_001, 50.0), "set back, not late"
