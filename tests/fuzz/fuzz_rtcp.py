"""Any bytes are RTCP packets or a MediaError."""

from edge.errors import MediaError
from edge.rtp.rtcp import parse_rtcp

SEEDS = [
    bytes.fromhex(
        "80c80006 11223344 e000000080000000 00015f90 00000064 00002710 81ca0003 11223344 0104 61626364 0000"
    ),
    bytes.fromhex("81c90007 00000001 11223344 40fffffe 0001fffe 00000009 00000007 00000008"),
    bytes.fromhex("82cb0003 00000001 00000002 03627965"),
    bytes.fromhex("a1cb0002 00000001 00000004 81cd0003 00000001 00000002 000a8001"),
]


def target(data: bytes) -> None:
    try:
        packets = parse_rtcp(data)
    except MediaError:
        return
    assert 0 < len(packets) <= len(data) // 4
