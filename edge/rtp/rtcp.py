"""RTCP: what publishers report (RFC 3550, section 6) and what a receiver answers (RFC 4585, RFC 5104, REMB).

Every built packet stands alone and wants a datagram of its own (reduced-size RTCP, RFC 5506): FFmpeg's whip
muxer takes a NACK only when nothing else is in its datagram.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from struct import Struct

from edge.errors import MediaError

SENDER_REPORT = 200
RECEIVER_REPORT = 201
SOURCE_DESCRIPTION = 202
GOODBYE = 203
TRANSPORT_FEEDBACK = 205
PAYLOAD_FEEDBACK = 206

_NACK = 1
_PLI = 1
_FIR = 4
_APPLICATION_LAYER = 15

_HEADER = Struct("!BBH")
_SENDER_INFO = Struct("!IQIII")
_REPORT_BLOCK = Struct("!IIIIII")
_FEEDBACK_HEADER = Struct("!BBHII")
_U32 = Struct("!I")
_U16_PAIR = Struct("!HH")

_MOST_REPORT_BLOCKS = 31
_MOST_NACK_ITEMS = 280  # 1132 bytes: fits any path together with SRTCP and IP
_MOST_REMB_SOURCES = 255


@dataclass(frozen=True, slots=True)
class ReportBlock:
    """How one source is received (RFC 3550, 6.4.1).

    `fraction_lost` is in 1/256, `cumulative_lost` may be negative (duplicates), `highest_sequence` has the
    cycles in its upper half, `jitter` is in RTP ticks, `last_report` is the middle of the NTP time of the
    last sender report, `delay_since` is the time since then in 1/65536 s.
    """

    ssrc: int
    fraction_lost: int
    cumulative_lost: int
    highest_sequence: int
    jitter: int
    last_report: int
    delay_since: int


@dataclass(frozen=True, slots=True)
class SenderReport:
    """`ntp` is 64-bit NTP time, 0 from a sender without a clock; `rtp_time` is the same moment, wrapped."""

    ssrc: int
    ntp: int
    rtp_time: int
    packets: int
    octets: int
    blocks: tuple[ReportBlock, ...]


@dataclass(frozen=True, slots=True)
class ReceiverReport:
    ssrc: int
    blocks: tuple[ReportBlock, ...]


@dataclass(frozen=True, slots=True)
class Bye:
    sources: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Other:
    """A well-formed RTCP packet of which nothing is read: SDES, APP, feedback, extended reports."""

    packet_type: int
    count: int
    body: bytes


RtcpPacket = SenderReport | ReceiverReport | Bye | Other


def parse_rtcp(data: bytes) -> list[RtcpPacket]:
    """The packets of one decrypted RTCP datagram. Raises MediaError when one of them is malformed.

    A compound needs no report at its front (RFC 5506).
    """
    if not data:
        raise MediaError("an empty RTCP datagram")
    return [_read(packet_type, count, body) for packet_type, count, body in _split(data)]


def _split(data: bytes) -> Iterator[tuple[int, int, bytes]]:
    at, size = 0, len(data)
    while at < size:
        if at + 4 > size:
            raise MediaError("RTCP ends inside a header")
        first, packet_type, words = _HEADER.unpack_from(data, at)
        if first >> 6 != 2:
            raise MediaError(f"RTCP version {first >> 6}, not 2")
        end = at + 4 + words * 4
        if end > size:
            raise MediaError("an RTCP packet is longer than its datagram")
        body = data[at + 4 : end]
        if first & 0x20:
            if not body or not 0 < body[-1] <= len(body):
                raise MediaError("RTCP padding that does not fit its packet")
            body = body[: -body[-1]]
        yield packet_type, first & 31, body
        at = end


def _read(packet_type: int, count: int, body: bytes) -> RtcpPacket:
    if packet_type == SENDER_REPORT:
        if len(body) < _SENDER_INFO.size:
            raise MediaError("a sender report without its sender information")
        ssrc, ntp, rtp_time, packets, octets = _SENDER_INFO.unpack_from(body)
        return SenderReport(ssrc, ntp, rtp_time, packets, octets, _blocks(body, _SENDER_INFO.size, count))
    if packet_type == RECEIVER_REPORT:
        if len(body) < 4:
            raise MediaError("a receiver report without its sender")
        return ReceiverReport(_U32.unpack_from(body)[0], _blocks(body, 4, count))
    if packet_type == GOODBYE:
        if len(body) < count * 4:
            raise MediaError("a BYE that is shorter than its list of sources")
        return Bye(tuple(source for (source,) in _U32.iter_unpack(body[: count * 4])))
    return Other(packet_type, count, body)


def _blocks(body: bytes, at: int, count: int) -> tuple[ReportBlock, ...]:
    end = at + count * _REPORT_BLOCK.size
    if end > len(body):
        raise MediaError("a report that is shorter than its report blocks")
    return tuple(
        ReportBlock(ssrc, loss >> 24, _signed_24(loss & 0xFF_FFFF), highest, jitter, last, delay)
        for ssrc, loss, highest, jitter, last, delay in _REPORT_BLOCK.iter_unpack(body[at:end])
    )


def _signed_24(value: int) -> int:
    return value - (1 << 24) if value & 0x80_0000 else value


def receiver_report(sender_ssrc: int, blocks: Sequence[ReportBlock] = ()) -> bytes:
    """RFC 3550, 6.4.2. At most 31 blocks."""
    assert len(blocks) <= _MOST_REPORT_BLOCKS
    head = _HEADER.pack(0x80 | len(blocks), RECEIVER_REPORT, 1 + 6 * len(blocks)) + _U32.pack(sender_ssrc)
    return head + b"".join(
        _REPORT_BLOCK.pack(
            block.ssrc,
            block.fraction_lost << 24 | block.cumulative_lost & 0xFF_FFFF,
            block.highest_sequence,
            block.jitter,
            block.last_report,
            block.delay_since,
        )
        for block in blocks
    )


def nack(sender_ssrc: int, media_ssrc: int, sequences: Iterable[int]) -> bytes:
    """A generic NACK (RFC 4585, 6.2.1) for 16-bit sequence numbers in the order they were sent.

    Those that do not fit a datagram are left for the next time.
    """
    items: list[bytes] = []
    first, bitmap = -1, 0
    for sequence in sequences:
        distance = (sequence - first - 1) & 0xFFFF
        if first >= 0 and distance < 16:
            bitmap |= 1 << distance
            continue
        if first >= 0:
            items.append(_U16_PAIR.pack(first, bitmap))
        first, bitmap = sequence, 0
    assert first >= 0, "a NACK asks for something"
    items.append(_U16_PAIR.pack(first, bitmap))
    return _feedback(TRANSPORT_FEEDBACK, _NACK, sender_ssrc, media_ssrc, b"".join(items[:_MOST_NACK_ITEMS]))


def pli(sender_ssrc: int, media_ssrc: int) -> bytes:
    """Picture loss indication (RFC 4585, 6.3.1)."""
    return _feedback(PAYLOAD_FEEDBACK, _PLI, sender_ssrc, media_ssrc, b"")


def fir(sender_ssrc: int, media_ssrc: int, command: int) -> bytes:
    """Full intra request (RFC 5104, 4.3.1); `command` counts requests, modulo 256."""
    entry = _U32.pack(media_ssrc) + bytes((command & 0xFF, 0, 0, 0))
    return _feedback(PAYLOAD_FEEDBACK, _FIR, sender_ssrc, 0, entry)


def remb(sender_ssrc: int, bitrate: int, sources: Sequence[int]) -> bytes:
    """Receiver estimated maximum bitrate (draft-alvestrand-rmcat-remb-03, 2.2), in bit/s, rounded down."""
    assert len(sources) <= _MOST_REMB_SOURCES
    exponent = max(bitrate.bit_length() - 18, 0)
    assert exponent < 64
    numbers = len(sources) << 24 | exponent << 18 | bitrate >> exponent
    body = b"REMB" + _U32.pack(numbers) + b"".join(map(_U32.pack, sources))
    return _feedback(PAYLOAD_FEEDBACK, _APPLICATION_LAYER, sender_ssrc, 0, body)


def _feedback(packet_type: int, form: int, sender_ssrc: int, media_ssrc: int, body: bytes) -> bytes:
    """The common layout of feedback (RFC 4585, 6.1); `body` is whole words."""
    return _FEEDBACK_HEADER.pack(0x80 | form, packet_type, 2 + len(body) // 4, sender_ssrc, media_ssrc) + body
