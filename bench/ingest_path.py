"""`python -m bench.ingest_path`: what our own Python and SRTP take for each packet that comes, without sockets.

The publishers of `bench.ingest` in virtual time, their packets encrypted beforehand; decrypted, put in order, made into
parts and answered with feedback as in the server. Processor time of this process, the least of some rounds: it
says nothing of the kernel's share nor of cold caches, but it stays the same on a machine that is busy with other things.
"""

import logging
import sys
import time
from collections.abc import Callable, Iterator
from operator import itemgetter
from types import SimpleNamespace
from typing import Any

import uvloop
from pylibsrtp import Policy, Session

from bench import report
from bench.clip import h264_clip
from bench.webrtc_publisher import AUDIO_PT, OPUS_PACKET, VIDEO_PT, Publisher, _offer
from edge.config import Address, Config
from edge.ingest.inbox import AT_ONCE, Run, Source
from edge.ingest.mux import Path
from edge.ingest.sessions import TICK_S, WhipSessions
from edge.ingest.slot import filled
from edge.live.hub import Hub

FPS, BITRATE, CLIP_S = 30, 2_500_000, 6
WARM_UP_S = 2.0
MOST_AT_ONCE = 1024
KEY = bytes(range(30))
FINGERPRINT = ":".join(["AA"] * 32)


def srtp(*, incoming: bool) -> Session:
    direction = Policy.SSRC_ANY_INBOUND if incoming else Policy.SSRC_ANY_OUTBOUND
    return Session(Policy(key=KEY, ssrc_type=direction, srtp_profile=Policy.SRTP_PROFILE_AES128_CM_SHA1_80))


