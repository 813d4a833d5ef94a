"""The real FFmpeg publishes over WHIP; PyAV, as an independent judge, plays what comes out."""

import logging
import sys
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from lossy_path import LossyPath
from whip_rig import Server, beeps, decoded, flashes

PUBLISHER = Path(__file__).with_name("ffmpeg_publisher.py")


def ffmpeg(server: Server, seconds: float, options: dict[str, str]) -> list[object]:
    return [
        sys.executable,
        PUBLISHER,
        server.url,
        seconds,
        *(f"{name}={value}" for name, value in options.items()),
    ]


@pytest.fixture
async def server():
    server = Server()
    await server.open()
    yield server
    await server.close()


@pytest.mark.parametrize("options", [{"whip_flags": "dtls_active"}, {}], ids=["active", "passive"])
async def test_what_ffmpeg_publishes_plays_and_sound_fits_the_picture(server, pair, options):
    assert await server.publish(ffmpeg(server, 5, pair | options)) == 0
    assert server.sessions.list() == [], "it said goodbye"
    recording = server.recording()
    video, audio = decoded(recording, "video"), decoded(recording, "audio")
    assert len(video) > 100
    gaps = [after.time - before.time for before, after in pairwise(video)]
    assert max(gaps) < 0.06
    segments = server.segments()
    steps = [next_one.program_date_time - one.program_date_time for one, next_one in pairwise(segments)]
    lengths = [timedelta(seconds=one.duration_ticks / 90_000) for one in segments[:-1]]
    assert all(step > length - timedelta(seconds=0.5) for step, length in zip(steps, lengths, strict=True))
    assert all(abs(after.time - before.time - 1024 / 48_000) < 1e-4 for before, after in pairwise(audio))
    pairs = [(flash, min(beeps(audio), key=lambda beep: abs(beep - flash))) for flash in flashes(video)]
    assert len(pairs) >= 3
    assert max(abs(flash - beep) for flash, beep in pairs) < 0.02


async def test_a_certificate_on_p_224_gets_a_line_that_names_the_mend(server, caplog):
    """What FFmpeg with GnuTLS makes by itself; with OpenSSL it makes P-256, and this publishes."""
    with caplog.at_level(logging.WARNING, "edge"):
        failed = await server.publish(ffmpeg(server, 0.5, {"whip_flags": "dtls_active"}))
    lines = [record for record in caplog.records if "-cert_file" in str(vars(record).get("detail"))]
    assert bool(lines) == bool(failed)


async def test_a_network_that_loses_reorders_and_doubles_leaves_what_decodes(server, pair):
    """FFmpeg repeats what is asked for, and has no ear for key frame requests: a freeze lasts a second at most."""
    target = tuple(server.sessions.mux.ports[0].address)
    path = await LossyPath.open(target, seed=7, lost=0.05, late=0.05, doubled=0.02)
    server.sessions.candidates[:] = [path.address]
    assert await server.publish(ffmpeg(server, 6, pair | {"whip_flags": "dtls_active"})) == 0
    path.close()
    recording = server.recording()
    video, audio = decoded(recording, "video"), decoded(recording, "audio")
    assert path.dropped > 10
    assert len(video) > 60
    assert max(after.time - before.time for before, after in pairwise(video)) < 1.1
    assert all(abs(after.time - before.time - 1024 / 48_000) < 1e-4 for before, after in pairwise(audio))
    pairs = [(flash, min(beeps(audio), key=lambda beep: abs(beep - flash))) for flash in flashes(video)]
    assert max(abs(flash - beep) for flash, beep in pairs) < 0.05
