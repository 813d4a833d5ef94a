"""RTP packets of one publisher that came together: read, told apart by source, numbered for feedback."""

from collections.abc import Iterable
from struct import Struct
from typing import NamedTuple

from edge.errors import MediaError
from edge.rtp.packet import ONE_BYTE_PROFILE, Octets, RtpPacket, parse_rtp

_HEADER = Struct("!BBHIIIBHxH").unpack_from  # up to the first two bytes of the payload
_HEADER_BYTES = 20
_EXTENSION_AT = 16
_LEAST_BYTES = 22
_EXTENDED = 0x90  # the first byte of version 2 with an extension and nothing else
_ONE_WORD = ONE_BYTE_PROFILE << 16 | 1
_new = RtpPacket.__new__

Piece = tuple[Octets, int, int]
"""Memory, and where in it something begins and ends."""


class Arrivals(NamedTuple):
    """`runs` are the packets of each source and payload type in their order, by `key`; `numbers` the
    transport-wide sequence numbers of all, in theirs; `octets` all that came, malformed or not.
    """

    runs: dict[int, list[RtpPacket]]
    numbers: list[int]
    malformed: int
    octets: int


def key(ssrc: int, payload_type: int) -> int:
    """Of a source and a payload type."""
    return ssrc << 7 | payload_type


def read_arrivals(pieces: Iterable[Piece], now: float, number_id: int | None) -> Arrivals:
    """Decrypted packets, each parsed where it lies (see RtpPacket). `now` is their `arrival`, `number_id` the
    negotiated id of the header extension with the transport-wide number.

    The header that browsers send to us, with that number and nothing else in its extension, is read here in
    one go, because this runs for every packet; any other by `parse_rtp`.
    """
    runs: dict[int, list[RtpPacket]] = {}
    numbers: list[int] = []
    malformed = octets = 0
    number_head = -1 if number_id is None else number_id << 4 | 1
    last_ssrc = last_kind = -1
    run: list[RtpPacket] = []
    for data, start, end in pieces:
        octets += end - start
        if end - start >= _LEAST_BYTES:
            first, second, sequence, timestamp, ssrc, extension, element, number, head = _HEADER(data, start)
        else:
            first = extension = element = -1
        if first == _EXTENDED and extension == _ONE_WORD and element == number_head:
            packet = _new(RtpPacket)
            packet.data = data
            packet.arrival = now
            packet.index = -1
            packet.sequence = sequence
            packet.timestamp = timestamp
            packet.ssrc = ssrc
            packet.payload_type = kind = second & 0x7F
            packet.marker = second > 0x7F
            packet.extension_profile = ONE_BYTE_PROFILE
            packet.extension_begin = start + _EXTENSION_AT
            packet.begin = start + _HEADER_BYTES
            packet.end = end
            packet.head = head
            numbers.append(number)
        else:
            try:
                packet = parse_rtp(data, now, start, end)
            except MediaError:
                malformed += 1
                continue
            _note_number(packet, number_id, numbers)
            ssrc, kind = packet.ssrc, packet.payload_type
        if ssrc != last_ssrc or kind != last_kind:
            last_ssrc, last_kind = ssrc, kind
            run = runs.setdefault(key(ssrc, kind), [])
        run.append(packet)
    return Arrivals(runs, numbers, malformed, octets)


def _note_number(packet: RtpPacket, number_id: int | None, numbers: list[int]) -> None:
    number = None if number_id is None else packet.extension(number_id)
    if number is not None and len(number) == 2:
        numbers.append(number[0] << 8 | number[1])
