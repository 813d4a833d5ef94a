"""`edge serve`, publishers and `edge watch`, as processes of their own: no rule is broken, no publisher missed."""

import asyncio
import json
from pathlib import Path
from urllib.request import urlopen

from edge_commands import Command, edge, free_port, python, serving
from lossy_path import LossyPath

HERE = Path(__file__).parent


def playlist(base: str, name: str = "mine") -> str:
    with urlopen(f"{base}/live/{name}/index.m3u8", timeout=15) as response:
        return response.read().decode()


async def watched(base: str, name: str, publisher: Command) -> dict:
    """What a strict viewer says of ten seconds, one who comes when there is enough to play."""
    await publisher.says("live")
    assert "main.m3u8" in await asyncio.to_thread(playlist, base, name), "an early viewer is held until then"
    watcher = await edge("watch", f"{base}/live/{name}/index.m3u8", "--duration", "10", "--json")
    status = await watcher.ends(30)
    assert watcher.err == []
    return {"status": status, **json.loads("\n".join(watcher.out))}


async def test_no_rule_is_broken_whoever_publishes(pair):
    """`edge publish`, FFmpeg's whip muxer and a peer of aiortc as it comes, side by side."""
    muxer_options = [f"{name}={value}" for name, value in pair.items()]
    async with serving() as base:
        ours, ffmpeg, aiortc = await asyncio.gather(
            edge("publish", "test", f"{base}/whip/ours", "--size", "640x360", "--bitrate", "500k"),
            python(HERE / "ffmpeg_publisher.py", f"{base}/whip/ffmpeg", 60, *muxer_options),
            python(HERE / "aiortc_publisher.py", f"{base}/whip/aiortc", 60),
        )
        publishers = {"ours": ours, "ffmpeg": ffmpeg, "aiortc": aiortc}
        reports = await asyncio.gather(*(watched(base, name, each) for name, each in publishers.items()))
        for name, report in zip(publishers, reports, strict=True):
            assert report["breaches"] == [], name
            assert report["advice"] == [], name
            assert report["status"] == 0, name
            assert report["parts"] >= 30, name
            assert report["segments"] >= 3, name
            assert report["stalls"] == 0, name
            assert report["latency_s"]["p50"] < 1.2, name
        assert await ours.interrupt() == 0
        assert ours.err == [f"connecting: {base}/whip/ours", "live", "ended: stopped"]


async def test_a_publisher_that_is_killed_and_comes_back_breaks_no_rule():
    async with serving() as base:
        arguments = ("publish", "test", f"{base}/whip/mine", "--size", "320x180", "--bitrate", "200k")
        first = await edge(*arguments)
        await first.says("live")
        await asyncio.to_thread(playlist, base)
        watcher = await edge("watch", f"{base}/live/mine/index.m3u8", "--duration", "14", "--json")
        await asyncio.sleep(4)
        first.process.kill()
        await first.ends()
        await asyncio.sleep(3)
        second = await edge(*arguments)
        status = await watcher.ends(30)
        report = json.loads("\n".join(watcher.out))
        assert report["breaches"] == []
        assert status == 0
        assert "stall" in {note["check"] for note in report["notes"]}
        assert report["stalls"] >= 1
        assert await second.interrupt() == 0


async def test_a_publisher_whose_network_is_away_for_a_while_goes_on_without_a_hole():
    """On its own connection: hls.js never passes a hole in the timeline, and gaps do not help it."""
    port = free_port()
    path = await LossyPath.open(("127.0.0.1", port), seed=1, lost=0, late=0, doubled=0)
    told = f'webrtc.advertise=["127.0.0.1:{path.address[1]}"]'
    async with serving(f"webrtc.listen=127.0.0.1:{port}", told) as base:
        arguments = ("publish", "test", f"{base}/whip/mine", "--size", "640x360")  # too much to be sent again
        publisher = await edge(*arguments)
        await publisher.says("live")
        await asyncio.to_thread(playlist, base)
        watcher = await edge("watch", f"{base}/live/mine/index.m3u8", "--duration", "19", "--json")
        await asyncio.sleep(6)  # its questions are answered by then
        for away_s in (1, 4):
            path.is_cut = True
            await asyncio.sleep(away_s)
            path.is_cut = False
            await asyncio.sleep(3)
        status = await watcher.ends(30)
        report = json.loads("\n".join(watcher.out))
        with urlopen(f"{base}/live/mine/main.m3u8", timeout=15) as response:
            listed = response.read().decode()
        assert report["breaches"] == [], listed
        assert status == 0
        assert report["parts"] >= 20
        assert "GAP" not in listed
        assert "#EXT-X-DISCONTINUITY\n" not in listed
        assert await publisher.interrupt() == 0
        assert publisher.err[1:] == ["live", "ended: stopped"]
    path.close()


async def test_a_second_publisher_of_a_healthy_stream_is_told_what_to_do():
    async with serving() as base:
        arguments = ("publish", "test", f"{base}/whip/mine", "--size", "320x180", "--bitrate", "200k")
        first = await edge(*arguments)
        await first.says("live")
        await asyncio.sleep(0.5)
        second = await edge(*arguments)
        assert await second.ends() == 1
        assert "409" in second.err[-1]
        assert "stop the other publisher, or choose another name" in second.err[-1]
        assert await first.interrupt() == 0
