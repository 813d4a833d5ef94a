"""Retransmissions on a source of their own (RFC 4588)."""

from edge.rtp.packet import RtpPacket


def original(packet: RtpPacket, ssrc: int, payload_type: int) -> RtpPacket | None:
    """The packet that an RTX packet repeats (RFC 4588, 4): `ssrc` is its source, `payload_type` the `apt`.

    None for padding, which browsers send on this source to probe the path. What is repeated may be padding
    too: then nothing stands behind the sequence number.
    """
    payload = packet.payload
    if len(payload) < 2:
        return None
    return RtpPacket(
        payload_type,
        packet.marker,
        payload[0] << 8 | payload[1],
        packet.timestamp,
        ssrc,
        payload[2:],
        packet.extension_profile,
        packet.extension_block,
        packet.arrival,
    )
