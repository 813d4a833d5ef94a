import pytest

from edge.rtp.access_unit import AccessUnit


def test_an_audio_unit_has_its_packet_as_payload_and_does_not_change() -> None:
    unit = AccessUnit("audio", 1, 960, 2.0, (b"\xfc\1",), key=True)
    assert unit.payload == b"\xfc\1"
    assert not unit.damaged
    with pytest.raises(AttributeError):
        unit.key = False  # type: ignore[misc]
