"""The receivers against a seeded network in virtual time."""

import itertools
import random
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.rtp.receiver import AudioReceiver, VideoReceiver
from edge.rtp.reorder import NO_RETRANSMISSION, LossPolicy
from edge.rtp.rtcp import SenderReport, parse_rtcp
from tests.rtp.publisher import MEDIA_SSRC, PPS, SPS, Network, Run, VideoPublisher, opus, packet, stap_a

OURS = 7


def contents(units):
    return [(unit.rtp_time & 0xFFFF_FFFF, unit.nals, unit.key) for unit in units]


def sent(publisher):
    return [(picture.timestamp & 0xFFFF_FFFF, picture.nals, picture.key) for picture in publisher.pictures]


def run(seed, *, pictures=60, loss=0.0, jitter_s=0.0, duplicates=0.0, receiver=None, **publisher):
    rng = random.Random(seed)
    made = Run(
        VideoPublisher(rng, **publisher),
        Network(rng, loss=loss, jitter_s=jitter_s, duplicates=duplicates),
        receiver or VideoReceiver(OURS),
    )
    made.pictures(pictures)
    return made


def test_a_clean_network_gives_every_picture_with_its_last_packet() -> None:
    made = run(1)
    assert contents(made.units) == sent(made.publisher)
    assert not any(unit.damaged for unit in made.units)
    assert made.released == [unit.arrival for unit in made.units]
    assert made.publisher.nacked == 0
    assert made.receiver.counts().lost == 0


@settings(deadline=None, max_examples=120)
@given(
    seed=st.integers(0, 2**32),
    loss=st.sampled_from((0.0, 0.02, 0.05, 0.2)),
    jitter_s=st.sampled_from((0.0, 0.002, 0.03)),
    duplicates=st.sampled_from((0.0, 0.1)),
    padding=st.sampled_from((0.0, 0.1)),
    rtx=st.booleans(),
    aggregate=st.booleans(),
    sequence=st.sampled_from((0, 0xFFC0, 0x7FF0)),
    timestamp=st.sampled_from((0, 0xFFFF_0000, 0x7FFF_F000)),
)
def test_what_goes_in_comes_out_in_order_when_retransmissions_are_in_time(
    seed, loss, jitter_s, duplicates, padding, rtx, aggregate, sequence, timestamp
) -> None:
    made = run(
        seed, loss=loss, jitter_s=jitter_s, duplicates=duplicates, padding_chance=padding, rtx=rtx,
        aggregate=aggregate, sequence=sequence, timestamp=timestamp, gop=20,
    )  # fmt: skip
    assert contents(made.units) == sent(made.publisher)
    assert not any(unit.damaged for unit in made.units)
    times = [unit.rtp_time for unit in made.units]
    assert [b - a for a, b in itertools.pairwise(times)] == [3000] * (len(times) - 1)
    assert max(b - a.arrival for a, b in zip(made.units, made.released, strict=True)) < 0.3
    counts = made.receiver.counts()
    assert counts.lost == 0
    assert counts.recovered > 0 or not made.network.lost


@settings(deadline=None, max_examples=120)
@given(
    seed=st.integers(0, 2**32),
    loss=st.sampled_from((0.005, 0.02, 0.1)),
    jitter_s=st.sampled_from((0.0, 0.01)),
    answers_pli=st.booleans(),
    aggregate=st.booleans(),
    pass_damaged=st.booleans(),
    sequence=st.sampled_from((0, 0xFFC0)),
)
def test_unrecovered_loss_never_gives_a_broken_picture_for_whole_and_ends_with_a_key_frame(
    seed, loss, jitter_s, answers_pli, aggregate, pass_damaged, sequence
) -> None:
    made = run(
        seed, loss=loss, jitter_s=jitter_s, answers_nack=False, answers_pli=answers_pli, aggregate=aggregate,
        sequence=sequence, gop=15, pictures=90, receiver=VideoReceiver(OURS, pass_damaged=pass_damaged),
    )  # fmt: skip
    assert_sound(made)
    assert pass_damaged or not answers_pli or not any(unit.damaged for unit in made.units)


