"""Transport-wide feedback (draft-holmer-rmcat-transport-wide-cc-extensions-01): when each packet came.

The publisher numbers all its packets, audio and video alike, in a header extension; from the arrival times
it estimates the bandwidth itself.
"""

from collections.abc import Iterable
from operator import sub
from struct import Struct

from edge.rtp.rtcp import TRANSPORT_FEEDBACK

FIRST_AFTER_S = 0.05
INTERVAL_S = 0.08
"""The draft's own receivers send every 50 to 250 ms; more often is more upstream traffic for little."""

_FORMAT = 15
_HEADER = Struct("!BBHII")
_BASE = Struct("!HHI")
_TICKS_PER_S = 4_000  # receive deltas are in 250 us
_REFERENCE_TICKS = 256  # the reference time is in 64 ms
_MOST_STATUSES = 4_000  # packets that one feedback speaks of
_MOST_RECEIVED = 350  # of which these came: 1.1 KiB at most
_MOST_PENDING = 4_096
_FURTHEST_JUMP = 0x2000  # a larger one is no loss but another counter

_SMALL, _LARGE = 1, 2  # a receive delta of one byte, of two; 0 is a packet that did not come
_VECTOR_BITS = 14


class TwccRecorder:
    """The arrivals since the last feedback. Bounded: what is not fetched in time is forgotten."""

    __slots__ = ("_due", "_feedbacks", "_next", "_pending", "_reordered", "_untold")

    def __init__(self) -> None:
        self._pending: list[tuple[int, float]] = []  # unwrapped sequence number, arrival
        self._next = -1  # the unwrapped sequence number after the highest seen
        self._untold = 0  # the lowest one that no feedback has spoken of
        self._reordered = False
        self._feedbacks = 0
        self._due = 0.0

    def on_packets(self, transport_seqs: Iterable[int], now: float) -> None:
        """Packets with these 16-bit transport sequence numbers came, padding and retransmissions alike."""
        pending = self._pending
        for transport_seq in transport_seqs:
            expected = self._next
            if transport_seq == expected & 0xFFFF and expected >= 0:
                pending.append((expected, now))
                self._next = expected + 1
            else:
                self._out_of_order(transport_seq, now)
        if len(self._pending) > _MOST_PENDING:
            del self._pending[: _MOST_PENDING // 2]
            self._untold = self._pending[0][0]

    def _out_of_order(self, transport_seq: int, now: float) -> None:
        expected = self._next
        if expected < 0:
            self._due = now + FIRST_AFTER_S
            index = self._untold = expected = transport_seq
        else:
            index = expected + ((transport_seq - expected + 0x8000) & 0xFFFF) - 0x8000
            if not -_FURTHEST_JUMP < index - expected < _FURTHEST_JUMP:
                self._pending.clear()
                index = self._untold = expected + ((transport_seq - expected) & 0xFFFF)
        if index < self._untold:
            if self._feedbacks:
                return  # came after it was told lost, or is a duplicate
            self._untold = index
        self._reordered = self._reordered or index < expected
        self._pending.append((index, now))
        self._next = max(expected, index + 1)

    def due(self, now: float) -> bool:
        """Is it time to `build`? First 50 ms after the first packet, then every 80 ms while packets come."""
        return bool(self._pending) and (now >= self._due or len(self._pending) >= _MOST_RECEIVED)

    def build(self, sender_ssrc: int, media_ssrc: int, now: float) -> bytes | None:
        """One feedback packet; None when everything is told. Call it again until then."""
        self._due = now + INTERVAL_S
        if not self._pending:
            return None
        if self._reordered:
            self._sort()
        first = self._pending[0][0]
        base = self._untold if 0 <= first - self._untold < _MOST_STATUSES else first
        reference = int(self._pending[0][1] * _TICKS_PER_S) // _REFERENCE_TICKS
        count, chunks, deltas = self._take(base, reference * _REFERENCE_TICKS)
        self._untold = base + count
        body = _BASE.pack(base & 0xFFFF, count, (reference & 0xFF_FFFF) << 8 | self._feedbacks & 0xFF)
        body += chunks + deltas
        self._feedbacks += 1
        padding = -len(body) % 4
        version = 0xA0 if padding else 0x80
        if padding:
            body += bytes(padding - 1) + bytes((padding,))
        return (
            _HEADER.pack(version | _FORMAT, TRANSPORT_FEEDBACK, 2 + len(body) // 4, sender_ssrc, media_ssrc)
            + body
        )

    def _sort(self) -> None:
        """In order of sequence, the first arrival of each."""
        first: dict[int, float] = {}
        for index, arrival in self._pending:
            first.setdefault(index, arrival)
        self._pending = sorted(first.items())
        self._reordered = False

    def _take(self, base: int, ticks: int) -> tuple[int, bytes, bytes]:
        """How many numbers from `base` on are told of, their status chunks and their receive deltas."""
        taken = self._pending[:_MOST_RECEIVED]
        count = len(taken)
        if taken[-1][0] - base + 1 == count:  # nothing is lost: all in one run, unless there was a pause
            arrivals = [int(arrival * _TICKS_PER_S) for _, arrival in taken]
            try:
                deltas = bytes(map(sub, arrivals, [ticks, *arrivals]))
            except ValueError:
                pass
            else:
                del self._pending[:count]
                return count, (_SMALL << 13 | count).to_bytes(2, "big"), deltas
        statuses, deltas, used = _statuses(taken, base, ticks)
        del self._pending[:used]
        return len(statuses), _chunks(statuses), deltas


def _statuses(taken: list[tuple[int, float]], base: int, ticks: int) -> tuple[bytearray, bytes, int]:
    """A status for every number from `base` on, the receive deltas, and how many arrivals that used."""
    statuses = bytearray()
    deltas = bytearray()
    used = 0
    for index, came in taken:
        skipped = index - base - len(statuses)
        arrival = int(came * _TICKS_PER_S)
        delta = arrival - ticks
        if not -0x8000 <= delta <= 0x7FFF or len(statuses) + skipped >= _MOST_STATUSES:
            break
        statuses += bytes(skipped)
        if 0 <= delta <= 0xFF:
            statuses.append(_SMALL)
            deltas.append(delta)
        else:
            statuses.append(_LARGE)
            deltas += delta.to_bytes(2, "big", signed=True)
        ticks = arrival
        used += 1
    return statuses, bytes(deltas), used


def _chunks(statuses: bytearray) -> bytes:
    """Run lengths where they pay, else vectors of 14 one-bit or 7 two-bit symbols (3.1.2 to 3.1.4)."""
    chunks = bytearray()
    at, end = 0, len(statuses)
    while at < end:
        status = statuses[at]
        stop = at + 1
        while stop < end and statuses[stop] == status:
            stop += 1
        if stop - at >= _VECTOR_BITS or stop == end:
            chunk = status << 13 | stop - at
        else:
            chunk, stop = _vector(statuses, at)
        chunks += chunk.to_bytes(2, "big")
        at = stop
    return bytes(chunks)


def _vector(statuses: bytearray, at: int) -> tuple[int, int]:
    """A status vector chunk and where it ends; symbols past the last status are filled up with "lost"."""
    symbols = statuses[at : at + _VECTOR_BITS]
    kind, width = (0x8000, 1) if _LARGE not in symbols else (0xC000, 2)
    symbols = symbols[: _VECTOR_BITS // width]
    value = 0
    for symbol in symbols:
        value = value << width | symbol
    return kind | value << (_VECTOR_BITS - width * len(symbols)), at + len(symbols)
