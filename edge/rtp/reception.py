"""The packets of one track in order, whatever SSRC they come from, and the feedback about them."""

from collections.abc import Sequence

from edge.rtp.packet import RtpPacket
from edge.rtp.reorder import LossPolicy, Reorder
from edge.rtp.rtcp import SenderReport, nack, receiver_report
from edge.rtp.rtx import original
from edge.rtp.statistics import ReceptionStatistics

REPORT_INTERVAL_S = 1.0
_FORMER_SILENT_FOR_S = 2.0
_NOTHING: tuple[RtpPacket, ...] = ()


class Reception:
    """Puts packets in order, counts them, and writes NACKs and receiver reports.

    When the SSRC changes (a browser replaced its encoder), what is held of the old one goes out, and the new
    one begins behind a gap in `index`. Stragglers of the old one are dropped while the new one is alive.
    """

    __slots__ = (
        "_clock_rate",
        "_discarded_before",
        "_former",
        "_last_packet",
        "_lost_before",
        "_next_report",
        "_packets_before",
        "_payload_type",
        "_policy",
        "_recovered_before",
        "_reorder",
        "_restarts",
        "_sender_ssrc",
        "_statistics",
        "nacked",
        "ssrc",
    )

    def __init__(self, sender_ssrc: int, clock_rate: int, policy: LossPolicy) -> None:
        self._sender_ssrc = sender_ssrc
        self._clock_rate = clock_rate
        self._policy = policy
        self.ssrc = -1
        """The current source; -1 before the first packet."""
        self.nacked = 0
        self._payload_type = 0
        self._former = -1
        self._last_packet = 0.0
        self._next_report = 0.0
        self._restarts = 0
        self._packets_before = self._lost_before = self._recovered_before = self._discarded_before = 0
        self._reorder = Reorder(policy)
        self._statistics = ReceptionStatistics(0, clock_rate)

    def receive(self, packets: Sequence[RtpPacket], now: float) -> Sequence[RtpPacket]:
        """Take packets of one SSRC, the media's own, that came together; those that are in order now.

        Whoever read them has set their `arrival`.
        """
        released: Sequence[RtpPacket] = _NOTHING
        first = packets[0]
        if first.ssrc != self.ssrc:
            if first.ssrc == self._former and now - self._last_packet < _FORMER_SILENT_FOR_S:
                return _NOTHING
            released = self._change_source(first, now)
        self._last_packet = now
        if not released and self._reorder.follow(packets):
            self._statistics.on_packets(packets, now)
            return packets
        ready = list(released)
        for packet in packets:
            ready += self._receive_any(packet, now)
        return ready

    def _receive_any(self, packet: RtpPacket, now: float) -> list[RtpPacket]:
        ready = self._reorder.push(packet, now)
        if packet.index >= 0 and self._reorder.restarts != self._restarts:
            self._restarts = self._reorder.restarts
            self._packets_before += self._statistics.received
            self._statistics.restart()
        self._statistics.on_packets((packet,), now)
        return ready

    def _change_source(self, packet: RtpPacket, now: float) -> list[RtpPacket]:
        old = self._reorder
        released = old.flush()
        if self.ssrc < 0:
            self._next_report = now + REPORT_INTERVAL_S
        else:
            self._former = self.ssrc
        self._packets_before += self._statistics.received
        self._lost_before += old.lost
        self._recovered_before += old.recovered
        self._discarded_before += old.discarded
        self.ssrc = packet.ssrc
        self._payload_type = packet.payload_type
        self._reorder = Reorder(self._policy, after=old.highest)
        self._restarts = 0
        self._statistics = ReceptionStatistics(packet.ssrc, self._clock_rate)
        return released

    def receive_rtx(self, packets: Sequence[RtpPacket], now: float) -> Sequence[RtpPacket]:
        """Take packets of the SSRC that repeats ours (RFC 4588); those that are in order now."""
        if self.ssrc < 0:
            return _NOTHING
        ready: list[RtpPacket] = []
        for packet in packets:
            repeated = original(packet, self.ssrc, self._payload_type)
            if repeated is not None:
                ready += self._reorder.recover(repeated, now)
        return ready

    def is_due(self, now: float) -> bool:
        """Whether `expire` or `feedback` may bring something. Cheap."""
        return now >= self._next_report or self._reorder.waits

    def expire(self, now: float) -> Sequence[RtpPacket]:
        """What need not wait any longer for packets past their deadline."""
        return self._reorder.expire(now)

    def urgent(self, now: float) -> bool:
        """Is there a NACK to be sent at once? Cheap."""
        return now >= self._reorder.earliest_try

    def feedback(self, now: float) -> list[bytes]:
        """The RTCP packets that are due: a receiver report every second, a NACK."""
        if self.ssrc < 0:
            return []
        packets = []
        if now >= self._next_report:
            # On the beat, but not twice in a row after a pause of the caller's.
            self._next_report = max(self._next_report + REPORT_INTERVAL_S, now + REPORT_INTERVAL_S / 2)
            packets.append(receiver_report(self._sender_ssrc, [self._statistics.report_block(now)]))
        absent = self._reorder.nacks(now)
        if absent:
            self.nacked += len(absent)
            packets.append(nack(self._sender_ssrc, self.ssrc, absent))
        return packets

    def on_sender_report(self, report: SenderReport, now: float) -> bool:
        """Note it for the next receiver report. False: it is of another source, and tells nothing of ours."""
        if report.ssrc != self.ssrc:
            return False
        self._statistics.on_sender_report(report, now)
        return True

    @property
    def packets(self) -> int:
        """Packets of the media's own SSRCs, duplicates included."""
        return self._packets_before + self._statistics.received

    @property
    def lost(self) -> int:
        """Packets that were given up."""
        return self._lost_before + self._reorder.lost

    @property
    def recovered(self) -> int:
        """Packets that came after they were asked for."""
        return self._recovered_before + self._reorder.recovered

    @property
    def discarded(self) -> int:
        """Duplicates and packets that came too late."""
        return self._discarded_before + self._reorder.discarded

    @property
    def jitter_s(self) -> float:
        return self._statistics.jitter_s

    @property
    def round_trip_s(self) -> float | None:
        """From a NACK to its packet, smoothed towards the shorter ones; None before the first."""
        return self._reorder.round_trip_s
