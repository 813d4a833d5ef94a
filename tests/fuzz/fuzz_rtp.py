"""Any bytes are an RTP packet or a MediaError; so is what an RTX packet repeats."""

from edge.errors import MediaError
from edge.rtp.arrivals import read_arrivals
from edge.rtp.packet import parse_rtp
from edge.rtp.rtx import original

SEEDS = [
    bytes.fromhex("80 e0 04d2 00015f90 deadbeef") + b"payload",
    bytes.fromhex("a2 60 0001 00000000 00000001 aaaaaaaa bbbbbbbb") + b"media\0\0\3",
    bytes.fromhex("90 60 0001 00000000 00000001 bede0003 2201020300 31abcd 40ff0000") + b"media",
    bytes.fromhex("90 60 0001 00000000 00000001 10050003 0302abcd 0000ff00 10017700") + b"media",
]


def target(data: bytes) -> None:
    runs, numbers, malformed, _ = read_arrivals([(b"\x90" * 20 + data, 20, 20 + len(data))], 0.0, 3)
    try:
        packet = parse_rtp(data)
    except MediaError:
        assert (runs, numbers, malformed) == ({}, [], 1)
        return
    ((together,),) = runs.values()
    assert (together.payload, together.extension_block) == (packet.payload, packet.extension_block)
    assert numbers == [
        int.from_bytes(number) for number in [packet.extension(3)] if number and len(number) == 2
    ]
    assert len(packet.payload) + 12 <= len(data)
    for identifier in range(256):
        value = packet.extension(identifier)
        assert value is None or len(value) <= 255
    repeated = original(packet, 1, 96)
    assert repeated is None or len(repeated.payload) == len(packet.payload) - 2
