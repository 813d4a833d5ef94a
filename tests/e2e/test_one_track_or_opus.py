"""Without sound, without picture, and Opus passed through: an independent player plays what the playlist lists."""

import asyncio
import json
import re
from array import array
from dataclasses import dataclass
from itertools import pairwise
from urllib.request import urlopen

import av
from clip import clip
from edge_commands import edge, serving
from whip_rig import beeps, decoded, flashes

SECONDS = 5
ENDS_WITH_ITS_PUBLISHER = "live.reconnect_window=0s"


@dataclass
class Stream:
    """What is left of a stream that has ended: its playlists, and what `edge watch` said of it."""

    base: str
    report: dict

    @property
    def url(self) -> str:
        return f"{self.base}/index.m3u8"

    def attributes(self) -> dict[str, str]:
        """Of its one variant."""
        (line,) = re.findall("(?m)^#EXT-X-STREAM-INF:(.*)$", text(self.url))
        return {name: value.strip('"') for name, value in re.findall(r'([A-Z-]+)=("[^"]*"|[^,]*)', line)}

    def listed_s(self) -> float:
        return sum(map(float, re.findall("(?m)^#EXTINF:([0-9.]+)", text(f"{self.base}/main.m3u8"))))

    def kinds(self) -> list[str]:
        with av.open(self.url) as container:
            return sorted(stream.type for stream in container.streams)


def text(url: str) -> str:
    with urlopen(url, timeout=15) as response:
        return response.read().decode()


def codec_of(path) -> str:
    """Profile and level as the file has them, in the words of RFC 6381."""
    with av.open(path) as container:
        return f"avc1.{container.streams.video[0].codec_context.extradata[1:4].hex()}"


async def published(server: str, path) -> Stream:
    """Publish a file to its end, a strict viewer looking on from the first playlist to the last."""
    base = f"{server}/live/{path.stem}"
    publisher = await edge("publish", path, f"{server}/whip/{path.stem}", "--no-reconnect")
    await publisher.says("live")
    await asyncio.to_thread(text, f"{base}/index.m3u8")
    watcher = await edge("watch", f"{base}/index.m3u8", "--json")
    assert await publisher.ends(20) == 0, publisher.err
    await watcher.ends()
    return Stream(base, json.loads("\n".join(watcher.out)))


def steps(frames) -> list[float]:
    return [after.time - before.time for before, after in pairwise(frames)]


def judge_picture(frames) -> None:
    """Each of the file: from the first on, which nobody could be asked for again, and with none missing. Where
    this machine paused, some have moved in time.
    """
    assert len(frames) == 30 * SECONDS
    in_time = [abs(step - 1 / 30) < 2e-3 for step in steps(frames)]
    assert sum(in_time) > 0.9 * len(in_time), "the file counts milliseconds"
    assert min(steps(frames)) > 0
    assert abs(frames[-1].time - frames[0].time - (len(frames) - 1) / 30) < 0.3


def judge_sound(frames, samples: int, listed_s: float) -> None:
    assert {frame.samples for frame in frames} == {samples}
    assert all(abs(step - samples / 48_000) < 1e-4 for step in steps(frames))
    came_late = listed_s - SECONDS > 0.2  # the goodbye, on a machine that paused: time went on without media
    assert abs(len(frames) * samples / 48_000 - listed_s) < (0.25 if came_late else 0.05)
    assert -0.3 < listed_s - SECONDS < 0.5


def loudest(frames) -> float:
    return max(max(map(abs, array("f", bytes(frame.planes[0])[: 4 * frame.samples]))) for frame in frames)


def judge_without_sound(stream: Stream, avc: str) -> None:
    """Sound never stops, so that players stay when a publisher returns with some: it is silence until then."""
    assert stream.attributes()["CODECS"] == f"{avc},mp4a.40.2"
    assert stream.kinds() == ["audio", "video"]
    judge_picture(decoded(stream.url, "video"))
    samples = decoded(stream.url, "audio")
    judge_sound(samples, 1024, stream.listed_s())
    assert loudest(samples) < 1e-3


def judge_without_picture(stream: Stream) -> None:
    assert stream.attributes()["CODECS"] == "mp4a.40.2"
    assert not {"RESOLUTION", "FRAME-RATE"} & set(stream.attributes())
    assert stream.kinds() == ["audio"]
    samples = decoded(stream.url, "audio")
    judge_sound(samples, 1024, stream.listed_s())
    _, *heard = beeps(samples)
    assert len(heard) == SECONDS - 1
    assert all(abs(after - before - 1) < 0.02 for before, after in pairwise(heard))


def judge_opus(stream: Stream, avc: str) -> None:
    assert stream.attributes()["CODECS"] == f"{avc},Opus"
    assert stream.kinds() == ["audio", "video"]
    frames, samples = decoded(stream.url, "video"), decoded(stream.url, "audio")
    judge_picture(frames)
    judge_sound(samples, 960, stream.listed_s())
    pairs = [(flash, min(beeps(samples), key=lambda beep: abs(beep - flash))) for flash in flashes(frames)]
    assert len(pairs) == SECONDS - 1
    assert max(abs(flash - beep) for flash, beep in pairs) < 0.02


async def test_what_is_published_plays_and_the_playlist_promises_what_is_there(tmp_path):
    picture = clip(tmp_path / "picture.mkv", SECONDS, kinds=("video",))
    sound = clip(tmp_path / "sound.mkv", SECONDS, kinds=("audio",))
    both = clip(tmp_path / "both.mkv", SECONDS)
    async with (
        serving(ENDS_WITH_ITS_PUBLISHER) as server,
        serving(ENDS_WITH_ITS_PUBLISHER, "audio.codec=opus") as passing,
    ):
        streams = await asyncio.gather(
            published(server, picture), published(server, sound), published(passing, both)
        )
        for stream in streams:
            assert (stream.report["breaches"], stream.report["ended"]) == ([], True), stream.base
            assert stream.report["parts"] >= 8, stream.base
        avc = codec_of(both)
        await asyncio.to_thread(judge_without_sound, streams[0], avc)
        await asyncio.to_thread(judge_without_picture, streams[1])
        await asyncio.to_thread(judge_opus, streams[2], avc)
