"""Transport-wide feedback (draft-holmer-rmcat-transport-wide-cc-extensions-01): when each packet came.

The publisher numbers all its packets, audio and video alike, in a header extension; from the arrival times
it estimates the bandwidth itself.
"""

from operator import sub
from struct import Struct

from edge.rtp.rtcp import TRANSPORT_FEEDBACK

FIRST_AFTER_S = 0.05
INTERVAL_S = 0.1
"""The draft's own receivers send every 50 to 250 ms, and so often by default; more often is more upstream
traffic for little."""

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

    __slots__ = ("_arrivals", "_due", "_feedbacks", "_indexes", "_next", "_reordered", "_untold")

    def __init__(self) -> None:
        self._indexes: list[int] = []  # unwrapped sequence numbers
        self._arrivals: list[int] = []  # and when each came, in ticks
        self._next = -1  # the unwrapped sequence number after the highest seen
        self._untold = 0  # the lowest one that no feedback has spoken of
        self._reordered = False
        self._feedbacks = 0
        self._due = 0.0

    def on_packets(self, transport_seqs: list[int], now: float) -> None:
        """Packets with these 16-bit transport sequence numbers came, padding and retransmissions alike."""
        count, expected, ticks = len(transport_seqs), self._next, int(now * _TICKS_PER_S)
        wrapped = expected & 0xFFFF
        if expected >= 0 and transport_seqs == list(range(wrapped, wrapped + count)):
            self._indexes += range(expected, expected + count)
            self._arrivals += [ticks] * count
            self._next = expected + count
        else:
            for transport_seq in transport_seqs:
                self._on_packet(transport_seq, ticks, now)
        if len(self._indexes) > _MOST_PENDING:
            self._forget(_MOST_PENDING // 2)
            self._untold = self._indexes[0]

    def _on_packet(self, transport_seq: int, ticks: int, now: float) -> None:
        expected = self._next
        if expected < 0:
            self._due = now + FIRST_AFTER_S
            index = self._untold = expected = transport_seq
        else:
            index = expected + ((transport_seq - expected + 0x8000) & 0xFFFF) - 0x8000
            if not -_FURTHEST_JUMP < index - expected < _FURTHEST_JUMP:
                self._forget(len(self._indexes))
                index = self._untold = expected + ((transport_seq - expected) & 0xFFFF)
        if index < self._untold:
            if self._feedbacks:
                return  # came after it was told lost, or is a duplicate
            self._untold = index
        self._reordered = self._reordered or index < expected
        self._indexes.append(index)
        self._arrivals.append(ticks)
        self._next = max(expected, index + 1)

    def due(self, now: float) -> bool:
        """Is it time to `build`? First 50 ms after the first packet, then every 100 ms while packets come."""
        return bool(self._indexes) and (now >= self._due or len(self._indexes) >= _MOST_RECEIVED)

    def build(self, sender_ssrc: int, media_ssrc: int, now: float) -> bytes | None:
        """One feedback packet; None when everything is told. Call it again until then."""
        self._due = now + INTERVAL_S
        if not self._indexes:
            return None
        if self._reordered:
            self._sort()
        first = self._indexes[0]
        base = self._untold if 0 <= first - self._untold < _MOST_STATUSES else first
        reference = self._arrivals[0] // _REFERENCE_TICKS
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
        first: dict[int, int] = {}
        for index, arrival in zip(self._indexes, self._arrivals, strict=True):
            first.setdefault(index, arrival)
        self._indexes = sorted(first)
        self._arrivals = [first[index] for index in self._indexes]
        self._reordered = False

    def _forget(self, count: int) -> None:
        del self._indexes[:count], self._arrivals[:count]

    def _take(self, base: int, ticks: int) -> tuple[int, bytes, bytes]:
        """How many numbers from `base` on are told of, their status chunks and their receive deltas."""
        indexes, arrivals = self._indexes[:_MOST_RECEIVED], self._arrivals[:_MOST_RECEIVED]
        count = len(indexes)
        if indexes[-1] - base + 1 == count:  # nothing is lost: all in one run, unless there was a pause
            try:
                deltas = bytes(map(sub, arrivals, [ticks, *arrivals]))
            except ValueError:
                pass
            else:
                self._forget(count)
                return count, (_SMALL << 13 | count).to_bytes(2, "big"), deltas
        statuses, deltas, used = _statuses(indexes, arrivals, base, ticks)
        self._forget(used)
        return len(statuses), _chunks(statuses), deltas


def _statuses(indexes: list[int], arrivals: list[int], base: int, ticks: int) -> tuple[bytearray, bytes, int]:
    """A status for every number from `base` on, the receive deltas, and how many arrivals that used."""
    statuses = bytearray()
    deltas = bytearray()
    used = 0
    for index, arrival in zip(indexes, arrivals, strict=True):
        skipped = index - base - len(statuses)
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
    for symbol in bytes(symbols):  # mypyc does not go through a bytearray
        value = value << width | symbol
    return kind | value << (_VECTOR_BITS - width * len(symbols)), at + len(symbols)
