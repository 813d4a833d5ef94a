"""Reception statistics of one source, for the report block (RFC 3550, 6.4.1, A.3 and A.8)."""

from collections.abc import Sequence

from edge.rtp.packet import RtpPacket
from edge.rtp.rtcp import ReportBlock, SenderReport

_MOST_LOST = 0x7F_FFFF


class ReceptionStatistics:
    """Counts one SSRC whose RTP clock has `clock_rate` Hz."""

    __slots__ = (
        "_base",
        "_clock_rate",
        "_cycles",
        "_expected_before",
        "_highest",
        "_jitter",
        "_last_arrival",
        "_last_report",
        "_last_report_at",
        "_last_timestamp",
        "_received_before",
        "received",
        "ssrc",
    )

    def __init__(self, ssrc: int, clock_rate: int) -> None:
        self.ssrc = ssrc
        self._clock_rate = clock_rate
        self._last_report = 0
        self._last_report_at = 0.0
        self._jitter = 0.0
        self.restart()

    def restart(self) -> None:
        """Count anew from the next packet on: the sender has begun again (RFC 3550, A.1)."""
        self._base = -1
        self._cycles = 0
        self._highest = -1
        self.received = 0
        self._received_before = 0
        self._expected_before = 0
        self._last_timestamp = -1
        self._last_arrival = 0.0

    def on_packets(self, packets: Sequence[RtpPacket], now: float) -> None:
        """Packets that came by themselves: duplicates, late ones and padding count, other SSRCs' RTX do not.

        Those without an `index` belong nowhere, and are not counted.
        """
        first, last = packets[0], packets[-1]
        if (
            0 <= self._highest < first.index == last.index - len(packets) + 1
            and first.timestamp == last.timestamp
        ):
            self.received += len(packets)
            self._highest = last.index
            if first.timestamp != self._last_timestamp:
                self._measure_jitter(first.timestamp, now)
            return
        for packet in packets:
            index = packet.index
            if index > self._highest:
                self.received += 1
                if self._base < 0:
                    self._base = index
                    self._cycles = (
                        index & ~0xFFFF
                    )  # the first packet is in cycle 0, wherever the reordering has it
                self._highest = index
                if packet.timestamp != self._last_timestamp:
                    self._measure_jitter(packet.timestamp, now)
            elif index >= 0:
                self.received += 1
                self._base = max(min(self._base, index), self._cycles)

    def _measure_jitter(self, timestamp: int, now: float) -> None:
        """Once a picture: its packets say more about the pacer than about the path."""
        last = self._last_timestamp
        if last >= 0:
            ticks = ((timestamp - last + 0x8000_0000) & 0xFFFF_FFFF) - 0x8000_0000
            difference = abs((now - self._last_arrival) * self._clock_rate - ticks)
            self._jitter += (difference - self._jitter) / 16
        self._last_timestamp = timestamp
        self._last_arrival = now

    def on_sender_report(self, report: SenderReport, now: float) -> None:
        """Remember it for LSR and DLSR."""
        self._last_report = report.ntp >> 16 & 0xFFFF_FFFF
        self._last_report_at = now

    @property
    def jitter_s(self) -> float:
        """Interarrival jitter in seconds."""
        return self._jitter / self._clock_rate

    @property
    def lost(self) -> int:
        """Packets lost so far by RFC 3550, A.3; negative when there are more duplicates."""
        return self._expected - self.received

    @property
    def _expected(self) -> int:
        return self._highest - self._base + 1 if self._base >= 0 else 0

    def report_block(self, now: float) -> ReportBlock:
        """The block for now; its fraction lost counts from the last call on."""
        expected = self._expected
        expected_since = expected - self._expected_before
        lost_since = expected_since - (self.received - self._received_before)
        self._expected_before = expected
        self._received_before = self.received
        delay_s = now - self._last_report_at if self._last_report else 0.0
        return ReportBlock(
            ssrc=self.ssrc,
            fraction_lost=min(lost_since * 256 // expected_since, 255) if lost_since > 0 else 0,
            cumulative_lost=max(-_MOST_LOST - 1, min(expected - self.received, _MOST_LOST)),
            highest_sequence=(self._highest - self._cycles) & 0xFFFF_FFFF,
            jitter=min(int(self._jitter), 0xFFFF_FFFF),
            last_report=self._last_report,
            delay_since=min(int(delay_s * 65_536), 0xFFFF_FFFF),
        )