def assert_sound(made: Run) -> None:
    lost = {struct.unpack_from("!H", identity, 2)[0] for identity in made.network.lost}
    whole = {unit.rtp_time: unit for unit in made.units if not unit.damaged}
    intact = False  # since the last key frame
    for picture in made.publisher.pictures:
        complete = not lost & {sequence & 0xFFFF for sequence in picture.sequences}
        intact = complete and (picture.key or intact)
        out = whole.get(picture.timestamp)
        if intact:
            assert out is not None, "everything from a whole key frame to the next loss can be shown"
            assert out.nals == picture.nals
            assert out.key == picture.key
        else:
            assert out is None, "a picture that is not whole, or builds on one, must not look whole"


def test_damaged_units_are_passed_on_when_wanted_and_hold_whole_nal_units_only() -> None:
    made = run(
        5, loss=0.03, answers_nack=False, answers_pli=False, gop=40, pictures=120,
        receiver=VideoReceiver(OURS, pass_damaged=True),
    )  # fmt: skip
    damaged = [unit for unit in made.units if unit.damaged]
    assert damaged
    originals = {picture.timestamp: set(picture.nals) for picture in made.publisher.pictures}
    for unit in damaged:
        assert set(unit.nals) <= originals[unit.rtp_time]
    assert [unit.rtp_time for unit in made.units] == sorted(unit.rtp_time for unit in made.units)


@pytest.mark.parametrize(("answers_pli", "feedback"), [(False, "pli"), (True, "pli"), (False, None)])
def test_a_publisher_without_an_ear_for_requests_is_not_frozen_for_its_whole_gop(answers_pli, feedback):
    """Key frames every 10 s, as OBS sends them unless told otherwise; one loss in the second GOP."""
    made = run(
        3, answers_nack=False, answers_pli=answers_pli, gop=300, pictures=310,
        receiver=VideoReceiver(OURS, feedback=feedback),
    )  # fmt: skip
    if feedback:
        for _ in range(150):  # on the segment clock
            made.receiver.request_key_frame(made.now)
            made.pictures(1, tail_s=0.0)
    before = len(made.units)
    made.network.loss = 1.0
    made.network.most_losses_of_one = 100
    made.pictures(1, tail_s=0.0)
    made.network.loss = 0.0
    made.pictures(60)
    after = made.units[before:]
    assert any(unit.damaged for unit in after) is not answers_pli
    assert len(after) >= 45, "no second of freezing"


def test_a_loss_freezes_until_the_key_frame_that_is_asked_for() -> None:
    made = run(3, pictures=30, gop=1000)
    frozen_from = made.publisher.pictures[-1].timestamp
    made.network.loss = 1.0
    made.network.most_losses_of_one = 100
    made.publisher.answers_nack = False
    made.pictures(1, tail_s=0.0)
    made.network.loss = 0.0
    made.pictures(40)
    keys = [unit for unit in made.units if unit.key]
    assert len(keys) == 2
    assert not [unit for unit in made.units if frozen_from < unit.rtp_time < keys[1].rtp_time]
    assert made.units[-1].rtp_time == made.publisher.pictures[-1].timestamp
    # given up after 300 ms, a way there, the next picture, a way back
    assert keys[1].rtp_time - frozen_from < 0.5 * 90_000


def test_nothing_comes_out_before_the_first_key_frame_and_it_is_asked_for() -> None:
    receiver = VideoReceiver(OURS, pass_damaged=True)
    assert list(receiver.receive([packet(1, 0, b"\x41abc", marker=True)], 0.0)) == []
    assert receiver.tick(0.01) == ((), [bytes.fromhex("81ce0002 00000007 11223344")])
    for number in range(2, 20):
        assert (
            list(receiver.receive([packet(number, number * 3000, b"\x41abc", marker=True)], number / 30))
            == []
        )
    key = stap_a(SPS, PPS, b"\x65abc")
    units = receiver.receive([packet(20, 60_000, key, marker=True)], 20 / 30)
    assert contents(units) == [(60_000, (SPS, PPS, b"\x65abc"), True)]
    assert receiver.counts().units_dropped == 19


