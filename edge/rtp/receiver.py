"""The receivers of one video and of one audio track: RTP packets in, access units and RTCP out.

Whoever owns the socket gives packets to `receive` (or `receive_rtx`), as many as came together, calls `tick`
every 25 ms or so, and at once where `urgent` says so afterwards. Each RTCP packet that `tick` returns wants a
datagram of its own (see `rtcp`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from edge.media.track import AUDIO_TIMESCALE, VIDEO_TIMESCALE
from edge.rtp.access_unit import AccessUnit
from edge.rtp.h264_depayload import H264Depayloader
from edge.rtp.key_frames import KeyFrameRequests
from edge.rtp.opus_depayload import OpusDepayloader
from edge.rtp.packet import RtpPacket
from edge.rtp.reception import Reception
from edge.rtp.reorder import AUDIO_LOSS, VIDEO_LOSS, LossPolicy
from edge.rtp.rtcp import SenderReport, fir, pli

KeyFrameFeedback = Literal["pli", "fir"] | None

NO_IDR_FOR_S = 10.0
"""After that long without an IDR picture, recovery points are taken for key frames."""

_NOTHING: tuple[AccessUnit, ...] = ()


@dataclass(frozen=True, slots=True)
class ReceiverCounts:
    """What one receiver has seen so far; all but the last two only grow."""

    packets: int
    lost: int
    recovered: int
    discarded: int
    nacked: int
    malformed: int
    key_requests: int
    units: int
    units_dropped: int
    jitter_s: float
    round_trip_s: float | None


class VideoReceiver:
    """An H.264 track.

    After an unrecovered loss nothing comes out until a whole key frame has come, which is asked for. From a
    publisher that has no ear for that (OBS, FFmpeg), and with `pass_damaged`, what can be saved comes out
    marked as damaged: a broken picture is better than none for the rest of a long GOP. Nothing comes out
    before the first whole key frame. `feedback` is how the publisher wants to be asked; None: not at all.
    """

    __slots__ = (
        "_command",
        "_depayloader",
        "_feedback",
        "_keys_begun",
        "_last_idr",
        "_pass_damaged",
        "_reception",
        "_requests",
        "_sender_ssrc",
        "_started",
        "units",
        "units_dropped",
        "urgent",
    )

    def __init__(
        self,
        sender_ssrc: int,
        *,
        loss: LossPolicy = VIDEO_LOSS,
        feedback: KeyFrameFeedback = "pli",
        pass_damaged: bool = False,
    ) -> None:
        self._sender_ssrc = sender_ssrc
        self._feedback = feedback
        self._pass_damaged = pass_damaged or feedback is None
        self._reception = reception = Reception(sender_ssrc, VIDEO_TIMESCALE, loss)
        self.urgent = reception.urgent
        """Is there a NACK that should not wait for the next tick?"""
        self._depayloader = H264Depayloader()
        self._requests = KeyFrameRequests()
        self._command = 0
        self._keys_begun = 0
        self._started = False
        self._last_idr: float | None = None
        self.units = 0
        self.units_dropped = 0

    @property
    def ssrc(self) -> int:
        """The SSRC that media comes from now; -1 before the first packet."""
        return self._reception.ssrc

    def receive(self, packets: Sequence[RtpPacket], now: float) -> Sequence[AccessUnit]:
        """Take packets of one SSRC that came together; the access units that are complete now."""
        return self._depayload(self._reception.receive(packets, now), now)

    def receive_rtx(self, packets: Sequence[RtpPacket], now: float) -> Sequence[AccessUnit]:
        """The same for packets of the retransmission SSRC."""
        return self._depayload(self._reception.receive_rtx(packets, now), now)

    def is_calm(self, now: float) -> bool:
        """Would `tick` bring nothing and change nothing? Cheap, and true of most ticks."""
        depayloader = self._depayloader
        return not (
            depayloader.broken
            or self._requests.wanted
            or depayloader.keys_begun != self._keys_begun
            or self._reception.is_due(now)
        )

    def tick(self, now: float) -> tuple[Sequence[AccessUnit], list[bytes]]:
        """What the clock brings: units that wait for nothing any more, and RTCP packets to send."""
        depayloader, requests = self._depayloader, self._requests
        units = self._depayload(self._reception.expire(now), now)
        packets = self._reception.feedback(now)
        if self.ssrc < 0:
            return units, packets
        if depayloader.keys_begun != self._keys_begun:
            self._keys_begun = depayloader.keys_begun
            requests.on_key_frame_begun(now)
        if depayloader.broken:
            if self._last_idr is None:
                self._last_idr = now
            depayloader.take_recovery_points = now - self._last_idr >= NO_IDR_FOR_S
            if not depayloader.key_coming:
                requests.want()
        if self._feedback is not None and requests.due(now, in_need=depayloader.broken):
            packets.append(self._key_frame_request())
        return units, packets

    def _key_frame_request(self) -> bytes:
        if self._feedback == "fir":
            self._command += 1
            return fir(self._sender_ssrc, self.ssrc, self._command)
        return pli(self._sender_ssrc, self.ssrc)

    def request_key_frame(self, now: float) -> None:
        """Ask for a key frame with the next tick, or as soon after as the rate limit allows.

        Not while one is coming in.
        """
        del now  # the next tick has its own
        if not self._depayloader.key_coming:
            self._requests.want()

    def on_sender_report(self, report: SenderReport, now: float) -> bool:
        """A sender report; True when it is of the current SSRC and so may be given to the timeline."""
        return self._reception.on_sender_report(report, now)

    def counts(self) -> ReceiverCounts:
        return _counts(self._reception, self._depayloader.malformed, self._requests.sent, self)

    def _depayload(self, packets: Sequence[RtpPacket], now: float) -> Sequence[AccessUnit]:
        if not packets:
            return _NOTHING
        units = self._depayloader.push(packets)
        return [unit for unit in units if self._take(unit, now)] if units else _NOTHING

    def _take(self, unit: AccessUnit, now: float) -> bool:
        self._requests.on_picture(now)
        if unit.key:
            self._last_idr = now
            if not unit.damaged:
                self._started = True
                self._requests.on_key_frame(now)
        if unit.damaged and not (self._started and (self._pass_damaged or self._requests.deaf)):
            self.units_dropped += 1
            return False
        self.units += 1
        return True


class AudioReceiver:
    """An Opus track: what is lost for good is simply not there; RTP time tells how long it was."""

    __slots__ = ("_depayloader", "_reception", "units", "units_dropped", "urgent")

    def __init__(self, sender_ssrc: int, *, loss: LossPolicy = AUDIO_LOSS) -> None:
        self._reception = reception = Reception(sender_ssrc, AUDIO_TIMESCALE, loss)
        self.urgent = reception.urgent
        """Is there a NACK that should not wait for the next tick?"""
        self._depayloader = OpusDepayloader()
        self.units = 0
        self.units_dropped = 0

    @property
    def ssrc(self) -> int:
        """The SSRC that media comes from now; -1 before the first packet."""
        return self._reception.ssrc

    def receive(self, packets: Sequence[RtpPacket], now: float) -> Sequence[AccessUnit]:
        """Take packets of one SSRC that came together; the access units that are in order now."""
        return self._depayload(self._reception.receive(packets, now))

    def receive_rtx(self, packets: Sequence[RtpPacket], now: float) -> Sequence[AccessUnit]:
        """The same for packets of the retransmission SSRC."""
        return self._depayload(self._reception.receive_rtx(packets, now))

    def is_calm(self, now: float) -> bool:
        """Would `tick` bring nothing? Cheap, and true of most ticks."""
        return not self._reception.is_due(now)

    def tick(self, now: float) -> tuple[Sequence[AccessUnit], list[bytes]]:
        """What the clock brings: units that wait for nothing any more, and RTCP packets to send."""
        return self._depayload(self._reception.expire(now)), self._reception.feedback(now)

    def on_sender_report(self, report: SenderReport, now: float) -> bool:
        """A sender report; True when it is of the current SSRC and so may be given to the timeline."""
        return self._reception.on_sender_report(report, now)

    def counts(self) -> ReceiverCounts:
        return _counts(self._reception, self._depayloader.malformed, 0, self)

    def _depayload(self, packets: Sequence[RtpPacket]) -> Sequence[AccessUnit]:
        if not packets:
            return _NOTHING
        taken = self._depayloader.push(packets)
        self.units += len(taken)
        return taken


def _counts(
    reception: Reception, malformed: int, key_requests: int, receiver: VideoReceiver | AudioReceiver
) -> ReceiverCounts:
    return ReceiverCounts(
        packets=reception.packets,
        lost=reception.lost,
        recovered=reception.recovered,
        discarded=reception.discarded,
        nacked=reception.nacked,
        malformed=malformed,
        key_requests=key_requests,
        units=receiver.units,
        units_dropped=receiver.units_dropped,
        jitter_s=reception.jitter_s,
        round_trip_s=reception.round_trip_s,
    )
