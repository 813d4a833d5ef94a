"""RTP packets (RFC 3550, section 5.1) and their header extensions (RFC 8285)."""

from mmap import mmap
from struct import Struct

from edge.errors import MediaError

_FIXED_HEADER = Struct("!BBHII").unpack_from
_FIXED_SIZE = 12
_EXTENSION_HEADER = Struct("!HH").unpack_from
ONE_BYTE_PROFILE = 0xBEDE  # RFC 8285, 4.2
_TWO_BYTE_PROFILE = 0x1000  # the lowest four bits are "appbits"
_RESERVED_ID = 15

Octets = bytes | mmap
"""Both give a number for an index and bytes, a copy, for a slice. A mmap is others' to fill anew."""


class RtpPacket:
    """One packet. It owns its bytes where `data` is bytes; else they lie in memory that will be filled anew
    when the packets that came together are worked off, and who keeps the packet for longer calls `own`.

    The payload is `data[begin:end]`: without padding, and empty for a packet that is only padding; `head` is
    its first two bytes as a number, which tells payload formats what they have before them (-1: it is
    shorter). The data of the header extension are `data[extension_begin:begin]`. `arrival` is when it came
    (monotonic seconds, 0 until somebody says so). `index` is the sequence number without its wrap, which only
    the reordering buffer of its source can tell; -1 until then.
    """

    __slots__ = (
        "arrival",
        "begin",
        "data",
        "end",
        "extension_begin",
        "extension_profile",
        "head",
        "index",
        "marker",
        "payload_type",
        "sequence",
        "ssrc",
        "timestamp",
    )

    # Everything has a default because `__new__` runs this where it is compiled.
    def __init__(  # noqa: PLR0917 (keywords cost time, and this runs for every packet)
        self,
        payload_type: int = 0,
        marker: bool = False,
        sequence: int = 0,
        timestamp: int = 0,
        ssrc: int = 0,
        payload: bytes = b"",
        extension_profile: int = 0,
        extension_block: bytes = b"",
        arrival: float = 0.0,
    ) -> None:
        self.payload_type = payload_type
        self.marker = marker
        self.sequence = sequence
        self.timestamp = timestamp
        self.ssrc = ssrc
        self.data: Octets = extension_block + payload
        self.extension_begin = 0
        self.begin = len(extension_block)
        self.end = len(self.data)
        self.extension_profile = extension_profile
        self.head = int.from_bytes(payload[:2], "big") if len(payload) > 1 else -1
        self.arrival = arrival
        self.index = -1

    def own(self) -> None:
        """Copy what it needs out of the memory that it came in."""
        begin = self.extension_begin
        self.data = self.data[begin : self.end]
        self.extension_begin = 0
        self.begin -= begin
        self.end -= begin

    @property
    def payload(self) -> bytes:
        """A copy."""
        return self.data[self.begin : self.end]

    @property
    def extension_block(self) -> bytes:
        """A copy of all header extension elements; empty without a header extension."""
        return self.data[self.extension_begin : self.begin]

    def extension(self, identifier: int) -> bytes | None:
        """The data of this header extension element; None without one. Broken elements end the list."""
        block = self.extension_block
        if not block:
            return None
        if self.extension_profile == ONE_BYTE_PROFILE:
            return _one_byte_element(block, identifier)
        if self.extension_profile & 0xFFF0 == _TWO_BYTE_PROFILE:
            return _two_byte_element(block, identifier)
        return None

    def __repr__(self) -> str:
        mark = " marker" if self.marker else ""
        return (
            f"<RtpPacket {self.ssrc:08x} type {self.payload_type} sequence {self.sequence} "
            f"timestamp {self.timestamp}{mark}, {self.end - self.begin} bytes>"
        )


_new = RtpPacket.__new__


def _one_byte_element(block: bytes, wanted: int) -> bytes | None:
    """RFC 8285, 4.2: four bits of id, four bits of length minus one; zero bytes are padding."""
    at, end = 0, len(block)
    while at < end:
        head = block[at]
        identifier = head >> 4
        stop = at + 2 + (head & 15)
        if identifier == wanted:
            return block[at + 1 : stop] if stop <= end else None
        if head == 0:
            at += 1
        elif 0 < identifier < _RESERVED_ID:
            at = stop
        else:
            return None  # "processing of the entire extension MUST terminate"
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


def parse_rtp(data: Octets, arrival: float = 0.0, start: int = 0, end: int | None = None) -> RtpPacket:
    """A packet from its decrypted bytes, `data[start:end]`. Raises MediaError when they are none.

    Attribute by attribute, because a call with ten arguments would take longer than all the rest.
    """
    end = len(data) if end is None else end
    if end - start < _FIXED_SIZE:
        raise MediaError("an RTP packet that is shorter than its header")
    packet = _new(RtpPacket)
    packet.data = data
    packet.arrival = arrival
    packet.index = -1
    first, second, packet.sequence, packet.timestamp, packet.ssrc = _FIXED_HEADER(data, start)
    packet.marker = second > 0x7F
    packet.payload_type = second & 0x7F
    if first >> 6 != 2:
        raise MediaError(f"RTP version {first >> 6}, not 2")
    at = start + _FIXED_SIZE + (first & 15) * 4
    packet.extension_profile, packet.extension_begin = 0, at
    if first & 0x10:
        if at + 4 > end:
            raise MediaError("an RTP packet ends inside its header extension")
        packet.extension_profile, words = _EXTENSION_HEADER(data, at)
        packet.extension_begin = at + 4
        at += 4 + words * 4
    if first & 0x20:
        padding = data[end - 1]
        if padding == 0:
            raise MediaError("RTP padding of no bytes")  # the count includes itself
        end -= padding
    if at > end:
        raise MediaError("the parts of an RTP packet are longer than the packet")
    packet.begin, packet.end = at, end
    packet.head = data[at] << 8 | data[at + 1] if end - at > 1 else -1
    return packet
