"""Packets in, units and feedback out; virtual time from 100 on."""

from struct import pack

import pytest
from hypothesis import given
from hypothesis import strategies as st
from short_offers import offer
from units import IDR, OPUS, PPS, SLICE, SPS

from edge.errors import NameTaken
from edge.ingest.intake import MOST_LANES, Intake
from edge.ingest.sdp import negotiate, parse_offer
from edge.ingest.slot import LARGEST, filled
from edge.rtp.timeline import Timeline

VIDEO, AUDIO, RTX = 0x1111, 0x2222, 0x3333
STAP_A = b"\x18" + b"".join(pack(">H", len(nal)) + nal for nal in (SPS, PPS, IDR))
NACK, PLI, REMB, TWCC, REPORT, FIR = (205, 1), (206, 1), (206, 15), (205, 15), (201, 1), (206, 4)


class FakePump:
    def __init__(self):
        self.units = []
        self.wants = False
        self.ticks = 0
        self.refusal = None

    def video(self, unit, now):
        if self.refusal:
            raise self.refusal
        self.units.append(("video", unit.rtp_time, unit.nals))

    def audio(self, unit, now):
        self.units.append(("audio", unit.rtp_time, unit.nals))

    def tick(self, now, source_now, heard_at):
        self.ticks += 1

    def wants_key_frame(self, source_now):
        return self.wants


class Rig:
    def __init__(self, **options):
        self.sent = []
        self.pump = FakePump()
        self.timeline = Timeline()
        self.intake = Intake(
            negotiate(parse_offer(offer(**options))),
            self.pump,
            self.timeline,
            ssrc=7,
            max_bitrate=8_000_000,
            send=self.sent.append,
        )

    def rtp(self, packets, now):
        """They lie in memory that others fill afterwards."""
        slots = filled(packets)
        self.intake.rtp([(one.octets, one.begin, one.begin + len(one.data)) for one in slots], now)
        for slot in slots:
            slot.put(b"\xaa" * LARGEST)

    def kinds(self):
        return [(packet[1], packet[0] & 31) for packet in self.sent]


