"""Packets of one source in order, with a list of those to ask for again and a deadline for them.

Out come packets with a growing `index`. Where it jumps, packets are lost for good: they did not come within
the deadline. So the buffer delays nothing while nothing is missing, and never longer than the deadline.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from edge.rtp.packet import RtpPacket

WINDOW = 2048
"""Packets that may be waited for or held at once."""

_MOST_HELD_BYTES = 4 << 20
_REORDERED_BY = 2  # a packet that two others overtook is taken for lost
_NEVER = float("inf")


@dataclass(frozen=True, slots=True)
class LossPolicy:
    """What to do about packets that do not come; times in seconds.

    A gap is asked for after `allowance_s` (at once when several packets overtook it), again every
    max(round trip, `retry_s`), at most `tries` times, and given up `deadline_s` after it showed.
    """

    retransmission: bool = True
    allowance_s: float = 0.008
    retry_s: float = 0.03
    tries: int = 10
    deadline_s: float = 0.3


VIDEO_LOSS = LossPolicy()
AUDIO_LOSS = LossPolicy(deadline_s=0.12)
NO_RETRANSMISSION = LossPolicy(retransmission=False, deadline_s=0.05)
"""For publishers that did not negotiate NACK: waiting only helps against reordering."""


class _Missing:
    __slots__ = ("asked", "next_try", "noticed", "tries")

    def __init__(self, now: float, next_try: float) -> None:
        self.noticed = now
        self.next_try = next_try
        self.asked = now
        self.tries = 0


class Reorder:
    """The reordering buffer of one SSRC. Holds at most WINDOW packets and 4 MiB.

    `after` is the highest index that a predecessor used: the indexes then go on behind a gap.
    """

    __slots__ = (
        "_held",
        "_held_bytes",
        "_highest",
        "_lowest_untried",
        "_missing",
        "_next",
        "_policy",
        "_stranger",
        "discarded",
        "earliest_try",
        "lost",
        "recovered",
        "restarts",
        "round_trip_s",
    )

    def __init__(self, policy: LossPolicy, after: int = -1) -> None:
        self._policy = policy
        self._next = -1  # the index that would go out next; -1 before the first packet
        self._highest = after
        self._held: dict[int, RtpPacket] = {}
        self._held_bytes = 0
        self._missing: dict[int, _Missing] = {}  # in the order they were noticed, which is that of the index
        self.earliest_try = _NEVER
        """Before then there are no `nacks`: cheap to ask after every datagram."""
        self._lowest_untried: float = _NEVER  # a lower bound: it may have come since
        self._stranger: RtpPacket | None = None
        self.lost = 0
        self.recovered = 0
        self.discarded = 0
        self.restarts = 0
        self.round_trip_s: float | None = None

    @property
    def highest(self) -> int:
        """The highest index so far."""
        return self._highest

    def follow(self, packets: Sequence[RtpPacket]) -> bool:
        """Take packets that follow each other and all before, where nothing is waited for: nearly always.

        False: they do not, and are to be pushed. Sets their `index`.
        """
        index = self._next
        if self._held or index < 0:
            return False
        for packet in packets:
            if packet.sequence != index & 0xFFFF:
                return False
            packet.index = index
            index += 1
        self._next = index
        self._highest = index - 1
        return True

    def push(self, packet: RtpPacket, now: float) -> list[RtpPacket]:
        """Take any packet; the packets that are in order now. Sets its `index` (-1: it belongs nowhere)."""
        packet.index = -1
        return [packet] if self.follow((packet,)) else self._push_out_of_order(packet, now)

    def _push_out_of_order(self, packet: RtpPacket, now: float) -> list[RtpPacket]:
        if self._next < 0:
            return self._start([packet])
        index = self._next + ((packet.sequence - self._next + 0x8000) & 0xFFFF) - 0x8000
        if index < self._next - WINDOW or index > self._highest + WINDOW:
            return self._meet_stranger(packet)
        self._stranger = None
        packet.index = index
        if index < self._next or index in self._held:
            self.discarded += 1
            return []
        released = self._give_up_before(index - WINDOW + 1) if index - self._next >= WINDOW else []
        if index > self._highest:
            self._notice_gap(index, now)
        else:
            self._found(index, now)
        packet.own()
        self._held[index] = packet
        self._held_bytes += len(packet.data)
        if index == self._next:
            released += self._drain()
        while self._held_bytes > _MOST_HELD_BYTES:
            released += self._give_up_before(min(self._held))
        return released

    def _start(self, packets: list[RtpPacket]) -> list[RtpPacket]:
        """Begin, or begin again, with the first of these packets that follow each other."""
        before = self._highest
        sequence = packets[0].sequence
        # Behind a gap of one at least, so that nobody takes it for the packet after the last one.
        index = sequence if before < 0 else before + 2 + ((sequence - before - 2) & 0xFFFF)
        for packet in packets:
            packet.index = index
            index += 1
        self._next = index
        self._highest = index - 1
        return packets

    def _meet_stranger(self, packet: RtpPacket) -> list[RtpPacket]:
        """Two packets in sequence far from all others mean that the sender began again (RFC 3550, A.1)."""
        packet.own()
        stranger, self._stranger = self._stranger, packet
        if stranger is not None and packet.sequence == (stranger.sequence + 1) & 0xFFFF:
            self._stranger = None
            self.restarts += 1
            return [*self.flush(), *self._start([stranger, packet])]
        if stranger is not None:
            self.discarded += 1
        return []

    def recover(self, packet: RtpPacket, now: float) -> list[RtpPacket]:
        """Take a retransmission that came on another SSRC: only what is missing is taken."""
        index = self._next + ((packet.sequence - self._next + 0x8000) & 0xFFFF) - 0x8000
        if self._next < 0 or index not in self._missing:
            self.discarded += 1
            return []
        return self.push(packet, now)

    def _notice_gap(self, index: int, now: float) -> None:
        """`index` is the highest now: what it overtook is missing."""
        next_try = now + self._policy.allowance_s
        for absent in range(self._highest + 1, index):
            self._missing[absent] = _Missing(now, next_try)
        if not self._policy.retransmission:
            self._highest = index
            return
        if index > self._highest + 1:
            self.earliest_try = min(self.earliest_try, next_try)
            self._lowest_untried = min(self._lowest_untried, self._highest + 1)
        if self._lowest_untried <= index - _REORDERED_BY:
            self.earliest_try = now
        self._highest = index

    def _found(self, index: int, now: float) -> None:
        missing = self._missing.pop(index)
        if missing.tries:
            self.recovered += 1
            sample = now - missing.asked
            known = self.round_trip_s
            # The first NACK may be the one that was lost, so samples can be too long: trust short ones.
            self.round_trip_s = sample if known is None or sample < known else known + (sample - known) / 16

    def _drain(self) -> list[RtpPacket]:
        """What follows `_next` without a gap."""
        released: list[RtpPacket] = []
        held, index = self._held, self._next
        while (packet := held.pop(index, None)) is not None:
            released.append(packet)
            self._held_bytes -= len(packet.data)
            index += 1
        self._next = index
        return released

    def _give_up_before(self, index: int) -> list[RtpPacket]:
        """Wait no longer for anything before `index`; what was held before it goes out, and what follows."""
        released: list[RtpPacket] = []
        while self._next < index:
            if self._missing.pop(self._next, None) is not None:
                self.lost += 1
                self._next += 1
            else:
                released += self._drain()
        return released + self._drain()

    @property
    def waits(self) -> bool:
        """Whether anything is missing: else there is nothing to `expire`, and there are no `nacks`."""
        return bool(self._missing)

    def expire(self, now: float) -> list[RtpPacket]:
        """Give up what is past its deadline; the packets that waited for it."""
        too_old = now - self._policy.deadline_s
        last = -1
        for index, missing in self._missing.items():
            if missing.noticed > too_old:
                break
            last = index
        return self._give_up_before(last + 1) if last >= 0 else []

    def flush(self) -> list[RtpPacket]:
        """Wait for nothing any more: all that is held, in order."""
        return self._give_up_before(self._highest + 1) if self._next >= 0 else []

    def nacks(self, now: float) -> list[int]:
        """The sequence numbers to ask for now; each is counted as a try."""
        if now < self.earliest_try:
            return []
        due: list[int] = []
        policy = self._policy
        retry_s = max(self.round_trip_s or 0.0, policy.retry_s)
        overtaken = self._highest - _REORDERED_BY
        self.earliest_try = self._lowest_untried = _NEVER
        for index, missing in self._missing.items():
            if missing.tries >= policy.tries:
                continue
            if now >= missing.next_try or (not missing.tries and index <= overtaken):
                due.append(index & 0xFFFF)
                if not missing.tries:
                    missing.asked = now
                missing.tries += 1
                missing.next_try = now + retry_s
            elif not missing.tries:
                self._lowest_untried = min(self._lowest_untried, index)
            if missing.tries < policy.tries:
                self.earliest_try = min(self.earliest_try, missing.next_try)
        return due
