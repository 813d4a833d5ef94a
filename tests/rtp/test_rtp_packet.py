import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.errors import MediaError
from edge.rtp.packet import RtpPacket, parse_rtp

FIXED = bytes.fromhex("80 e0 04d2 00015f90 deadbeef")


def test_a_plain_packet() -> None:
    packet = parse_rtp(FIXED + b"payload", 12.5)
    assert packet.payload_type == 96
    assert packet.marker is True
    assert packet.sequence == 1234
    assert packet.timestamp == 90_000
    assert packet.ssrc == 0xDEADBEEF
    assert packet.payload == b"payload"
    assert packet.arrival == 12.5
    assert packet.index == -1
    assert packet.extension(1) is None
    assert repr(packet) == "<RtpPacket deadbeef type 96 sequence 1234 timestamp 90000 marker, 7 bytes>"


def test_csrcs_are_skipped_and_padding_is_removed() -> None:
    data = bytes.fromhex("a2 60 0001 00000000 00000001 aaaaaaaa bbbbbbbb") + b"media\0\0\3"
    packet = parse_rtp(data)
    assert packet.payload == b"media"
    assert packet.marker is False


def test_a_packet_of_padding_only_is_empty() -> None:
    assert parse_rtp(bytes.fromhex("a0 60 0001 00000000 00000001") + bytes(3) + b"\4").payload == b""
    with_extension = bytes.fromhex("b0 60 0001 00000000 00000001 bede0001 31123400 00000004")
    packet = parse_rtp(with_extension)
    assert packet.payload == b""
    assert packet.extension(3) == b"\x12\x34"


def test_one_byte_extensions() -> None:
    block = bytes.fromhex("22 010203 00 31 abcd 40 ff 00")
    data = bytes.fromhex("90 60 0001 00000000 00000001 bede0003") + block.ljust(12, b"\0") + b"media"
    packet = parse_rtp(data)
    assert packet.extension(2) == bytes.fromhex("010203")
    assert packet.extension(3) == bytes.fromhex("abcd")
    assert packet.extension(4) == b"\xff"
    assert packet.extension(5) is None
    assert packet.payload == b"media"


@pytest.mark.parametrize("stopper", ["f0 00", "05 00 00 00 00 00 00"])
def test_reserved_one_byte_ids_end_the_list(stopper: str) -> None:
    block = bytes.fromhex("10 aa" + stopper + "20 bb")
    packet = RtpPacket(96, False, 1, 0, 1, b"", 0xBEDE, block)
    assert packet.extension(1) == b"\xaa"
    assert packet.extension(2) is None


def test_two_byte_extensions() -> None:
    block = bytes.fromhex("03 02 abcd 00 00 ff 00 10 01 77")
    data = bytes.fromhex("90 60 0001 00000000 00000001 1005 0003") + block.ljust(12, b"\0") + b"media"
    packet = parse_rtp(data)
    assert packet.extension(3) == bytes.fromhex("abcd")
    assert packet.extension(255) == b""
    assert packet.extension(16) == b"\x77"
    assert packet.extension(4) is None


def test_elements_that_leave_their_block_are_none() -> None:
    assert RtpPacket(96, False, 1, 0, 1, b"", 0xBEDE, b"\x3f\x01\x02\x03").extension(3) is None
    assert RtpPacket(96, False, 1, 0, 1, b"", 0x1000, b"\x03\x09\x02\x03").extension(3) is None
    assert RtpPacket(96, False, 1, 0, 1, b"", 0x1000, b"\x00\x00\x00\x03").extension(3) is None
    assert RtpPacket(96, False, 1, 0, 1, b"", 0xABCD, b"\x10\x01\x10\x01").extension(1) is None


@pytest.mark.parametrize(
    "data",
    [
        b"",
        FIXED[:11],
        b"\x40" + FIXED[1:],  # version 1
        b"\xc0" + FIXED[1:],  # version 3
        b"\x82" + FIXED[1:] + bytes(7),  # two CSRCs want 8 bytes
        b"\x90" + FIXED[1:],
        b"\x90" + FIXED[1:] + b"\xbe\xde\x00\x01",
        b"\x90" + FIXED[1:] + b"\xbe\xde\xff\xff" + bytes(40),
        b"\xb0" + FIXED[1:] + b"\xbe\xde\x00\x02" + bytes(4),
        b"\xa0" + FIXED[1:] + b"\x00",  # padding that does not count itself
        b"\xa0" + FIXED[1:] + b"xx\x04",
        b"\xa0" + FIXED[1:],
    ],
)
def test_malformed_packets(data: bytes) -> None:
    with pytest.raises(MediaError):
        parse_rtp(data)


@given(
    sequence=st.integers(0, 0xFFFF),
    timestamp=st.integers(0, 2**32 - 1),
    elements=st.dictionaries(st.integers(1, 14), st.binary(min_size=1, max_size=16), max_size=5),
    payload=st.binary(max_size=40),
    csrcs=st.integers(0, 3),
    padding=st.integers(0, 8),
    two_byte=st.booleans(),
)
def test_whatever_is_written_is_read_back(
    sequence, timestamp, elements, payload, csrcs, padding, two_byte
) -> None:
    block = b""
    for identifier, value in elements.items():
        head = bytes((identifier, len(value))) if two_byte else bytes((identifier << 4 | len(value) - 1,))
        block += head + value
    block += bytes(-len(block) % 4)
    first = 0x80 | (0x10 if elements else 0) | (0x20 if padding else 0) | csrcs
    data = struct.pack("!BBHII", first, 100, sequence, timestamp, 9) + bytes(4 * csrcs)
    if elements:
        data += struct.pack("!HH", 0x1000 if two_byte else 0xBEDE, len(block) // 4) + block
    data += payload
    if padding:
        data += bytes(padding - 1) + bytes((padding,))
    packet = parse_rtp(data)
    assert (packet.sequence, packet.timestamp, packet.payload) == (sequence, timestamp, payload)
    assert {number: packet.extension(number) for number in elements} == elements
