import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.errors import MediaError
from edge.rtp.rtcp import (
    Bye,
    Other,
    ReceiverReport,
    ReportBlock,
    SenderReport,
    fir,
    nack,
    parse_rtcp,
    pli,
    receiver_report,
    remb,
)

BLOCK = ReportBlock(
    ssrc=0x11223344,
    fraction_lost=64,
    cumulative_lost=-2,
    highest_sequence=0x1FFFE,
    jitter=9,
    last_report=7,
    delay_since=8,
)


def test_a_sender_report_with_its_description_in_one_datagram() -> None:
    data = bytes.fromhex(
        "80c80006 11223344 e000000080000000 00015f90 00000064 0000271081ca0003 11223344 0104 61626364 0000"
    )
    assert parse_rtcp(data) == [
        SenderReport(0x11223344, 0xE0000000_80000000, 90_000, 100, 10_000, ()),
        Other(202, 1, bytes.fromhex("11223344 0104 61626364 0000")),
    ]


def test_a_receiver_report_is_read_as_it_is_written() -> None:
    data = receiver_report(1, [BLOCK])
    assert data == bytes.fromhex("81c90007 00000001 11223344 40fffffe 0001fffe 00000009 00000007 00000008")
    assert parse_rtcp(data) == [ReceiverReport(1, (BLOCK,))]
    assert receiver_report(1) == bytes.fromhex("80c90001 00000001")


def test_bye_with_a_reason_and_padding() -> None:
    assert parse_rtcp(bytes.fromhex("82cb0003 00000001 00000002 03627965")) == [Bye((1, 2))]
    assert parse_rtcp(bytes.fromhex("a1cb0002 00000001 00000004")) == [Bye((1,))]


@pytest.mark.parametrize(
    "data",
    [
        "",
        "80c8",
        "40c90001 00000001",  # version 1
        "80c90002 00000001",  # longer than its datagram
        "80c90000",  # no sender
        "81c90001 00000001",  # a block is missing
        "80c80005 11223344 e000000080000000 00015f90 00000064",
        "81c80006 11223344 e000000080000000 00015f90 00000064 00002710",
        "82cb0001 00000001",
        "a1cb0001 00000000",  # padding of no bytes
        "a1cb0001 00000009",
        "a0cb0000",
        "80c90001 00000001 80",
    ],
)
def test_malformed_rtcp(data: str) -> None:
    with pytest.raises(MediaError):
        parse_rtcp(bytes.fromhex(data))


def test_nack_packs_what_is_near_each_other() -> None:
    assert nack(1, 2, [10, 11, 26, 27, 28]) == bytes.fromhex("81cd0004 00000001 00000002 000a8001 001b0001")
    assert nack(1, 2, [0xFFFE, 0xFFFF, 0, 3]) == bytes.fromhex("81cd0003 00000001 00000002 fffe0013")


def named(data: bytes) -> list[int]:
    """The sequence numbers of a NACK."""
    out = []
    for at in range(12, len(data), 4):
        pid, bitmap = int.from_bytes(data[at : at + 2], "big"), int.from_bytes(data[at + 2 : at + 4], "big")
        out += [pid, *((pid + 1 + bit) & 0xFFFF for bit in range(16) if bitmap >> bit & 1)]
    return out


@given(start=st.integers(0, 0xFFFF), steps=st.lists(st.integers(1, 40), max_size=100))
def test_a_nack_names_exactly_what_is_missing(start: int, steps: list[int]) -> None:
    wanted = [start]
    for step in steps:
        wanted.append((wanted[-1] + step) & 0xFFFF)
    assert named(nack(1, 2, wanted)) == wanted


def test_a_nack_fits_a_datagram() -> None:
    wanted = list(range(0, 40 * 2048, 40))
    data = nack(1, 2, [sequence & 0xFFFF for sequence in wanted])
    assert len(data) <= 1132
    assert named(data) == wanted[:280]


def test_key_frame_requests() -> None:
    assert pli(1, 2) == bytes.fromhex("81ce0002 00000001 00000002")
    assert fir(1, 2, 257) == bytes.fromhex("84ce0004 00000001 00000000 00000002 01000000")


def test_remb_rounds_down_to_18_bits() -> None:
    data = remb(1, 8_000_000, [2, 3])
    assert data == bytes.fromhex("8fce0006 00000001 00000000 52454d42 0217d090") + bytes.fromhex(
        "00000002 00000003"
    )
    assert remb(1, 0x3FFFF, [])[16:20] == bytes.fromhex("0003ffff")


@given(st.integers(0, 2**50))
def test_remb_is_never_above_what_was_meant(bitrate: int) -> None:
    numbers = int.from_bytes(remb(1, bitrate, [])[16:20], "big")
    told = (numbers & 0x3FFFF) << (numbers >> 18 & 0x3F)
    assert bitrate * (1 - 2**-17) <= told <= bitrate


def test_what_is_built_can_be_read() -> None:
    for data in (nack(1, 2, [3]), pli(1, 2), fir(1, 2, 3), remb(1, 10**6, [2])):
        (packet,) = parse_rtcp(data)
        assert isinstance(packet, Other)
