from mmap import mmap

from hypothesis import given
from hypothesis import strategies as st

from edge.errors import MediaError
from edge.rtp.arrivals import key, read_arrivals
from edge.rtp.packet import RtpPacket, parse_rtp

NUMBER_ID = 3
FIXED = bytes.fromhex("80 e0 04d2 00015f90 deadbeef")
NUMBERED = bytes.fromhex("90 60 0001 00000000 00000001 bede0001 31 0203 00")


def whole(packets: list[bytes]) -> list[tuple[bytes, int, int]]:
    return [(data, 0, len(data)) for data in packets]


def facts(packet: RtpPacket) -> tuple[object, ...]:
    ends = packet.payload, packet.extension_block, packet.extension_profile, packet.head
    return (
        packet.ssrc,
        packet.payload_type,
        packet.marker,
        packet.sequence,
        packet.timestamp,
        packet.arrival,
        ends,
    )


def test_packets_are_told_apart_by_source_and_payload_type() -> None:
    other = FIXED[:1] + b"\x6f" + FIXED[2:]
    runs, numbers, malformed, _ = read_arrivals(
        whole([FIXED + b"a", NUMBERED + b"b", FIXED + b"c", other]), 1.0, 3
    )
    assert {one: [packet.payload for packet in run] for one, run in runs.items()} == {
        key(0xDEADBEEF, 96): [b"a", b"c"],
        key(1, 96): [b"b"],
        key(0xDEADBEEF, 111): [b""],
    }
    assert (numbers, malformed) == ([0x0203], 0)


def test_the_number_is_found_wherever_it_stands_and_without_its_id_there_is_none() -> None:
    second = bytes.fromhex("90 60 0001 00000000 00000001 bede0002 10ff 310405 000000")
    two_bytes = bytes.fromhex("90 60 0001 00000000 00000001 10000001 0302 0607")
    packets = whole([NUMBERED, second, two_bytes, FIXED])
    assert read_arrivals(packets, 1.0, NUMBER_ID).numbers == [0x0203, 0x0405, 0x0607]
    assert read_arrivals(packets, 1.0, None).numbers == []


def test_what_is_no_packet_is_counted_and_the_others_are_taken() -> None:
    too_long = NUMBERED[:15] + b"\2" + NUMBERED[16:]
    runs, _, malformed, _ = read_arrivals(whole([b"", FIXED[:11], too_long, NUMBERED]), 1.0, NUMBER_ID)
    assert malformed == 3
    assert [len(run) for run in runs.values()] == [1]


def test_a_packet_lies_where_it_came_until_it_is_kept() -> None:
    memory = mmap(-1, 4096)
    memory[100:125] = NUMBERED + b"media"
    ((packet,),) = read_arrivals([(memory, 100, 125)], 1.0, NUMBER_ID).runs.values()
    assert packet.data is memory
    packet.own()
    memory[100:125] = bytes(25)
    assert (packet.payload, packet.extension(3)) == (b"media", b"\2\3")
    assert packet.data == b"\x31\2\3\0media"


@given(
    st.binary(max_size=40)
    | st.builds(bytes.__add__, st.just(NUMBERED[:15]), st.binary(max_size=30))
    | st.builds(bytes.__add__, st.just(NUMBERED[:12]), st.binary(max_size=30))
    | st.builds(bytes.__add__, st.just(NUMBERED), st.binary(max_size=3)),
    st.sampled_from([None, 1, NUMBER_ID]),
    st.binary(max_size=8),
)
def test_the_short_way_reads_what_the_general_one_reads(
    data: bytes, number_id: int | None, other: bytes
) -> None:
    around = other + data + other
    runs, numbers, malformed, octets = read_arrivals(
        [(around, len(other), len(other) + len(data))], 2.5, number_id
    )
    try:
        expected = parse_rtp(data, 2.5)
    except MediaError:
        assert (runs, numbers, malformed) == ({}, [], 1)
        return
    assert octets == len(data)
    ((one, (packet,)),) = runs.items()
    assert one == key(expected.ssrc, expected.payload_type)
    assert facts(packet) == facts(expected)
    number = None if number_id is None else expected.extension(number_id)
    assert numbers == ([int.from_bytes(number)] if number is not None and len(number) == 2 else [])
