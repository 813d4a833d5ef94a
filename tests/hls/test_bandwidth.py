from edge.hls.bandwidth import Bandwidth
from edge.hls.segment import TICKS


def test_nothing_measured_is_nothing():
    assert (Bandwidth().peak, Bandwidth().average) == (0, 0)


def test_the_average_is_of_all_segments():
    bandwidth = Bandwidth()
    bandwidth.add(2 * TICKS, 100_000, 2)
    bandwidth.add(2 * TICKS, 300_000, 2)
    assert bandwidth.average == 800_000


def test_the_peak_is_that_of_any_run_of_half_to_one_and_a_half_target_durations():
    bandwidth = Bandwidth()
    for size in (100_000, 300_000, 100_000):
        bandwidth.add(2 * TICKS, size, 2)
    assert bandwidth.peak == 1_200_000


def test_a_segment_shorter_than_half_a_target_duration_counts_with_its_neighbour():
    bandwidth = Bandwidth()
    bandwidth.add(2 * TICKS, 100_000, 2)
    bandwidth.add(TICKS // 10, 100_000, 2)  # 8 Mbit/s for a tenth of a second is no peak
    assert bandwidth.peak == round(200_000 * 8 / 2.1 + 0.5)


def test_short_segments_at_the_start_count_together():
    bandwidth = Bandwidth()
    for _ in range(2):
        bandwidth.add(TICKS // 2, 10_000, None)
    bandwidth.add(TICKS // 2, 40_000, 2)
    assert bandwidth.peak == 400_000  # the last second; half a second alone would be too short


def test_the_peak_is_never_below_the_average():
    bandwidth = Bandwidth()
    bandwidth.add(TICKS // 2, 100_000, None)
    assert bandwidth.peak == bandwidth.average == 1_600_000
