"""RTP payloads to H.264 access units (RFC 6184): single NAL units, STAP-A and FU-A."""

from collections.abc import Sequence

from edge.media.h264 import NAL_AUD, NAL_IDR, NAL_SEI, NAL_SPS, is_recovery_point
from edge.media.timebase import unwrap
from edge.rtp.access_unit import AccessUnit
from edge.rtp.packet import RtpPacket

LARGEST_UNIT = 4 << 20
"""Bytes of an access unit; what is larger is dropped as damaged."""

_STAP_A = 24
_FU_A = 28
_START, _END = 0x80, 0x40
_MIDDLE_MASK, _MIDDLE = 0x1FC0, _FU_A << 8  # of the head of a FU-A: neither start nor end
_NAL_OVERHEAD = 64  # what a NAL unit costs us besides its bytes: hostile ones are one byte long
_FIRST = frozenset({NAL_AUD, NAL_SPS})
_NOTHING: tuple[AccessUnit, ...] = ()


class H264Depayloader:
    """Takes the packets of one track in order of their `index`; a jump in it is a loss.

    A unit ends with the marker or when the timestamp changes. A unit without a slice (parameter sets behind
    a marker of their own) waits for the next one. After a loss all units are `damaged` until a key frame is
    whole, and so are those before the first. Nothing is raised: what is malformed is counted, and its unit
    is damaged.
    """

    __slots__ = (
        "_arrival",
        "_damaged",
        "_expected",
        "_fragments",
        "_has_slice",
        "_head_lost",
        "_idr",
        "_key_coming",
        "_nals",
        "_open",
        "_rtp_time",
        "_size",
        "_ssrc",
        "_timestamp",
        "broken",
        "keys_begun",
        "malformed",
        "take_recovery_points",
    )

    def __init__(self) -> None:
        self.broken = True
        self.keys_begun = 0
        """Key frames of which something has come, whole or not."""
        """No whole key frame has come since the last loss: nothing can be decoded cleanly."""
        self.malformed = 0
        self.take_recovery_points = False
        """The last resort for streams without IDR pictures: a recovery point SEI makes a key frame."""
        self._ssrc = -1
        self._expected = -1
        self._timestamp = -1
        self._rtp_time: int | None = None
        self._head_lost = True
        self._open = False
        self._fragments: list[bytes] = []
        self._clear()

    def _clear(self) -> None:
        self._nals: list[bytes] = []
        self._fragments.clear()
        self._size = 0
        self._has_slice = False
        self._idr = False
        self._key_coming = False
        self._damaged = False
        self._arrival = 0.0

    @property
    def key_coming(self) -> bool:
        """Is the unit that is being put together a key frame, as far as can be seen, and still whole?"""
        return self._open and self._key_coming and not self._damaged

    def push(self, packets: Sequence[RtpPacket]) -> Sequence[AccessUnit]:
        """The units that these packets end."""
        units = _NOTHING
        at, end = 0, len(packets)
        while at < end:
            if self._fragments:
                at = self._take_middles(packets, at)
                if at == end:
                    break
            units += self._push_any(packets[at])
            at += 1
        return units

    def _take_middles(self, packets: Sequence[RtpPacket], at: int) -> int:
        """The most frequent packets, pieces from the middle of an open FU-A, on the shortest way.

        Takes those from `at` on that follow each other; where the next one of another sort is.
        """
        fragments, timestamp, index = self._fragments, self._timestamp, self._expected
        size, newest = self._size, self._arrival
        for packet in packets[at:] if at else packets:
            begin, end = packet.begin, packet.end
            if (
                packet.index != index
                or packet.timestamp != timestamp
                or packet.marker
                or packet.head & _MIDDLE_MASK != _MIDDLE
                or end - begin < 3
                or size + end - begin > LARGEST_UNIT
            ):
                break
            index += 1
            size += end - begin
            if packet.arrival > newest:  # noqa: PLR1730 (half the time of a call of max)
                newest = packet.arrival
            fragments.append(packet.data[begin + 2 : end])
        taken = index - self._expected
        self._expected, self._size, self._arrival = index, size, newest
        return at + taken

    def _push_any(self, packet: RtpPacket) -> tuple[AccessUnit, ...]:
        if packet.index != self._expected:
            self._meet_gap(packet)
        self._expected = packet.index + 1
        payload = packet.payload
        if not payload:
            return _NOTHING
        done = _NOTHING
        if packet.timestamp != self._timestamp or not self._open:
            if self._open:
                done = self._finish()
            self._begin(packet)
        if packet.arrival > self._arrival:  # noqa: PLR1730 (half the time of a call of max)
            self._arrival = packet.arrival
        kind = payload[0] & 0x1F
        if kind == _FU_A:
            self._take_fragment(payload)
        elif kind == _STAP_A:
            self._take_aggregate(payload)
        else:
            self._take_nal(payload)
        return done + self._finish() if packet.marker else done

    def _meet_gap(self, packet: RtpPacket) -> None:
        self.broken = True
        self._head_lost = True
        if packet.ssrc != self._ssrc:
            self._ssrc = packet.ssrc
            self._rtp_time = None
            self._open = False
            self._clear()
        elif self._open:  # its tail is lost, or something in its middle
            self._damage()
        else:
            self._clear()

    def _begin(self, packet: RtpPacket) -> None:
        self._open = True
        self._timestamp = packet.timestamp
        if self._head_lost:
            self._head_lost = False
            if not _begins_unit(packet.payload):
                self._damage()

    def _damage(self) -> None:
        self._damaged = True
        self.broken = True
        self._fragments.clear()

    def _refuse(self) -> None:
        self.malformed += 1
        self._damage()

    def _take_fragment(self, payload: bytes) -> None:
        """FU-A (RFC 6184, 5.8): indicator, header, a piece of one NAL unit."""
        if len(payload) < 3:
            self._refuse()
            return
        header = payload[1]
        fragments = self._fragments
        if header & _START:
            if fragments:
                self._damage()  # the end of the last one never came
            kind = header & 0x1F
            if kind in {NAL_IDR, NAL_SPS}:
                self._begin_key()
            fragments.append(bytes((payload[0] & 0xE0 | kind,)))
        elif not fragments:
            self._damage()  # its start is lost, or was never sent
            return
        fragments.append(payload[2:])
        self._size += len(payload)
        if self._size > LARGEST_UNIT:
            self._overflow()
        elif header & _END:
            nal = b"".join(fragments)
            fragments.clear()
            self._take_nal(nal)

    def _take_aggregate(self, payload: bytes) -> None:
        """STAP-A (RFC 6184, 5.7.1): NAL units, each behind its size in two bytes."""
        at, end = 1, len(payload)
        while at < end:
            start = at + 2
            at = start + int.from_bytes(payload[at:start], "big")
            if not start < at <= end:
                self._refuse()
                return
            self._take_nal(payload[start:at])

    def _take_nal(self, nal: bytes) -> None:
        kind = nal[0] & 0x1F
        if not 0 < kind < _STAP_A:
            self._refuse()  # STAP-B, MTAP and FU-B are not for packetization mode 1
            return
        if self._fragments:
            self._damage()
        self._size += len(nal) + _NAL_OVERHEAD
        if self._size > LARGEST_UNIT:
            self._overflow()
            return
        self._nals.append(nal)
        if kind <= NAL_IDR:
            self._has_slice = True
        if kind == NAL_IDR:
            self._idr = True
            self._begin_key()
        elif kind == NAL_SPS:
            self._begin_key()

    def _begin_key(self) -> None:
        if not self._key_coming:
            self._key_coming = True
            self.keys_begun += 1

    def _overflow(self) -> None:
        """Too large: nothing of this unit is kept, and nothing more taken (the size stays)."""
        self._damage()
        self._nals.clear()
        self._has_slice = self._idr = False

    def _finish(self) -> tuple[AccessUnit, ...]:
        self._open = False
        if self._fragments:
            self._damage()
        if not self._has_slice:
            if self._damaged:
                self._clear()
            return _NOTHING
        key = self._idr or (self.take_recovery_points and self._has_recovery_point())
        if key and not self._damaged:
            self.broken = False
        self._rtp_time = unwrap(self._rtp_time, self._timestamp, 32)
        unit = AccessUnit(
            "video", self._ssrc, self._rtp_time, self._arrival, tuple(self._nals), key, self.broken
        )
        self._clear()
        return (unit,)

    def _has_recovery_point(self) -> bool:
        return any(nal[0] & 0x1F == NAL_SEI and is_recovery_point(nal) for nal in self._nals)


def _begins_unit(payload: bytes) -> bool:
    """Is nothing missed that stood before this in its unit? True for a delimiter and an SPS (H.264,
    7.4.1.2.3), and for SEI that an SPS follows in the same packet, as muxers write it that put parameter
    sets right before the slices: what stood before was a delimiter or more SEI.
    """
    if payload[0] & 0x1F != _STAP_A:
        return payload[0] & 0x1F in _FIRST
    at = 1
    while at + 2 < len(payload):
        kind = payload[at + 2] & 0x1F
        if kind != NAL_SEI:
            return kind in _FIRST
        at += 2 + int.from_bytes(payload[at : at + 2], "big")
    return False