def test_a_key_frame_that_is_coming_in_is_not_asked_for() -> None:
    receiver = VideoReceiver(OURS)
    receiver.receive([packet(1, 0, stap_a(SPS, PPS))], 0.0)
    assert receiver.tick(0.01)[1] == []
    receiver.request_key_frame(0.01)
    assert receiver.tick(0.02)[1] == []


def test_a_key_frame_can_be_asked_for_by_fir_or_not_at_all() -> None:
    for feedback, expected in (("fir", "84ce0004 00000007 00000000 11223344 01000000"), (None, "")):
        receiver = VideoReceiver(OURS, feedback=feedback)
        receiver.receive([packet(1, 0, b"\x41abc")], 0.0)
        assert b"".join(receiver.tick(0.01)[1]) == bytes.fromhex(expected)


def test_key_frame_requests_in_steady_state_go_out_with_the_next_tick() -> None:
    made = run(1, pictures=3, gop=1000)
    assert not made.publisher.plis
    made.receiver.request_key_frame(made.now)
    _, packets = made.receiver.tick(made.now)
    assert packets == [bytes.fromhex("81ce0002 00000007 11223344")]


def test_a_resolution_change_is_a_key_frame_with_other_parameter_sets() -> None:
    receiver = VideoReceiver(OURS)
    other = bytes.fromhex("6742c01fd900a0479bff")
    units = []
    for number, sets in enumerate((SPS, None, other, None)):
        body = stap_a(sets, PPS, b"\x65key") if sets else b"\x41delta"
        units += receiver.receive([packet(number, number * 3000, body, marker=True)], number / 30)
    assert [unit.nals[0] for unit in units if unit.key] == [SPS, other]
    assert len(units) == 4


def test_the_ssrc_may_change_in_the_middle() -> None:
    receiver = VideoReceiver(OURS)
    rng = random.Random(4)
    old = Run(VideoPublisher(rng), Network(rng), receiver)
    old.pictures(20, tail_s=0.1)
    fresh = VideoPublisher(rng, ssrc=0xABCD, sequence=0xFFF8, timestamp=0xFFFF_FF00)
    new = Run(fresh, Network(rng), receiver, start=old.now)
    new.pictures(20)
    assert receiver.ssrc == 0xABCD
    assert contents(old.units) == sent(old.publisher)
    assert contents(new.units) == sent(fresh)
    assert {unit.ssrc for unit in new.units} == {0xABCD}
    assert receiver.counts().packets == len(old.publisher.store) + len(fresh.store)


def test_an_ssrc_that_begins_without_a_key_frame_gives_nothing_until_one() -> None:
    made = run(2, pictures=10, gop=1000)
    units = made.receiver.receive([packet(77, 5, b"\x41delta", marker=True, ssrc=0xABCD)], made.now)
    assert list(units) == []
    packets = made.receiver.tick(made.now)[1]
    assert bytes.fromhex("81ce0002 00000007 0000abcd") in packets


def test_sender_reports_of_other_sources_are_refused() -> None:
    made = run(2, pictures=3)
    report = SenderReport(MEDIA_SSRC, 1 << 40, 0, 0, 0, ())
    assert made.receiver.on_sender_report(report, made.now)
    assert not made.receiver.on_sender_report(SenderReport(1, 1 << 40, 0, 0, 0, ()), made.now)


def test_receiver_reports_come_every_second() -> None:
    made = run(6, pictures=160)
    reports = [when for when, data in made.rtcp if data[1] == 201]
    assert len(reports) == 6
    assert all(0.95 < b - a < 1.05 for a, b in itertools.pairwise(reports))
    _, last = [(when, data) for when, data in made.rtcp if data[1] == 201][-1]
    (report,) = parse_rtcp(last)
    assert report.blocks[0].ssrc == MEDIA_SSRC
    assert report.blocks[0].highest_sequence == made.publisher.sequence - 1


