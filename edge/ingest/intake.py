"""The decrypted packets of one publisher: to whom they belong, and the feedback about them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from edge.errors import MediaError
from edge.ingest.bitrate_limit import BitrateLimit
from edge.ingest.pump import Pump
from edge.ingest.sdp import AcceptedMedia, Negotiated
from edge.media.track import Kind
from edge.rtp.access_unit import AccessUnit
from edge.rtp.arrivals import Piece, read_arrivals
from edge.rtp.packet import RtpPacket
from edge.rtp.receiver import AudioReceiver, KeyFrameFeedback, VideoReceiver
from edge.rtp.reorder import AUDIO_LOSS, NO_RETRANSMISSION, VIDEO_LOSS
from edge.rtp.rtcp import SenderReport, parse_rtcp, remb
from edge.rtp.timeline import Timeline
from edge.rtp.twcc import TwccRecorder

REMB_INTERVAL_S = 1.0
MOST_LANES = 64
"""Pairs of SSRC and payload type; eight layers of simulcast with their retransmissions are 16."""

_MOST_EARLY_REPORTS = 8

Receive = Callable[[Sequence[RtpPacket], float], Sequence[AccessUnit]]
Take = Callable[[AccessUnit, float], None]


@dataclass(frozen=True, slots=True)
class _Lane:
    """Where packets of one SSRC and payload type go, and where the units go that come of them."""

    receiver: VideoReceiver | AudioReceiver
    receive: Receive
    take: Take


@dataclass(frozen=True, slots=True)
class _Track:
    kind: Kind
    media: AcceptedMedia
    receiver: VideoReceiver | AudioReceiver
    take: Take


class Intake:
    """RTP and RTCP of one publisher in, units to its pump, feedback to `send` (RTCP, not encrypted)."""

    def __init__(
        self,
        negotiated: Negotiated,
        pump: Pump,
        timeline: Timeline,
        *,
        ssrc: int,
        max_bitrate: int,
        send: Callable[[bytes], None],
    ) -> None:
        """`ssrc` is ours, in feedback."""
        self.malformed = 0
        """RTP packets that could not be read."""
        self.malformed_reports = 0
        """The same of RTCP."""
        self.unknown_payload_types = 0
        """RTP packets of payload types that the answer does not have."""
        self.unnamed_layers = 0
        """RTP packets from before it was told whose layer they are."""
        self.ssrcs: set[int] = set()
        """Whose packets came."""
        self.pump = pump
        """Where units go."""
        self._timeline = timeline
        self._ssrc = ssrc
        self._max_bitrate = max_bitrate
        self._limit = BitrateLimit(max_bitrate)
        self._send = send
        self.video: VideoReceiver | None = None
        self.audio: AudioReceiver | None = None
        self._tracks = [self._track(media) for media in negotiated.media]
        self._lanes: dict[int, _Lane | None] = {}
        self._early_reports: dict[int, SenderReport] = {}
        sections = negotiated.media
        ids = [media.extensions.transport_cc for media in sections if media.accepts_feedback("transport-cc")]
        self._transport_cc = next((number for number in ids if number is not None), None)
        self._twcc = TwccRecorder()
        self._sends_remb = any(media.accepts_feedback("goog-remb") for media in sections)
        self._next_remb = 0.0

    @property
    def bitrate(self) -> float:
        """See BitrateLimit."""
        return self._limit.bitrate

    def rtp(self, pieces: Sequence[Piece], now: float) -> None:
        """Decrypted RTP packets that came together, in memory that is ours for this call. What the
        publication raises at the attachment passes.
        """
        runs, numbers, malformed, octets = read_arrivals(pieces, now, self._transport_cc)
        self.malformed += malformed
        self._limit.add(octets)
        self._twcc.on_packets(numbers, now)
        for key, run in runs.items():
            lane = self._lane(key, run)
            if lane is not None:
                self._receive(lane, run, now)
        self._ask_at_once(now)

    def _receive(self, lane: _Lane, run: list[RtpPacket], now: float) -> None:
        for unit in lane.receive(run, now):
            lane.take(unit, now)
        if self._early_reports:
            self._replay_report(run[0].ssrc, now)

    def _ask_at_once(self, now: float) -> None:
        """For what is missing in between: nothing more is there at the moment."""
        for track in self._tracks:
            if track.receiver.urgent(now):
                self._run(track.receiver, track.take, now)

    def rtcp(self, data: bytes, now: float) -> None:
        """A decrypted RTCP datagram."""
        try:
            packets = parse_rtcp(data)
        except MediaError:
            self.malformed_reports += 1
            return
        for packet in packets:
            if isinstance(packet, SenderReport) and not self._report(packet, now):
                self._keep_report(packet)

    def tick(self, now: float, heard_at: float) -> None:
        """Every 25 ms: deadlines, retransmissions, reports, key frames."""
        self._limit.tick(now)
        source_now = self._timeline.now(now)
        if self.pump.wants_key_frame(source_now):
            self.request_key_frame(now)
        for track in self._tracks:
            if not track.receiver.is_calm(now):
                self._run(track.receiver, track.take, now)
        if self._twcc.due(now):
            self._send_twcc(now)
        if self._sends_remb and now >= self._next_remb:
            self._send_remb(now)
        self.pump.tick(now, source_now, heard_at)

    def request_key_frame(self, now: float) -> None:
        """As soon as the rate limit allows it."""
        if self.video is not None and self.video.ssrc >= 0:
            self.video.request_key_frame(now)

    def _track(self, media: AcceptedMedia) -> _Track:
        repeats = media.accepts_feedback("nack")
        if media.kind == "audio":
            loss = AUDIO_LOSS if repeats else NO_RETRANSMISSION
            self.audio = AudioReceiver(self._ssrc, loss=loss)
            return _Track("audio", media, self.audio, self.pump.audio)
        feedback: KeyFrameFeedback = "fir" if media.accepts_feedback("ccm fir") else None
        if media.accepts_feedback("nack pli"):
            feedback = "pli"
        loss = VIDEO_LOSS if repeats else NO_RETRANSMISSION
        self.video = VideoReceiver(self._ssrc, loss=loss, feedback=feedback)
        return _Track("video", media, self.video, self.pump.video)

    def _run(self, receiver: VideoReceiver | AudioReceiver, take: Take, now: float) -> None:
        units, packets = receiver.tick(now)
        for packet in packets:
            self._send(packet)
        for unit in units:
            take(unit, now)

    def _lane(self, key: int, run: list[RtpPacket]) -> _Lane | None:
        """Decide once for an SSRC and payload type; a layer whose name has not come yet is asked again.

        Packets from before its name leave the run.
        """
        if key in self._lanes:
            return self._lanes[key]
        self.ssrcs.add(run[0].ssrc)
        while run:
            lane = self._bind(run[0])
            if lane == "unknown":
                self.unknown_payload_types += len(run)
                return None
            if lane != "later":
                if len(self._lanes) < MOST_LANES:
                    self._lanes[key] = lane
                return lane
            self.unnamed_layers += 1
            del run[0]
        return None

    def _bind(self, packet: RtpPacket) -> _Lane | Literal["later", "unknown"] | None:
        for track in self._tracks:
            for accepted in track.media.payload_types:
                is_rtx = packet.payload_type == accepted.rtx
                if not is_rtx and packet.payload_type != accepted.number:
                    continue
                wanted = _is_wanted_layer(track.media, packet, is_rtx=is_rtx)
                if wanted is None:
                    return "later"
                receive = track.receiver.receive_rtx if is_rtx else track.receiver.receive
                return _Lane(track.receiver, receive, track.take) if wanted else None
        return "unknown"

    def _report(self, report: SenderReport, now: float) -> bool:
        for track in self._tracks:
            if track.receiver.on_sender_report(report, now):
                self._timeline.on_sender_report(
                    track.kind, report.ntp, report.rtp_time, now, ssrc=report.ssrc
                )
                return True
        return False

    def _keep_report(self, report: SenderReport) -> None:
        """FFmpeg sends its first with, or before, the first packet, and the next five seconds later."""
        if len(self._early_reports) < _MOST_EARLY_REPORTS:
            self._early_reports[report.ssrc] = report

    def _replay_report(self, ssrc: int, now: float) -> None:
        report = self._early_reports.pop(ssrc, None)
        if report is not None:
            self._report(report, now)

    def _send_twcc(self, now: float) -> None:
        media_ssrc = max((track.receiver.ssrc for track in self._tracks), default=0)
        while packet := self._twcc.build(self._ssrc, max(0, media_ssrc), now):
            self._send(packet)

    def _send_remb(self, now: float) -> None:
        sources = [track.receiver.ssrc for track in self._tracks if track.receiver.ssrc >= 0]
        if sources:
            self._next_remb = now + REMB_INTERVAL_S
            self._send(remb(self._ssrc, self._max_bitrate, sources))


def _is_wanted_layer(media: AcceptedMedia, packet: RtpPacket, *, is_rtx: bool) -> bool | None:
    """Of several layers only one is taken. None: the packet does not tell (RFC 8852)."""
    if not media.rids:
        return True
    number = media.extensions.repaired_rid if is_rtx else media.extensions.rid
    name = packet.extension(number) if number is not None else None
    if name is None:
        return None
    return name == (media.rid or "").encode()