class Sender(Publisher):
    """Collects what it would send."""

    def begin(self, number: int) -> str:
        """Its offer."""
        self.source = (f"192.0.2.{number % 250}", 10_000 + number)
        self.ssrc = {VIDEO_PT: 1_000 + number, AUDIO_PT: 2_000 + number}
        self.dtls = SimpleNamespace(_tx_srtp=srtp(incoming=False), _rx_srtp=srtp(incoming=True))
        self.outgoing: list[bytes] = []
        self.sounds = 0
        return _offer(f"sender{number:04}", "p" * 24, FINGERPRINT, self.ssrc)

    def burst(self, index: int) -> list[bytes]:
        """A picture, and the sound of its time."""
        self.outgoing.clear()
        self._send_picture(self.clip[self.picture % len(self.clip)], index * 90_000 // FPS)
        self.picture += 1
        while self.sounds / 50 <= index / FPS:
            self._send(AUDIO_PT, self.sounds * 960, True, OPUS_PACKET)
            self.sounds += 1
        return list(self.outgoing)

    def _transmit(self, data: bytes) -> None:
        self.outgoing.append(data)


class Stage:
    """Sessions of so many publishers, whose socket is a list."""

    def __init__(self, publishers: int, clip: list[list[bytes]]) -> None:
        config = Config.model_validate(
            {"audio": {"codec": "opus"}, "webrtc": {"max_sessions": publishers}, "limits": {"publishers_per_address": publishers}}
        )  # fmt: skip
        self.now = 100.0
        self.hub = Hub(config)
        self.sessions = WhipSessions(config, self.hub, clock=lambda: self.now)
        self.sessions.mux.open(Address("127.0.0.1", 0))
        self.senders = [Sender(clip, FPS) for _ in range(publishers)]
        self._slots = filled([b""] * MOST_AT_ONCE)
        self._arrived: list[Run] = []
        (self._port,) = self.sessions.mux.ports
        self._port._read = self._read
        self._port.send = self._take_feedback

    async def begin(self) -> None:
        """All are connected, without a handshake."""
        for number, sender in enumerate(self.senders):
            offer = sender.begin(number).encode()
            await self.sessions.create(
                f"s{number}", offer, token=None, client=f"192.0.2.{number}", base_url="", now=self.now
            )
        for sender, session in zip(self.senders, self.sessions.list(), strict=True):
            session.dtls._incoming = srtp(incoming=True)
            session.dtls._outgoing = srtp(incoming=False)
            session.connected_at = self.now
            session._ice.selected = Path(self._port, sender.source)
            self.sessions.mux.route(session._ice.selected, session)

    def events(self, seconds: float) -> Iterator[tuple[float, Callable[[], object], list[Run]]]:
        """When, what the server does then, and for that what has come."""
        begin, count = self.now, len(self.senders)
        bursts = [
            (begin + index / FPS + number / FPS / count, number, index)
            for index in range(int(seconds * FPS))
            for number in range(count)
        ]
        ticks = [(begin + index * TICK_S, -1, index) for index in range(int(seconds / TICK_S))]
        for when, number, index in sorted(bursts + ticks, key=itemgetter(0)):
            if number < 0:
                yield when, self.tick, []
            else:
                sender = self.senders[number]
                yield when, self._port.catch_up, self._runs(sender.source, sender.burst(index))

    def _runs(self, source: Source, datagrams: list[bytes]) -> list[Run]:
        """As the kernel gives them, each where others were before."""
        runs = []
        for begin in range(0, len(datagrams), AT_ONCE):
            part = datagrams[begin : begin + AT_ONCE]
            slots = self._slots[begin : begin + len(part)]
            for slot, datagram in zip(slots, part, strict=True):
                slot.put(datagram)
            heads = [int.from_bytes(one[:2], "big") for one in part]
            runs.append(Run(source, slots, [len(one) for one in part], heads))
        return runs

    def tick(self) -> None:
        self.sessions._tick()
        self.sessions._timer.cancel()
        self.hub.tick(self.now)

    def measure(self, seconds: float) -> dict[str, float]:
        """Microseconds a packet: to take packets, the clock's work, both."""
        spent = {self.tick: 0, self._port.catch_up: 0}
        packets = 0
        began = self.now + WARM_UP_S
        for when, work, burst in self.events(WARM_UP_S + seconds):
            self.now = when
            count = sum(len(run.slots) for run in burst)
            self._arrived = burst
            started = time.process_time_ns()
            work()
            if when >= began:
                spent[work] += time.process_time_ns() - started
                packets += count
        took, ticked = spent[self._port.catch_up], spent[self.tick]
        return {
            key: value / 1e3 / packets
            for key, value in (("take", took), ("tick", ticked), ("all", took + ticked))
        }

    def _read(self) -> list[Run]:
        runs, self._arrived = self._arrived[:1], self._arrived[1:]
        return runs

    def _take_feedback(self, datagram: bytes, source: Any) -> None:
        next(one for one in self.senders if one.source == source)._take_feedback(datagram)


async def once(publishers: int, clip: list[list[bytes]], seconds: float) -> dict[str, float]:
    stage = Stage(publishers, clip)
    await stage.begin()
    row = stage.measure(seconds)
    assert all(each.state == "live" for each in stage.hub.list())
    await stage.sessions.close()
    return row


def main() -> None:
    parser = report.arguments("ingest_path", __doc__ or "", seconds=4)
    parser.add_argument("--publishers", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    logging.disable(logging.CRITICAL)
    sys.setswitchinterval(0.0005)
    clip = h264_clip(size=(1280, 720), fps=FPS, bitrate=BITRATE, seconds=CLIP_S, gop_s=CLIP_S)
    rows = [uvloop.run(once(options.publishers, clip, options.seconds)) for _ in range(options.rounds)]
    settings = {"publishers": options.publishers, "seconds": options.seconds, "rounds": options.rounds}
    result = report.Result("ingest_path", settings, {"name": "none"})
    result.rows.append({name: min(row[name] for row in rows) for name in rows[0]})
    result.write(options.json)


if __name__ == "__main__":
    main()
