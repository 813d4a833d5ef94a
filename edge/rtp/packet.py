"""RTP packets (RFC 3550, section 5.1) and their header extensions (RFC 8285)."""

from struct import Struct

from edge.errors import MediaError

_FIXED_HEADER = Struct("!BBHII").unpack_from
_FIXED_SIZE = 12
_EXTENSION_HEADER = Struct("!HH").unpack_from
_VERSION_2_PLAIN = 0x80  # version 2, no padding, no extension, no CSRC: the most frequent first byte
_ONE_BYTE_PROFILE = 0xBEDE
_TWO_BYTE_PROFILE = 0x1000  # the lowest four bits are "appbits"
_RESERVED_ID = 15


class RtpPacket:
    """One packet, owner of its bytes.

    `payload` is without padding, and empty for a packet that is only padding. `arrival` is when it came
    (monotonic seconds, 0 until somebody says so). `index` is the sequence number without its wrap, which only
    the reordering buffer of its source can tell; -1 until then.
    """

    __slots__ = (
        "arrival",
        "extension_block",
        "extension_profile",
        "index",
        "marker",
        "payload",
        "payload_type",
        "sequence",
        "ssrc",
        "timestamp",
    )

    def __init__(  # noqa: PLR0917 (keywords cost time, and this runs for every packet)
        self,
        payload_type: int,
        marker: bool,
        sequence: int,
        timestamp: int,
        ssrc: int,
        payload: bytes,
        extension_profile: int = 0,
        extension_block: bytes = b"",
        arrival: float = 0.0,
    ) -> None:
        self.payload_type = payload_type
        self.marker = marker
        self.sequence = sequence
        self.timestamp = timestamp
        self.ssrc = ssrc
        self.payload = payload
        self.extension_profile = extension_profile
        self.extension_block = extension_block
        self.arrival = arrival
        self.index = -1

    def extension(self, identifier: int) -> bytes | None:
        """The data of this header extension element; None without one. Broken elements end the list."""
        block = self.extension_block
        if not block:
            return None
        if self.extension_profile == _ONE_BYTE_PROFILE:
            return _one_byte_element(block, identifier)
        if self.extension_profile & 0xFFF0 == _TWO_BYTE_PROFILE:
            return _two_byte_element(block, identifier)
        return None

    def __repr__(self) -> str:
        mark = " marker" if self.marker else ""
        return (
            f"<RtpPacket {self.ssrc:08x} type {self.payload_type} sequence {self.sequence} "
            f"timestamp {self.timestamp}{mark}, {len(self.payload)} bytes>"
        )


def _one_byte_element(block: bytes, wanted: int) -> bytes | None:
    """RFC 8285, 4.2: four bits of id, four bits of length minus one."""
    at, end = 0, len(block)
    while at < end:
        head = block[at]
        if head == 0:
            at += 1
            continue
        identifier = head >> 4
        if identifier in {0, _RESERVED_ID}:
            return None  # "processing of the entire extension MUST terminate"
        stop = at + 2 + (head & 15)
        if identifier == wanted:
            return block[at + 1 : stop] if stop <= end else None
        at = stop
    return None


def _two_byte_element(block: bytes, wanted: int) -> bytes | None:
    """RFC 8285, 4.3: a byte of id, a byte of length."""
    at, end = 0, len(block)
    while at < end:
        identifier = block[at]
        if identifier == 0:
            at += 1
            continue
        if at + 1 >= end:
            return None
        stop = at + 2 + block[at + 1]
        if identifier == wanted:
            return block[at + 2 : stop] if stop <= end else None
        at = stop
    return None


def parse_rtp(data: bytes, arrival: float = 0.0) -> RtpPacket:
    """A packet from its decrypted bytes. Raises MediaError when they are none."""
    size = len(data)
    if size < _FIXED_SIZE:
        raise MediaError("an RTP packet that is shorter than its header")
    first, second, sequence, timestamp, ssrc = _FIXED_HEADER(data)
    marker, payload_type = second > 0x7F, second & 0x7F
    if first == _VERSION_2_PLAIN:
        return RtpPacket(payload_type, marker, sequence, timestamp, ssrc, data[_FIXED_SIZE:], 0, b"", arrival)
    if first >> 6 != 2:
        raise MediaError(f"RTP version {first >> 6}, not 2")
    at = _FIXED_SIZE + (first & 15) * 4
    profile, block = 0, b""
    if first & 0x10:
        if at + 4 > size:
            raise MediaError("an RTP packet ends inside its header extension")
        profile, words = _EXTENSION_HEADER(data, at)
        start = at + 4
        at = start + words * 4
        block = data[start:at]
    end = size
    if first & 0x20:
        if data[-1] == 0:
            raise MediaError("RTP padding of no bytes")  # the count includes itself
        end -= data[-1]
    if at > end:
        raise MediaError("the parts of an RTP packet are longer than the packet")
    return RtpPacket(payload_type, marker, sequence, timestamp, ssrc, data[at:end], profile, block, arrival)
