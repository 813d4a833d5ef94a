"""Any packets at any time: receivers go on, keep to their bounds, and pass nothing broken on as whole."""

from edge.errors import MediaError
from edge.rtp.packet import parse_rtp
from edge.rtp.receiver import AudioReceiver, VideoReceiver
from edge.rtp.reorder import WINDOW
from edge.rtp.rtcp import SenderReport, parse_rtcp
from edge.rtp.timeline import Timeline
from edge.rtp.twcc import TwccRecorder

KEY = bytes.fromhex("78 0004 6764001f 0003 68ebe3 0003 65aabb")


def event(
    kind: int, wait: int, sequence: int, timestamp: int, payload: bytes, first: int = 0x80, second: int = 0xE0
) -> bytes:
    packet = (
        bytes((first, second))
        + sequence.to_bytes(2, "big")
        + timestamp.to_bytes(4, "big")
        + b"\0\0\0\1"
        + payload
    )
    return bytes((kind, wait, len(packet))) + packet


SEEDS = [
    event(0, 1, 1, 0, KEY)
    + event(0, 5, 2, 3000, b"\x41aa")
    + event(0, 5, 4, 9000, b"\x41bb")
    + event(0, 90, 5, 12_000, b"\x41"),
    event(0, 1, 0xFFFF, 0xFFFF_FF00, KEY) + event(0, 1, 1, 3000, KEY) + event(1, 9, 9, 3000, b"\0\0" + KEY),
    event(2, 1, 1, 0, b"\xfc12") + event(2, 5, 3, 1920, b"\xfc34") + event(2, 200, 4, 2880, b"\xfc56"),
    event(0, 1, 1, 0, KEY)
    + event(3, 1, 1, 0, b"", 0x80, 200)
    + event(0, 1, 30_000, 0, KEY)
    + event(0, 1, 30_001, 0, KEY),
]


def target(data: bytes) -> None:
    now = 1000.0
    video, audio = VideoReceiver(7, pass_damaged=len(data) % 2 == 1), AudioReceiver(7)
    timeline, twcc = Timeline(), TwccRecorder()
    at = 0
    while at + 3 <= len(data):
        kind, wait, length = data[at : at + 3]
        body = data[at + 3 : at + 3 + length]
        at += 3 + length
        now += wait / 200
        units = []
        if kind & 7 == 3 and len(body) >= 12:
            report = SenderReport(
                video.ssrc, int.from_bytes(body[:8], "big"), int.from_bytes(body[8:12], "big"), 0, 0, ()
            )
            if video.on_sender_report(report, now):
                timeline.on_sender_report("video", report.ntp, report.rtp_time, now, report.ssrc)
        try:
            packet = parse_rtp(body, now)
        except MediaError:
            continue
        twcc.on_packets([packet.sequence], now)
        if kind & 7 == 1:
            units += video.receive_rtx([packet], now)
        elif kind & 7 == 2:
            units += audio.receive([packet], now)
        else:
            units += video.receive([packet], now)
        for receiver in (video, audio):
            late, feedback = receiver.tick(now)
            units += late
            for rtcp in feedback:
                assert len(rtcp) <= 1200
                assert len(parse_rtcp(rtcp)) == 1
            reorder = receiver._reception._reorder
            assert len(reorder._held) <= WINDOW
            assert len(reorder._missing) <= WINDOW
            receiver.counts()
        for unit in units:
            timeline.place(unit.kind, unit.rtp_time, unit.arrival, unit.ssrc)
        while twcc.due(now) and (built := twcc.build(7, 1, now)) is not None:
            assert len(built) <= 1200
            assert len(parse_rtcp(built)) == 1
