"""STUN messages (RFC 8489) as far as an ICE-lite responder needs them (RFC 8445, 7.3)."""

import hmac
import zlib
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address
from struct import Struct

from edge.errors import MediaError

BINDING_REQUEST = 0x0001
BINDING_INDICATION = 0x0011
BINDING_SUCCESS = 0x0101
BINDING_ERROR = 0x0111

UNKNOWN_ATTRIBUTE = 420
ROLE_CONFLICT = 487

HEADER_BYTES = 20
TRANSACTION_ID_BYTES = 12

_MAGIC_COOKIE = 0x2112A442
_COOKIE_BYTES = _MAGIC_COOKIE.to_bytes(4, "big")
_USERNAME = 0x0006
_MESSAGE_INTEGRITY = 0x0008
_ERROR_CODE = 0x0009
_UNKNOWN_ATTRIBUTES = 0x000A
_XOR_MAPPED_ADDRESS = 0x0020
_PRIORITY = 0x0024
_USE_CANDIDATE = 0x0025
_FINGERPRINT = 0x8028
_ICE_CONTROLLED = 0x8029
_UNDERSTOOD = frozenset({_USERNAME, _MESSAGE_INTEGRITY, _PRIORITY, _USE_CANDIDATE})
_FIRST_OPTIONAL = 0x8000  # attributes from here on may be ignored (RFC 8489, 14)
_INTEGRITY_BYTES = 20
_NO_MAC = bytes(_INTEGRITY_BYTES)
_FINGERPRINT_XOR = 0x5354554E
_LONGEST_USERNAME = 513  # RFC 8489, 14.3: fewer than 509 bytes; ICE needs 256 + 1 + 256
_MOST_ATTRIBUTES = 32
_SUFFIX_IN_IPV6_SCOPE = "%"
_MAPPED_PREFIX = "::ffff:"

_HEADER = Struct(">HHI12s")
_TWO = Struct(">HH")
_REASONS = {UNKNOWN_ATTRIBUTE: b"Unknown Attribute", ROLE_CONFLICT: b"Role Conflict"}


@dataclass(frozen=True, slots=True)
class StunMessage:
    """One STUN message; `raw` is kept for MESSAGE-INTEGRITY, which begins at `integrity_at` (0: none).

    `unknown` are the comprehension-required attributes that this responder does not know. `is_controlled`
    tells that the sender believes to be in the controlled role.
    """

    raw: bytes
    kind: int
    transaction_id: bytes
    username: bytes = b""
    integrity_at: int = 0
    use_candidate: bool = False
    is_controlled: bool = False
    unknown: tuple[int, ...] = ()

    def has_integrity(self, password: bytes) -> bool:
        """Is MESSAGE-INTEGRITY there and made with this password (RFC 8489, 14.5)?"""
        at = self.integrity_at
        if not at:
            return False
        mac = self.raw[at + 4 : at + 4 + _INTEGRITY_BYTES]
        return hmac.compare_digest(mac, _integrity(self.raw[:at], password))


def parse_stun(data: bytes) -> StunMessage:
    """Read one datagram. Raises MediaError for everything that RFC 8489, 6.3 tells to discard silently.

    Attributes behind MESSAGE-INTEGRITY are ignored, except FINGERPRINT, which is checked where it is there.
    """
    if len(data) < HEADER_BYTES:
        raise MediaError("a STUN message shorter than its header")
    kind, length, cookie, transaction_id = _HEADER.unpack_from(data)
    if kind >= 0x4000 or cookie != _MAGIC_COOKIE or length & 3 or length != len(data) - HEADER_BYTES:
        raise MediaError("not a STUN message")
    attributes: dict[int, bytes] = {}
    integrity_at = 0
    for attribute, at, end in _attributes(data):
        if attribute == _FINGERPRINT:
            _check_fingerprint(data, at, end)
        elif not integrity_at:
            attributes.setdefault(attribute, data[at:end])
            integrity_at = at - 4 if attribute == _MESSAGE_INTEGRITY else 0
    username = attributes.get(_USERNAME, b"")
    if len(username) > _LONGEST_USERNAME or len(attributes.get(_MESSAGE_INTEGRITY, _NO_MAC)) != len(_NO_MAC):
        raise MediaError("a STUN attribute of a wrong length")
    return StunMessage(
        raw=data,
        kind=kind,
        transaction_id=transaction_id,
        username=username,
        integrity_at=integrity_at,
        use_candidate=_USE_CANDIDATE in attributes,
        is_controlled=_ICE_CONTROLLED in attributes,
        unknown=tuple(one for one in attributes if one < _FIRST_OPTIONAL and one not in _UNDERSTOOD),
    )


