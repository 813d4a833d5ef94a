from edge.rtp.rtx import original
from tests.rtp.publisher import packet


def test_the_original_is_put_together_again() -> None:
    repeated = packet(900, 4321, b"\x01\x02\x41media", marker=True, ssrc=9, payload_type=97)
    repeated.arrival = 3.0
    restored = original(repeated, 8, 96)
    assert restored is not None
    assert (restored.payload_type, restored.ssrc, restored.sequence) == (96, 8, 0x0102)
    assert (restored.timestamp, restored.marker, restored.payload) == (4321, True, b"\x41media")
    assert restored.arrival == 3.0


def test_probing_is_nothing_and_repeated_padding_is_empty() -> None:
    assert original(packet(900, 0, b"", ssrc=9), 8, 96) is None
    assert original(packet(900, 0, b"\x01", ssrc=9), 8, 96) is None
    restored = original(packet(900, 0, b"\x01\x02", ssrc=9), 8, 96)
    assert restored is not None
    assert restored.payload == b""
