"""Any payloads give access units, never an exception; H.264 NAL units are never empty and never nested."""

from edge.rtp.h264_depayload import H264Depayloader
from edge.rtp.opus_depayload import OpusDepayloader
from edge.rtp.packet import RtpPacket

KEY = bytes.fromhex("78 0004 6764001f 0003 68ebe3 0003 65aabb")
SEEDS = [
    bytes((0, len(KEY))) + KEY + bytes.fromhex("01 04 7c81aabb 00 03 7c41cc"),
    bytes((1, len(KEY)))
    + KEY
    + bytes.fromhex("00 03 5c81aa 00 03 5c01bb 11 03 5c41cc 02 02 41dd 01 02 41ee"),
    bytes.fromhex("01 03 67640a 01 02 68eb 01 03 65aabb 03 05 0606018080 01 00"),
    bytes.fromhex("00 04 fc010203 00 03 ff0300 00 01 f8"),
]


def packets(data: bytes) -> list[RtpPacket]:
    """A control byte (marker, time stamp step, gap, another source), a length, a payload, and so on."""
    out = []
    at = timestamp = index = 0
    ssrc = 1
    while at + 2 <= len(data):
        control, length = data[at], data[at + 1]
        payload = data[at + 2 : at + 2 + length]
        at += 2 + length
        timestamp += 3000 * (control >> 1 & 1)
        index += 1 + (control >> 4 & 3)
        ssrc += control >> 7
        packet = RtpPacket(96, control & 1 == 1, index & 0xFFFF, timestamp, ssrc, payload, arrival=index / 10)
        packet.index = index
        out.append(packet)
    return out


def target(data: bytes) -> None:
    video, audio = H264Depayloader(), OpusDepayloader()
    whole = False
    for packet in packets(data):
        for unit in video.push([packet]):
            assert unit.nals
            assert all(nal and 0 < nal[0] & 31 < 24 for nal in unit.nals)
            assert unit.damaged or unit.key or whole, "what is whole follows a key frame without a hole"
            whole = not unit.damaged
        for unit in audio.push([packet]):
            assert unit.payload == packet.payload
