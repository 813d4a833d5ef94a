from edge.rtp.opus_depayload import OpusDepayloader
from tests.rtp.publisher import packet


def test_every_packet_is_a_unit_that_can_be_decoded_alone() -> None:
    depayloader = OpusDepayloader()
    came = packet(1, 0xFFFF_FFFF, b"\xfc\1\2\3", ssrc=4)
    came.arrival = 2.5
    (unit,) = depayloader.push([came])
    assert (unit.kind, unit.ssrc, unit.rtp_time, unit.arrival) == ("audio", 4, 0xFFFF_FFFF, 2.5)
    assert unit.payload == b"\xfc\1\2\3"
    assert unit.key
    assert not unit.damaged
    (unit,) = depayloader.push([packet(2, 959, b"\xfc", ssrc=4)])
    assert unit.rtp_time == 0x1_0000_0000 + 959


def test_padding_and_what_no_decoder_takes_are_no_units() -> None:
    depayloader = OpusDepayloader()
    assert list(depayloader.push([packet(1, 0, b"")])) == []
    assert depayloader.malformed == 0
    assert list(depayloader.push([packet(1, 0, b"\xff\x00")])) == []
    assert depayloader.malformed == 1


def test_another_ssrc_has_another_clock() -> None:
    depayloader = OpusDepayloader()
    depayloader.push([packet(1, 0xFFFF_FFFF, b"\xfc1", ssrc=4)])
    (unit,) = depayloader.push([packet(1, 5, b"\xfc1", ssrc=5)])
    assert unit.rtp_time == 5
