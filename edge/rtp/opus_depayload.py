"""RTP payloads to Opus packets (RFC 7587): one packet each."""

from collections.abc import Sequence

from edge.errors import MediaError
from edge.media.opus import packet_duration
from edge.media.timebase import unwrap
from edge.rtp.access_unit import AccessUnit
from edge.rtp.packet import RtpPacket


class OpusDepayloader:
    """Takes the packets of one track in order. Every Opus packet can be decoded alone: none is damaged."""

    __slots__ = ("_rtp_time", "_ssrc", "malformed")

    def __init__(self) -> None:
        self._ssrc = -1
        self._rtp_time: int | None = None
        self.malformed = 0

    def push(self, packets: Sequence[RtpPacket]) -> Sequence[AccessUnit]:
        """The units of these packets; none of padding and of what no decoder takes (counted)."""
        units = []
        for packet in packets:
            payload = packet.payload
            if not payload:
                continue
            try:
                packet_duration(payload)
            except MediaError:
                self.malformed += 1
                continue
            if packet.ssrc != self._ssrc:
                self._ssrc = packet.ssrc
                self._rtp_time = None
            self._rtp_time = unwrap(self._rtp_time, packet.timestamp, 32)
            units.append(AccessUnit("audio", packet.ssrc, self._rtp_time, packet.arrival, (payload,), True))
        return units
