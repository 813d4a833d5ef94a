"""An aiortc peer (`edge publish`) publishes a file; PyAV, as an independent judge, plays every part."""

import sys
from itertools import pairwise

import pytest
from clip import clip
from whip_rig import Server, beeps, decoded, flashes


@pytest.fixture
async def server():
    server = Server()
    await server.open()
    yield server
    await server.close()


async def test_every_part_decodes_follows_the_last_and_sound_fits_the_picture(server, tmp_path):
    command = [sys.executable, "-m", "edge", "publish", clip(tmp_path / "clip.mkv", 5), server.url]
    assert await server.publish([*command, "--no-reconnect"]) == 0
    assert server.sessions.list() == [], "it said goodbye"
    recording = server.recording()
    video, audio = decoded(recording, "video"), decoded(recording, "audio")
    assert len(video) > 100
    assert max(after.time - before.time for before, after in pairwise(video)) < 0.06
    assert all(abs(after.time - before.time - 1024 / 48_000) < 1e-4 for before, after in pairwise(audio))
    pairs = [(flash, min(beeps(audio), key=lambda beep: abs(beep - flash))) for flash in flashes(video)]
    assert len(pairs) >= 3
    assert max(abs(flash - beep) for flash, beep in pairs) < 0.02
