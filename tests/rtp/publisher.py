"""A publisher and a network in virtual time: seeded loss, delay, reordering and duplicates; no sockets, no sleeps."""

import heapq
import random
import struct
from collections.abc import Sequence
from dataclasses import dataclass, field

from edge.rtp.access_unit import AccessUnit
from edge.rtp.packet import RtpPacket, parse_rtp
from edge.rtp.receiver import AudioReceiver, VideoReceiver

SPS = bytes.fromhex("6764001facd9405005bb011000000300100000030320f1831960")
PPS = bytes.fromhex("68ebe3cb22c0")
MEDIA_SSRC = 0x11223344
RTX_SSRC = 0x55667788


def rtp(
    sequence: int,
    timestamp: int,
    payload: bytes,
    *,
    marker: bool = False,
    ssrc: int = MEDIA_SSRC,
    payload_type: int = 96,
) -> bytes:
    second = payload_type | (0x80 if marker else 0)
    return struct.pack("!BBHII", 0x80, second, sequence & 0xFFFF, timestamp & 0xFFFF_FFFF, ssrc) + payload


def packet(sequence: int, timestamp: int = 0, payload: bytes = b"\x41x", **more: object) -> RtpPacket:
    return parse_rtp(rtp(sequence, timestamp, payload, **more))  # type: ignore[arg-type]


def stap_a(*nals: bytes) -> bytes:
    return b"\x78" + b"".join(struct.pack("!H", len(nal)) + nal for nal in nals)


def fu_a(nal: bytes, size: int) -> list[bytes]:
    pieces = [nal[at : at + size] for at in range(1, len(nal), size)]
    head = nal[0] & 0xE0 | 28
    return [
        bytes((head, (0x80 if number == 0 else 0) | (0x40 if number == len(pieces) - 1 else 0) | nal[0] & 31))
        + piece
        for number, piece in enumerate(pieces)
    ]


def payloads(nals: Sequence[bytes], size: int, *, aggregate: bool) -> list[bytes]:
    """As browsers do it (parameter sets in one STAP-A), or as OBS does (one packet each)."""
    sets = [nal for nal in nals if nal[0] & 31 in {7, 8}]
    out = [stap_a(*sets)] if aggregate and sets else list(sets)
    for nal in nals:
        if nal not in sets:
            out += [nal] if len(nal) <= size else fu_a(nal, size)
    return out


@dataclass
class Picture:
    timestamp: int
    nals: tuple[bytes, ...]
    key: bool
    sequences: list[int] = field(default_factory=list)


@dataclass
class VideoPublisher:
    """Pictures at 30 fps; answers NACKs from its store and PLIs with a key frame."""

    rng: random.Random
    ssrc: int = MEDIA_SSRC
    sequence: int = 0
    timestamp: int = 0
    gop: int = 30
    aggregate: bool = True
    rtx: bool = True
    padding_chance: float = 0.0
    answers_nack: bool = True
    answers_pli: bool = True
    pictures: list[Picture] = field(default_factory=list)
    nacked: int = 0
    plis: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.store: dict[int, bytes] = {}
        self.rtx_sequence = self.rng.randrange(0x10000)
        self.key_wanted = True
        self.since_key = 0

    def _send(self, payload: bytes, *, marker: bool = False) -> bytes:
        data = rtp(self.sequence, self.timestamp, payload, marker=marker, ssrc=self.ssrc)
        self.store[self.sequence & 0xFFFF] = data
        self.sequence += 1
        return data

    def picture(self) -> list[bytes]:
        key = self.key_wanted or self.since_key >= self.gop
        self.key_wanted = False
        self.since_key = 0 if key else self.since_key + 1
        slices = [
            bytes((0x65 if key else 0x41,)) + self.rng.randbytes(self.rng.randrange(20, 3000 if key else 900))
            for _ in range(self.rng.choice((1, 1, 2)))
        ]
        nals = (SPS, PPS, *slices) if key else tuple(slices)
        made = Picture(self.timestamp, nals, key)
        bodies = payloads(nals, 300, aggregate=self.aggregate)
        out = []
        for number, body in enumerate(bodies):
            made.sequences.append(self.sequence)
            out.append(self._send(body, marker=number == len(bodies) - 1))
            if self.rng.random() < self.padding_chance:
                out.append(self._send(b""))
        self.pictures.append(made)
        self.timestamp += 3000
        return out

    def padding(self) -> bytes:
        return self._send(b"")

    def feedback(self, data: bytes, now: float) -> list[bytes]:
        """What it sends because of one RTCP packet."""
        first, kind, _ = struct.unpack_from("!BBH", data)
        if kind == 206 and first & 31 == 1:
            self.plis.append(now)
            self.key_wanted = self.key_wanted or self.answers_pli
        if kind != 205 or first & 31 != 1:
            return []
        assert struct.unpack_from("!I", data, 8)[0] == self.ssrc
        out = []
        for pid, bitmap in struct.iter_unpack("!HH", data[12:]):
            wanted = [pid, *((pid + 1 + bit) & 0xFFFF for bit in range(16) if bitmap >> bit & 1)]
            self.nacked += len(wanted)
            if self.answers_nack:
                out += [self._again(sequence) for sequence in wanted if sequence in self.store]
        return out

    def _again(self, sequence: int) -> bytes:
        data = self.store[sequence]
        if not self.rtx:
            return data
        old = parse_rtp(data)
        self.rtx_sequence += 1
        return rtp(
            self.rtx_sequence,
            old.timestamp,
            struct.pack("!H", sequence) + old.payload,
            marker=old.marker,
            ssrc=RTX_SSRC,
            payload_type=97,
        )


