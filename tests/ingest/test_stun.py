"""aioice's STUN code is the independent judge; the sample request is the one of RFC 5769."""

from contextlib import suppress

import pytest
from aioice import stun as judge
from hypothesis import given
from hypothesis import strategies as st

from edge.errors import MediaError
from edge.ingest import stun

RFC_5769_REQUEST = bytes.fromhex(
    "000100582112a442b7e7a701bc34d686fa87dfae"
    "802200105354554e207465737420636c69656e74"
    "002400046e0001ff"
    "80290008932ff9b151263b36"
    "000600096576746a3a68367659202020"
    "000800149aeaa70cbfd8cb56781ef2b5b2d3f249c1b571a2"
    "80280004e57a3bcf"
)
RFC_5769_PASSWORD = b"VOkJxbRl1RmTxUk/WvJxBt"
TID = bytes(range(12))


def request(*, password: bytes = b"secret", **attributes: object) -> bytes:
    message = judge.Message(judge.Method.BINDING, judge.Class.REQUEST, TID)
    for name, value in attributes.items():
        message.attributes[name.replace("_", "-")] = value
    message.add_message_integrity(password)
    return bytes(message)


def with_attributes(attributes: bytes, kind: int = 1) -> bytes:
    return kind.to_bytes(2) + len(attributes).to_bytes(2) + bytes.fromhex("2112a442") + TID + attributes


def resized(message: bytes) -> bytes:
    return message[:2] + (len(message) - 20).to_bytes(2) + message[4:]


def test_the_sample_request_of_rfc_5769():
    message = stun.parse_stun(RFC_5769_REQUEST)
    assert message.kind == stun.BINDING_REQUEST
    assert message.transaction_id.hex() == "b7e7a701bc34d686fa87dfae"
    assert message.username == b"evtj:h6vY"
    assert message.is_controlled
    assert message.unknown == ()
    assert message.has_integrity(RFC_5769_PASSWORD)
    assert not message.has_integrity(b"another")


def test_a_check_like_that_of_ffmpeg_8_0_has_neither_priority_nor_role():
    message = stun.parse_stun(request(USERNAME="ours:theirs", USE_CANDIDATE=None))
    assert message.use_candidate
    assert not message.is_controlled
    assert message.has_integrity(b"secret")


def test_a_message_without_integrity_never_has_it():
    assert not stun.parse_stun(with_attributes(b"")).has_integrity(b"")


def test_any_changed_bit_breaks_the_integrity():
    protected = resized(RFC_5769_REQUEST[:-8])  # without FINGERPRINT, which would notice first
    assert stun.parse_stun(protected).has_integrity(RFC_5769_PASSWORD)
    for bit in range(8 * len(protected)):
        changed = bytearray(protected)
        changed[bit >> 3] ^= 1 << (bit & 7)
        with suppress(MediaError):
            assert not stun.parse_stun(bytes(changed)).has_integrity(RFC_5769_PASSWORD)


def test_any_changed_bit_breaks_the_fingerprint():
    changed = bytearray(RFC_5769_REQUEST)
    changed[40] ^= 1
    with pytest.raises(MediaError, match="FINGERPRINT"):
        stun.parse_stun(bytes(changed))


def test_attributes_behind_the_integrity_are_not_believed():
    use_candidate = bytes.fromhex("00250000")
    message = stun.parse_stun(resized(request(USERNAME="ours:theirs")[:-8] + use_candidate))
    assert not message.use_candidate
    assert message.has_integrity(b"secret")


def test_unknown_attributes_that_must_be_understood_are_named():
    message = stun.parse_stun(with_attributes(bytes.fromhex("7ffe0000 80010000 001c0000")))
    assert message.unknown == (0x7FFE, 0x001C)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        bytes(19),
        RFC_5769_REQUEST[:-1],
        RFC_5769_REQUEST + b"\0\0\0\0",
        RFC_5769_REQUEST[:4] + b"\0\0\0\0" + RFC_5769_REQUEST[8:],
        with_attributes(bytes.fromhex("00060005 61626364")),  # runs over the end
        with_attributes(bytes.fromhex("00080004 61626364")),  # an integrity of 4 bytes
        with_attributes(bytes.fromhex("80280004 00000000")),  # a wrong fingerprint
        with_attributes(bytes.fromhex("80010000") * 33),
        with_attributes(bytes.fromhex("00060204") + bytes(516)),
        with_attributes(b"", kind=0x8001),
    ],
)
def test_what_is_no_stun_message_is_refused(data):
    with pytest.raises(MediaError):
        stun.parse_stun(data)


@pytest.mark.parametrize(
    "address", [("192.0.2.1", 32853), ("2001:db8::1", 9), ("fe80::1%eth0", 1), ("::ffff:192.0.2.1", 5)]
)
def test_a_success_tells_the_mapped_address(address):
    data = stun.binding_success(TID, address, b"secret")
    reply = judge.parse_message(data)
    reply.check_message_integrity(b"secret")
    assert (reply.message_class, reply.transaction_id) == (judge.Class.RESPONSE, TID)
    expected = {"fe80::1%eth0": "fe80::1", "::ffff:192.0.2.1": "192.0.2.1"}.get(address[0], address[0])
    assert reply.attributes["XOR-MAPPED-ADDRESS"] == (expected, address[1])
    assert {"MESSAGE-INTEGRITY", "FINGERPRINT"} <= set(reply.attributes)


def test_an_error_names_its_code_and_what_was_not_understood():
    reply = judge.parse_message(stun.binding_error(TID, stun.ROLE_CONFLICT, b"secret"))
    reply.check_message_integrity(b"secret")
    assert reply.attributes["ERROR-CODE"] == (487, "Role Conflict")
    reply = stun.binding_error(TID, stun.UNKNOWN_ATTRIBUTE, b"secret", (0x7FFE,))
    assert b"\x00\x0a\x00\x02\x7f\xfe" in reply
    assert stun.parse_stun(reply).has_integrity(b"secret")


@given(
    st.binary(max_size=80)
    | st.binary(max_size=60).map(lambda tail: with_attributes(tail + bytes(-len(tail) % 4)))
)
def test_any_bytes_give_a_message_or_our_error(data):
    with suppress(MediaError):
        assert stun.parse_stun(data).raw == data