def _attributes(data: bytes) -> list[tuple[int, int, int]]:
    """Type, start and end of each attribute's value (RFC 8489, 14): values are padded to 4 bytes."""
    found = []
    at = HEADER_BYTES
    while at < len(data):
        attribute, length = _TWO.unpack_from(
            data, at
        )  # at is a multiple of 4 and so is the end: 4 bytes are there
        at += 4
        if length > len(data) - at:
            raise MediaError("a STUN attribute runs over the end of its message")
        found.append((attribute, at, at + length))
        at += length + 3 & ~3
    if len(found) > _MOST_ATTRIBUTES:
        raise MediaError("a STUN message with too many attributes")
    return found


def _check_fingerprint(data: bytes, at: int, end: int) -> None:
    """FINGERPRINT is the last attribute (RFC 8489, 14.7)."""
    if end - at != 4 or end != len(data) or data[at:end] != _fingerprint(data[: at - 4]):
        raise MediaError("a STUN message with a wrong FINGERPRINT")


def binding_success(transaction_id: bytes, address: tuple[str, int], password: bytes) -> bytes:
    """The answer to a check: the IP address and port that it came from (RFC 8489, 14.2)."""
    mapped = _attribute(_XOR_MAPPED_ADDRESS, _xor_address(address, transaction_id))
    return _sealed(BINDING_SUCCESS, transaction_id, mapped, password)


def binding_error(transaction_id: bytes, code: int, password: bytes, unknown: tuple[int, ...] = ()) -> bytes:
    """UNKNOWN_ATTRIBUTE with the attributes that are not understood, or ROLE_CONFLICT (RFC 8489, 14.8)."""
    attributes = _attribute(_ERROR_CODE, bytes((0, 0, *divmod(code, 100))) + _REASONS[code])
    if unknown:
        attributes += _attribute(_UNKNOWN_ATTRIBUTES, b"".join(one.to_bytes(2, "big") for one in unknown))
    return _sealed(BINDING_ERROR, transaction_id, attributes, password)


def _attribute(kind: int, value: bytes) -> bytes:
    return _TWO.pack(kind, len(value)) + value + bytes(-len(value) & 3)


def _sealed(kind: int, transaction_id: bytes, attributes: bytes, password: bytes) -> bytes:
    """Header, attributes, MESSAGE-INTEGRITY, FINGERPRINT."""
    message = _HEADER.pack(kind, len(attributes), _MAGIC_COOKIE, transaction_id) + attributes
    message += _attribute(_MESSAGE_INTEGRITY, _integrity(message, password))
    message = _with_length(message, len(message) - HEADER_BYTES + 8)
    return message + _attribute(_FINGERPRINT, _fingerprint(message))


def _integrity(message: bytes, password: bytes) -> bytes:
    """HMAC-SHA1 of what stands before the attribute, as if the message ended behind it (RFC 8489, 14.5)."""
    length = len(message) - HEADER_BYTES + 4 + _INTEGRITY_BYTES
    return hmac.digest(password, _with_length(message, length), "sha1")


def _fingerprint(message: bytes) -> bytes:
    return (zlib.crc32(message) ^ _FINGERPRINT_XOR).to_bytes(4, "big")


def _with_length(message: bytes, length: int) -> bytes:
    return message[:2] + length.to_bytes(2, "big") + message[4:]


def _xor_address(address: tuple[str, int], transaction_id: bytes) -> bytes:
    host = address[0].partition(_SUFFIX_IN_IPV6_SCOPE)[0].removeprefix(_MAPPED_PREFIX)
    ip: IPv4Address | IPv6Address = ip_address(host)
    key = (_COOKIE_BYTES + transaction_id)[: len(ip.packed)]
    packed = bytes(one ^ other for one, other in zip(ip.packed, key, strict=True))
    return (
        bytes((0, 1 if ip.version == 4 else 2))
        + (address[1] ^ _MAGIC_COOKIE >> 16).to_bytes(2, "big")
        + packed
    )
