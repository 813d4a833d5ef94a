"""The real FFmpeg publishes over WHIP; PyAV, as an independent judge, plays what comes out."""

import asyncio
import io
import logging
import sys
import time
from array import array
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import av
import pytest
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from lossy_path import LossyPath

from edge.config import Address, Config
from edge.ingest.sessions import WhipSessions
from edge.live.hub import Hub
from edge.web.whip import whip_routes

PUBLISHER = Path(__file__).with_name("ffmpeg_publisher.py")


@pytest.fixture(scope="module")
def pair(tmp_path_factory) -> dict[str, str]:
    """A certificate on P-256 and its key, as the muxer's options."""
    folder = tmp_path_factory.mktemp("certificate")
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "publisher")])
    begin = datetime.now(UTC) - timedelta(days=1)
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    certificate = builder.not_valid_before(begin).not_valid_after(begin + timedelta(days=9))
    signed = certificate.sign(key, hashes.SHA256())
    pem = serialization.Encoding.PEM
    (folder / "cert.pem").write_bytes(signed.public_bytes(pem))
    plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    (folder / "key.pem").write_bytes(key.private_bytes(pem, *plain))
    return {"cert_file": str(folder / "cert.pem"), "key_file": str(folder / "key.pem")}


class Server:
    """WHIP over HTTP, sessions and a hub."""

    def __init__(self) -> None:
        config = Config()
        self.hub = Hub(config)
        self.sessions = WhipSessions(config, self.hub)
        app = web.Application()
        app.add_routes(whip_routes(config, self.sessions))
        self.runner = web.AppRunner(app)
        self.url = ""

    async def open(self) -> None:
        await self.sessions.open(Address("127.0.0.1", 0))
        await self.runner.setup()
        await web.TCPSite(self.runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self.runner.addresses[0][1]}/whip/mine"

    async def close(self) -> None:
        await self.sessions.close()
        await self.runner.cleanup()

    async def publish(self, seconds: float, options: dict[str, str]) -> int:
        words = [f"{name}={value}" for name, value in options.items()]
        process = await asyncio.create_subprocess_exec(
            sys.executable, PUBLISHER, self.url, str(seconds), *words, stderr=asyncio.subprocess.DEVNULL
        )
        while process.returncode is None:
            self.hub.tick(time.monotonic())
            await asyncio.wait([asyncio.ensure_future(process.wait())], timeout=0.05)
        return process.returncode

    def recording(self) -> bytes:
        """The init segment and everything after it."""
        window = self.hub.get("mine").rendition.window
        parts = [
            part.body
            for number in range(window.media_sequence, window.last_complete + 1)
            for part in window.segment(number).parts
        ]
        return window.init_segment(0).body + b"".join(parts)


@pytest.fixture
async def server():
    server = Server()
    await server.open()
    yield server
    await server.close()


def decoded(recording: bytes, kind: str) -> "list[av.VideoFrame | av.AudioFrame]":
    """Every frame; a decoder that is told to find fault with everything raises at the first error."""
    with av.open(io.BytesIO(recording)) as container:
        stream = container.streams.get({kind: 0})[0]
        stream.codec_context.options = {"err_detect": "explode"}
        return list(container.decode(stream))


def flashes(frames: "list[av.VideoFrame]") -> list[float]:
    """When the picture turns white."""
    lit = [(frame.time, bytes(frame.planes[0])[5000] > 128) for frame in frames]
    return [time for (_, before), (time, now) in pairwise(lit) if now and not before]


def beeps(frames: "list[av.AudioFrame]") -> list[float]:
    """When sound begins, to the millisecond."""
    step = 48
    levels = []
    for frame in frames:
        samples = array("f", bytes(frame.planes[0])[: frame.samples * 4])
        for at in range(0, frame.samples - step, step):
            loudest = max(map(abs, samples[at : at + step]))
            levels.append((frame.time + at / 48_000, loudest > 0.1))
    begins = [time for (_, before), (time, now) in pairwise(levels) if now and not before]
    return [
        time
        for time, following in pairwise([-1.0, *begins])
        if following - time > 0.5
        for time in [following]
    ]


@pytest.mark.parametrize("options", [{"whip_flags": "dtls_active"}, {}], ids=["active", "passive"])
async def test_what_ffmpeg_publishes_plays_and_sound_fits_the_picture(server, pair, options):
    assert await server.publish(5, pair | options) == 0
    assert server.sessions.list() == [], "it said goodbye"
    recording = server.recording()
    video, audio = decoded(recording, "video"), decoded(recording, "audio")
    assert len(video) > 100
    gaps = [after.time - before.time for before, after in pairwise(video)]
    assert max(gaps) < 0.06
    assert all(abs(after.time - before.time - 1024 / 48_000) < 1e-4 for before, after in pairwise(audio))
    pairs = [(flash, min(beeps(audio), key=lambda beep: abs(beep - flash))) for flash in flashes(video)]
    assert len(pairs) >= 3
    assert max(abs(flash - beep) for flash, beep in pairs) < 0.02


async def test_a_certificate_on_p_224_gets_a_line_that_names_the_mend(server, caplog):
    """What FFmpeg with GnuTLS makes by itself; with OpenSSL it makes P-256, and this publishes."""
    with caplog.at_level(logging.WARNING, "edge"):
        failed = await server.publish(0.5, {"whip_flags": "dtls_active"})
    lines = [record.message for record in caplog.records if "-cert_file" in record.message]
    assert bool(lines) == bool(failed)


async def test_a_network_that_loses_reorders_and_doubles_leaves_what_decodes(server, pair):
    """FFmpeg repeats what is asked for, and has no ear for key frame requests: a freeze lasts a second at most."""
    target = tuple(server.sessions.mux.ports[0].address)
    path = await LossyPath.open(target, seed=7, lost=0.05, late=0.05, doubled=0.02)
    server.sessions.candidates[:] = [path.address]
    assert await server.publish(6, pair | {"whip_flags": "dtls_active"}) == 0
    path.close()
    recording = server.recording()
    video, audio = decoded(recording, "video"), decoded(recording, "audio")
    assert path.dropped > 10
    assert len(video) > 60
    assert max(after.time - before.time for before, after in pairwise(video)) < 1.1
    assert all(abs(after.time - before.time - 1024 / 48_000) < 1e-4 for before, after in pairwise(audio))
    pairs = [(flash, min(beeps(audio), key=lambda beep: abs(beep - flash))) for flash in flashes(video)]
    assert max(abs(flash - beep) for flash, beep in pairs) < 0.05