def rtp(sequence, payload=SLICE, *, timestamp=None, kind=96, ssrc=VIDEO, marker=True, extensions=()):
    """`extensions` are pairs of id and data, in the one-byte form."""
    time = sequence * 3000 if timestamp is None else timestamp
    first = 0x90 if extensions else 0x80
    head = pack(">BBHII", first, marker << 7 | kind, sequence, time, ssrc)
    if extensions:
        block = b"".join(bytes((number << 4 | len(data) - 1,)) + data for number, data in extensions)
        block += bytes(-len(block) % 4)
        head += pack(">HH", 0xBEDE, len(block) // 4) + block
    return head + payload


def sender_report(ssrc, ntp=0x83AA7E80_00000000, rtp_time=0):
    return pack(">BBHIQIII", 0x80, 200, 6, ssrc, ntp, rtp_time, 1, 1)


def test_payload_types_tell_sound_from_pictures():
    rig = Rig()
    rig.rtp([rtp(0, STAP_A)], 100.0)
    rig.rtp([rtp(0, OPUS, kind=111, ssrc=AUDIO)], 100.0)
    assert [(kind, nals) for kind, _, nals in rig.pump.units] == [
        ("video", (SPS, PPS, IDR)),
        ("audio", (OPUS,)),
    ]


def test_what_was_not_negotiated_is_dropped():
    rig = Rig(audio=False)
    rig.rtp([rtp(0, OPUS, kind=111, ssrc=AUDIO)], 100.0)
    rig.rtp([rtp(0, STAP_A, kind=50), rtp(1, STAP_A, kind=50)], 100.0)
    assert rig.pump.units == []
    assert rig.intake.unknown_payload_types == 3
    assert rig.intake.unnamed_layers == 0


def test_a_gap_is_asked_for_at_once_and_filled_from_the_other_ssrc():
    rig = Rig()
    rig.rtp([rtp(0, STAP_A)], 100.0)
    for sequence in (1, 3, 4, 5):
        rig.rtp([rtp(sequence)], 100.0 + sequence / 30)
    assert NACK in rig.kinds()
    rig.rtp([rtp(0, pack(">H", 2) + SLICE, timestamp=2 * 3000, kind=97, ssrc=RTX)], 100.2)
    assert [time for _, time, _ in rig.pump.units] == [0, 3000, 6000, 9000, 12000, 15000]
    assert rig.intake.video.counts().recovered == 1


def test_a_publisher_without_nack_is_not_asked_to_repeat():
    rig = Rig(feedback=("nack pli",))
    rig.rtp([rtp(0, STAP_A)], 100.0)
    rig.rtp([rtp(5)], 100.1)
    for tick in range(20):
        rig.intake.tick(100.1 + tick / 50, 100.1)
    assert NACK not in rig.kinds()


@pytest.mark.parametrize(
    ("feedback", "request_kind"), [(("nack", "nack pli"), PLI), (("ccm fir",), FIR), (("nack",), None)]
)
def test_key_frames_are_asked_for_in_the_way_that_was_negotiated(feedback, request_kind):
    rig = Rig(feedback=feedback)
    rig.rtp([rtp(0, STAP_A)], 100.0)
    rig.pump.wants = True
    rig.intake.tick(100.7, 100.7)
    assert [kind for kind in rig.kinds() if kind in {PLI, FIR}] == ([request_kind] if request_kind else [])


def test_a_first_packet_without_a_key_frame_asks_for_one_with_the_next_tick():
    rig = Rig()
    rig.intake.tick(99.9, 99.9)
    assert rig.sent == []
    rig.rtp([rtp(0)], 100.0)
    rig.intake.tick(100.01, 100.0)
    assert rig.kinds().count(PLI) == 1
    for tick in range(1, 60):
        rig.intake.tick(100.01 + tick / 50, 100.0)
    assert rig.kinds().count(PLI) == 3, "every 500 ms"


def test_reports_and_the_bitrate_go_out_once_a_second():
    rig = Rig()
    for tick in range(200):
        now = 100 + tick / 50
        rig.rtp([rtp(tick, STAP_A)], now)
        rig.intake.tick(now, now)
    assert 3 <= rig.kinds().count(REPORT) <= 4
    assert rig.kinds().count(REMB) == 4
    assert rig.pump.ticks == 200


def test_transport_wide_feedback_covers_all_packets():
    rig = Rig()
    for number in range(30):
        is_video = number % 2
        packet = rtp(
            number // 2,
            SLICE if is_video else OPUS,
            kind=96 if is_video else 111,
            ssrc=VIDEO if is_video else AUDIO,
            extensions=[(3, pack(">H", number))],
        )
        rig.rtp([packet], 100 + number / 100)
        rig.intake.tick(100 + number / 100, 100.0)
    feedback = [packet for packet in rig.sent if (packet[1], packet[0] & 31) == TWCC]
    assert feedback
    assert sum(int.from_bytes(packet[14:16]) for packet in feedback) >= 20


def test_without_transport_wide_numbers_there_is_no_such_feedback():
    rig = Rig()
    for number in range(30):
        rig.rtp([rtp(number, STAP_A)], 100 + number / 100)
        rig.intake.tick(100 + number / 100, 100.0)
    assert TWCC not in rig.kinds()


def test_of_simulcast_one_layer_is_taken():
    rig = Rig(simulcast=True)
    for sequence in range(4):
        rig.rtp([rtp(sequence, STAP_A, extensions=[(4, b"h")] if sequence else ())], 100.0)
        rig.rtp([rtp(sequence, STAP_A, ssrc=0x4444, extensions=[(4, b"l")])], 100.0)
        rig.rtp([rtp(sequence, STAP_A, ssrc=0x4444)], 100.0)
    assert rig.intake.video.ssrc == VIDEO
    assert rig.intake.video.counts().packets == 3, "the first did not tell its layer"
    assert rig.intake.unnamed_layers == 1
    assert rig.intake.unknown_payload_types == 0


def test_a_sender_report_before_its_first_packet_is_kept():
    rig = Rig()
    rig.intake.rtcp(sender_report(VIDEO), 100.0)
    assert rig.timeline.skew is None
    rig.rtp([rtp(0, STAP_A)], 100.0)
    rig.timeline.place("video", 0, 100.0, VIDEO)
    assert rig.timeline.skew == pytest.approx(-100.0)


def test_malformed_packets_are_counted_and_harm_nobody():
    rig = Rig()
    rig.rtp([b"\x00" * 20], 100.0)
    rig.rtp([b"\x80"], 100.0)
    rig.intake.rtcp(b"\x80\xc8\xff\xff", 100.0)
    assert (rig.intake.malformed, rig.intake.malformed_reports) == (2, 1)


def test_any_number_of_sources_is_bounded():
    rig = Rig()
    for ssrc in range(1000):
        rig.rtp([rtp(0, ssrc=ssrc)], 100.0)
        rig.intake.rtcp(sender_report(ssrc + 5000), 100.0)
    assert len(rig.intake._lanes) == MOST_LANES
    assert len(rig.intake._early_reports) <= 8


def test_what_the_publication_refuses_passes():
    rig = Rig()
    rig.pump.refusal = NameTaken("someone else")
    with pytest.raises(NameTaken):
        rig.rtp([rtp(0, STAP_A)], 100.0)


def test_a_key_frame_can_be_asked_for_from_outside():
    rig = Rig()
    rig.intake.request_key_frame(99.0)
    rig.rtp([rtp(0, STAP_A)], 100.0)
    rig.intake.request_key_frame(101.0)
    rig.intake.tick(101.0, 101.0)
    assert PLI in rig.kinds()


@given(st.lists(st.binary(max_size=60) | st.lists(st.binary(max_size=60)), max_size=20))
def test_any_bytes_are_taken(packets):
    rig = Rig()
    for number, data in enumerate(packets):
        (rig.rtp if isinstance(data, list) else rig.intake.rtcp)(data, 100.0 + number / 100)
    rig.intake.tick(101.0, 101.0)


def test_packets_that_came_together_are_taken_as_those_that_came_alone():
    """Sound among the pictures, a gap, a duplicate, a stranger, and a wrap of the sequence."""
    packets = [
        rtp(0xFFFE, STAP_A, timestamp=0),
        rtp(0, OPUS, kind=111, ssrc=AUDIO),
        rtp(0xFFFF, timestamp=3000),
        b"\x00" * 20,
        rtp(0, timestamp=6000),
        rtp(2, timestamp=12000),
        rtp(2, timestamp=12000),
        rtp(1, OPUS, kind=111, ssrc=AUDIO),
        rtp(9, kind=50, ssrc=0x9999),
        rtp(1, timestamp=9000),
    ]
    together, alone = Rig(), Rig()
    together.rtp(packets, 100.0)
    for packet in packets:
        alone.rtp([packet], 100.0)
    for kind in ("video", "audio"):
        units = [unit for unit in together.pump.units if unit[0] == kind]
        assert len(units) >= 2
        assert units == [unit for unit in alone.pump.units if unit[0] == kind]
    assert together.intake.video.counts() == alone.intake.video.counts()
    assert together.intake.audio.counts() == alone.intake.audio.counts()
    for intake in (together.intake, alone.intake):
        assert (intake.malformed, intake.unknown_payload_types) == (1, 1)
