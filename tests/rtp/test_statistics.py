import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.rtp.packet import RtpPacket
from edge.rtp.rtcp import SenderReport
from edge.rtp.statistics import ReceptionStatistics


def came(statistics: ReceptionStatistics, index: int, timestamp: int, now: float) -> None:
    packet = RtpPacket(96, False, index & 0xFFFF, timestamp, 5, b"")
    packet.index = index
    statistics.on_packets([packet], now)


def test_loss_is_counted_as_in_rfc_3550_a_3() -> None:
    statistics = ReceptionStatistics(5, 90_000)
    for index in (100, 101, 103, 104, 104, 107):
        came(statistics, index, 0, 1.0)
    block = statistics.report_block(2.0)
    assert block.ssrc == 5
    assert block.highest_sequence == 107
    assert block.cumulative_lost == 2  # 8 expected, 6 received, a duplicate among them
    assert block.fraction_lost == 2 * 256 // 8
    assert statistics.report_block(3.0).fraction_lost == 0, "nothing since the last report"
    came(statistics, 109, 0, 1.0)
    assert statistics.report_block(3.0).fraction_lost == 128
    assert statistics.received == 7
    assert statistics.lost == 3


def test_duplicates_make_a_negative_loss() -> None:
    statistics = ReceptionStatistics(5, 90_000)
    for _ in range(3):
        came(statistics, 7, 0, 1.0)
    block = statistics.report_block(2.0)
    assert (block.cumulative_lost, block.fraction_lost) == (-2, 0)


def test_before_the_first_packet() -> None:
    block = ReceptionStatistics(5, 90_000).report_block(2.0)
    assert (block.cumulative_lost, block.fraction_lost, block.jitter, block.delay_since) == (0, 0, 0, 0)


def test_cycles_begin_with_the_first_packet() -> None:
    statistics = ReceptionStatistics(5, 90_000)
    base = 7 << 16  # where a predecessor's numbers ended
    for index in (base + 0xFFFF, base + 0x10000):
        came(statistics, index, 0, 1.0)
    assert statistics.report_block(2.0).highest_sequence == 0x10000
    statistics.restart()
    came(statistics, base + 0x2_0005, 0, 1.0)
    assert statistics.report_block(2.0).highest_sequence == 5
    assert statistics.received == 1


def test_an_early_packet_that_comes_late_is_expected_too() -> None:
    statistics = ReceptionStatistics(5, 90_000)
    for index in (101, 100, 102):
        came(statistics, index, 0, 1.0)
    assert statistics.lost == 0


def test_jitter_is_that_of_a_8_over_pictures() -> None:
    statistics = ReceptionStatistics(5, 90_000)
    jitter = 0.0
    before = None
    late = (0.0, 0.010, 0.0, 0.0, 0.020, 0.001)
    for number, extra in enumerate(late):
        came(statistics, 2 * number, 3000 * number, number / 30 + extra)
        came(statistics, 2 * number + 1, 3000 * number, number / 30 + extra + 0.005)  # the same picture
        if before is not None:
            jitter += (abs(extra - before) * 90_000 - jitter) / 16
        before = extra
    assert statistics.report_block(9.0).jitter == int(jitter)
    assert statistics.jitter_s == pytest.approx(jitter / 90_000)


def test_jitter_survives_the_wrap_of_the_timestamp() -> None:
    statistics = ReceptionStatistics(5, 48_000)
    for number in range(10):
        came(statistics, number, (0xFFFF_FFFF - 3 * 960 + 960 * number) & 0xFFFF_FFFF, number * 0.02)
    assert statistics.jitter_s < 1e-6


def test_the_last_sender_report_is_given_back() -> None:
    statistics = ReceptionStatistics(5, 90_000)
    came(statistics, 1, 0, 1.0)
    statistics.on_sender_report(SenderReport(5, 0xAAAA_BBBB_CCCC_DDDD, 0, 0, 0, ()), 10.0)
    block = statistics.report_block(11.5)
    assert block.last_report == 0xBBBB_CCCC
    assert block.delay_since == 98_304


@given(st.lists(st.tuples(st.integers(1, 3), st.booleans()), min_size=1, max_size=20), st.integers(1, 8))
def test_packets_that_came_together_count_as_one_by_one(steps, together) -> None:
    index, timestamp, packets = 0xFFF8, 0, []
    for gap, is_new_picture in steps:
        index += gap
        timestamp += 3000 * is_new_picture
        packet = RtpPacket(96, False, index & 0xFFFF, timestamp, 5, b"")
        packet.index = index
        packets.append(packet)
    single, many = ReceptionStatistics(5, 90_000), ReceptionStatistics(5, 90_000)
    for start in range(0, len(packets), together):
        run, now = packets[start : start + together], 1.0 + start / 100
        many.on_packets(run, now)
        for packet in run:
            single.on_packets([packet], now)
        assert many.received == single.received == start + len(run)
        assert many.report_block(now) == single.report_block(now)