@dataclass
class Network:
    """One way delay with jitter, independent loss and duplicates."""

    rng: random.Random
    loss: float = 0.0
    duplicates: float = 0.0
    delay_s: float = 0.02
    jitter_s: float = 0.0
    most_losses_of_one: int = 2
    """However unlucky, no packet is lost more often."""

    def __post_init__(self) -> None:
        self.lost: dict[bytes, int] = {}

    def arrivals(self, data: bytes, now: float) -> list[float]:
        identity = data[:12]
        if self.rng.random() < self.loss and self.lost.get(identity, 0) < self.most_losses_of_one:
            self.lost[identity] = self.lost.get(identity, 0) + 1
            return []
        times = 2 if self.rng.random() < self.duplicates else 1
        return [now + self.delay_s + self.rng.random() * self.jitter_s for _ in range(times)]


class Run:
    """Publisher, network and receiver until everything has come or been given up."""

    def __init__(
        self, publisher: VideoPublisher, network: Network, receiver: VideoReceiver, *, start: float = 1000.0
    ) -> None:
        self.publisher = publisher
        self.network = network
        self.receiver = receiver
        self.units: list[AccessUnit] = []
        self.released: list[float] = []
        self.rtcp: list[tuple[float, bytes]] = []
        self.now = start
        self._events: list[tuple[float, int, str, bytes]] = []
        self._count = 0

    def at(self, when: float, what: str, data: bytes = b"") -> None:
        self._count += 1
        heapq.heappush(self._events, (when, self._count, what, data))

    def pictures(self, count: int, *, tail_s: float = 1.0) -> list[AccessUnit]:
        start = self.now
        for number in range(count):
            self.at(start + number / 30, "picture")
        for number in range(4):  # so that a loss at the end is noticed
            self.at(start + (count + number) / 30, "padding")
        end = start + count / 30 + tail_s
        self.at(start + 0.005, "tick")
        while self._events and self._events[0][0] < end:
            self.now, _, what, data = heapq.heappop(self._events)
            getattr(self, f"_{what}")(data)
        self._events.clear()
        return self.units

    def _picture(self, _: bytes) -> None:
        for number, data in enumerate(self.publisher.picture()):
            first = len(self.publisher.pictures) == 1 and number == 0
            self._send(data, self.now + number * 0.0002, safe=first)

    def _padding(self, _: bytes) -> None:
        self._send(self.publisher.padding(), self.now, safe=True)

    def _send(self, data: bytes, when: float, *, safe: bool = False) -> None:
        for arrival in [when + self.network.delay_s] if safe else self.network.arrivals(data, when):
            self.at(arrival, "arrive", data)

    def _arrive(self, data: bytes) -> None:
        came = parse_rtp(data, self.now)
        if came.ssrc == RTX_SSRC:
            self._take(self.receiver.receive_rtx([came], self.now))
        else:
            self._take(self.receiver.receive([came], self.now))
        if self.receiver.urgent(self.now):
            self._feedback()

    def _tick(self, _: bytes) -> None:
        self._feedback()
        self.at(self.now + 0.02, "tick")

    def _feedback(self) -> None:
        units, packets = self.receiver.tick(self.now)
        self._take(units)
        for data in packets:
            self.rtcp.append((self.now, data))
            self.at(self.now + self.network.delay_s, "heard", data)

    def _heard(self, data: bytes) -> None:
        for answer in self.publisher.feedback(data, self.now):
            self._send(answer, self.now)

    def _take(self, units: Sequence[AccessUnit]) -> None:
        self.units += units
        self.released += [self.now] * len(units)


def opus(
    receiver: AudioReceiver, sequence: int, now: float, *, ssrc: int = MEDIA_SSRC
) -> Sequence[AccessUnit]:
    """Give the receiver the Opus packet with this number: 20 ms, CELT."""
    return receiver.receive(
        [
            packet(
                sequence, sequence * 960, b"\xfc" + sequence.to_bytes(4, "big"), ssrc=ssrc, payload_type=111
            )
        ],
        now,
    )
