import pytest

from edge.rtp.reception import Reception
from edge.rtp.reorder import VIDEO_LOSS
from edge.rtp.rtcp import ReceiverReport, SenderReport, parse_rtcp
from tests.rtp.publisher import packet

A, B, C = 0xA, 0xB, 0xC


def reception() -> Reception:
    return Reception(7, 90_000, VIDEO_LOSS)


def indexes(packets) -> list[int]:
    return [one.index for one in packets]


def test_packets_are_counted() -> None:
    made = reception()
    assert made.ssrc == -1
    assert made.feedback(0.0) == []
    assert len(made.receive([packet(1, ssrc=A)], 3.0)) == 1
    assert (made.ssrc, made.packets) == (A, 1)
    made.receive([packet(1, ssrc=A)], 3.1)
    assert (made.packets, made.discarded) == (2, 1)


def test_a_new_source_begins_behind_a_gap_and_what_was_held_comes_first() -> None:
    made = reception()
    made.receive([packet(1, ssrc=A)], 0.0)
    made.receive([packet(3, ssrc=A)], 0.0)
    out = made.receive([packet(4, ssrc=B)], 0.1)
    assert [(one.ssrc, one.sequence) for one in out] == [(A, 3), (B, 4)]
    assert indexes(out)[1] > indexes(out)[0] + 1
    assert made.lost == 1
    assert made.packets == 3


def test_stragglers_of_the_former_source_are_dropped_while_the_new_one_lives() -> None:
    made = reception()
    made.receive([packet(1, ssrc=A)], 0.0)
    made.receive([packet(1, ssrc=B)], 0.1)
    assert list(made.receive([packet(2, ssrc=A)], 0.2)) == []
    assert made.ssrc == B
    assert len(made.receive([packet(3, ssrc=A)], 2.2)) == 1, "it has come back"
    assert made.ssrc == A
    assert len(made.receive([packet(3, ssrc=C)], 2.2)) == 1


def test_reports_tell_of_the_current_source_only() -> None:
    made = reception()
    made.receive([packet(0xFFFF, ssrc=A)], 0.0)
    made.receive([packet(5, ssrc=B)], 0.1)
    made.receive([packet(7, ssrc=B)], 0.2)
    assert not made.on_sender_report(SenderReport(A, 1 << 40, 0, 0, 0, ()), 0.3)
    assert made.on_sender_report(SenderReport(B, 0x1111_2222_3333_4444, 0, 0, 0, ()), 0.5)
    (report,) = (one for one in map(parse_rtcp, made.feedback(1.0)) if isinstance(one[0], ReceiverReport))
    (block,) = report[0].blocks
    assert (block.ssrc, block.highest_sequence, block.cumulative_lost) == (B, 7, 1)
    assert (block.last_report, block.delay_since) == (0x2222_3333, 32_768)
    assert report[0].ssrc == 7


def test_reports_keep_their_beat_but_do_not_catch_up() -> None:
    made = reception()
    made.receive([packet(1, ssrc=A)], 0.0)
    sent = [tick / 50 for tick in range(200) if made.feedback(tick / 50)]
    assert sent == [1.0, 2.0, 3.0]
    assert len(made.feedback(9.0)) == 1
    assert made.feedback(9.02) == []


def test_nacks_are_written_and_retransmissions_taken() -> None:
    made = reception()
    made.receive([packet(1, ssrc=A)], 0.0)
    made.receive([packet(3, ssrc=A)], 0.0)
    assert not made.urgent(0.0)
    made.receive([packet(4, ssrc=A)], 0.001)
    assert made.urgent(0.001)
    assert made.feedback(0.001) == [bytes.fromhex("81cd0003 00000007 0000000a 00020000")]
    assert not made.urgent(0.002)
    assert made.nacked == 1
    out = made.receive_rtx([packet(77, payload=b"\x00\x02\x41lost", ssrc=C)], 0.04)
    assert [one.sequence for one in out] == [2, 3, 4]
    assert (out[0].payload, out[0].ssrc) == (b"\x41lost", A)
    assert made.recovered == 1
    assert made.packets == 3, "retransmissions on another source are not in the statistics"
    assert made.round_trip_s == pytest.approx(0.039)


def test_a_retransmission_on_the_same_source() -> None:
    made = reception()
    for sequence in (1, 3, 4):
        made.receive([packet(sequence, ssrc=A)], 0.0)
    made.feedback(0.0)
    assert [one.sequence for one in made.receive([packet(2, ssrc=A)], 0.05)] == [2, 3, 4]
    assert made.recovered == 1


def test_retransmissions_before_anything_else_are_nothing() -> None:
    assert list(reception().receive_rtx([packet(77, payload=b"\x00\x02x", ssrc=C)], 0.0)) == []


def test_a_sender_that_begins_again_is_counted_anew() -> None:
    made = reception()
    made.receive([packet(1, ssrc=A)], 0.0)
    for sequence in (30_000, 30_001, 30_002):
        made.receive([packet(sequence, ssrc=A)], 0.1)
    (report,) = parse_rtcp(made.feedback(1.1)[0])
    assert isinstance(report, ReceiverReport)
    assert report.blocks[0].cumulative_lost == 0
    assert report.blocks[0].highest_sequence == 30_002
    assert made.packets == 3


def test_the_deadline_comes_with_the_clock() -> None:
    made = reception()
    made.receive([packet(1, ssrc=A)], 0.0)
    made.receive([packet(3, ssrc=A)], 0.0)
    assert list(made.expire(0.29)) == []
    assert [one.sequence for one in made.expire(0.31)] == [3]