def test_without_nack_only_reordering_is_waited_for() -> None:
    made = run(8, loss=0.02, jitter_s=0.02, gop=10, receiver=VideoReceiver(OURS, loss=NO_RETRANSMISSION))
    assert made.publisher.nacked == 0
    assert max(b - a.arrival for a, b in zip(made.units, made.released, strict=True)) < 0.08
    assert_sound(made)


def test_streams_without_idr_pictures_start_at_a_recovery_point_after_a_while() -> None:
    receiver = VideoReceiver(OURS)
    recovery = bytes.fromhex("06060180 80".replace(" ", ""))
    units = []
    for number in range(400):
        now = number / 30
        units += receiver.receive(
            [packet(number, number * 3000, stap_a(SPS, PPS, recovery, b"\x41x"), marker=True)], now
        )
        units += receiver.tick(now)[0]
    assert units[0].key
    assert 10.0 <= units[0].rtp_time / 90_000 < 10.2


@pytest.mark.parametrize("ssrc_changes", [False, True])
def test_audio_keeps_its_order_and_leaves_gaps(ssrc_changes) -> None:
    receiver = AudioReceiver(OURS)
    units = []
    for number in range(100):
        now = number * 0.02
        ssrc = 5 if ssrc_changes and number >= 60 else 4
        if number != 30:
            units += opus(receiver, number, now, ssrc=ssrc)
        units += receiver.tick(now + 0.001)[0]
    assert [unit.rtp_time // 960 for unit in units] == [number for number in range(100) if number != 30]
    assert units[0].payload == b"\xfc\0\0\0\0"
    assert all(unit.key and not unit.damaged for unit in units)
    counts = receiver.counts()
    assert (counts.packets, counts.lost, counts.recovered) == (99, 1, 0)
    assert counts.nacked >= 3


def test_audio_waits_no_longer_than_its_deadline() -> None:
    receiver = AudioReceiver(OURS, loss=LossPolicy(deadline_s=0.12))
    opus(receiver, 1, 0.0)
    assert list(opus(receiver, 3, 0.04)) == []
    assert list(receiver.tick(0.159)[0]) == []
    assert [unit.rtp_time for unit in receiver.tick(0.161)[0]] == [3 * 960]


def test_audio_takes_retransmissions() -> None:
    receiver = AudioReceiver(OURS)
    opus(receiver, 1, 0.0)
    opus(receiver, 3, 0.04)
    assert receiver.urgent(0.05)
    assert receiver.tick(0.05)[1] == [bytes.fromhex("81cd0003 00000007 11223344 00020000")]
    repeated = packet(900, 2 * 960, b"\x00\x02\xfc\x09", ssrc=99, payload_type=112)
    assert [unit.rtp_time // 960 for unit in receiver.receive_rtx([repeated], 0.08)] == [2, 3]
    assert receiver.counts().recovered == 1
    assert receiver.counts().round_trip_s == pytest.approx(0.03)


class Lazy:
    """Ticks only when it is not calm, as the intake has it."""

    def __init__(self, receiver):
        self._receiver = receiver

    def __getattr__(self, name):
        return getattr(self._receiver, name)

    def tick(self, now):
        return ((), []) if self.is_calm(now) else self._receiver.tick(now)


@settings(deadline=None, max_examples=60)
@given(
    seed=st.integers(0, 2**32),
    loss=st.sampled_from((0.0, 0.02, 0.2)),
    jitter_s=st.sampled_from((0.0, 0.03)),
    duplicates=st.sampled_from((0.0, 0.1)),
    rtx=st.booleans(),
)
def test_a_receiver_that_is_calm_misses_nothing_without_its_tick(
    seed, loss, jitter_s, duplicates, rtx
) -> None:
    network = {"loss": loss, "jitter_s": jitter_s, "duplicates": duplicates, "rtx": rtx}
    lazy, always = run(seed, **network, receiver=Lazy(VideoReceiver(OURS))), run(seed, **network)
    assert (lazy.units, lazy.released) == (always.units, always.released)
    assert lazy.receiver.counts() == always.receiver.counts()
