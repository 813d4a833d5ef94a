from itertools import pairwise

import pytest
from media_files import write
from test_feeds import Time

from edge.media.h264 import NAL_IDR, NAL_SPS, nal_type, split_annex_b
from edge.publish import media_file
from edge.publish.encoders import AUDIO_CLOCK, VIDEO_CLOCK
from edge.publish.feeds import EndOfMedia, Pace, SourceError
from edge.publish.media_file import Encoding, MediaFile


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """Files are played as fast as they can be read."""
    time = Time()
    monkeypatch.setattr(media_file, "Pace", lambda: Pace(lambda: time.now, time.sleep))


async def take(feed, most=10_000):
    packets = []
    try:
        while len(packets) < most:
            packets.append(await feed.next())
    except EndOfMedia:
        pass
    return packets


async def play(source, most=10_000):
    feeds = source.open()
    packets = {feed.kind: await take(feed, most) for feed in feeds}
    for feed in feeds:
        feed.close()
    return packets


async def test_h264_in_order_is_sent_as_it_is(tmp_path):
    source = MediaFile(write(tmp_path / "a.mp4"), Encoding(), loop=False)
    assert source.passes_video
    packets = await play(source)
    video, audio = packets["video"], packets["audio"]
    assert len(video) == 60
    assert [packet.pts for packet in video] == [number * 3000 for number in range(60)]
    assert {packet.time_base for packet in video} == {VIDEO_CLOCK}
    assert [number for number, packet in enumerate(video) if packet.is_keyframe] == [0, 30]
    types = [nal_type(nal) for nal in split_annex_b(bytes(video[30]))]
    assert NAL_SPS in types
    assert NAL_IDR in types
    # The sound was AAC: it becomes Opus.
    assert {later.pts - packet.pts for packet, later in pairwise(audio)} == {960}
    assert {packet.time_base for packet in audio} == {AUDIO_CLOCK}
    assert len(audio) == pytest.approx(100, abs=3)


@pytest.mark.parametrize(
    ("why", "encoding", "how"),
    [
        ("B-frames", Encoding(), {"b_frames": 2}),
        ("rare key frames", Encoding(), {"gop": 300, "seconds": 6.0}),
        ("another codec", Encoding(), {"video": "mpeg4"}),
        ("another bit rate is wanted", Encoding(bitrate=100_000), {}),
    ],
)
async def test_what_cannot_be_sent_as_it_is_is_encoded_again(tmp_path, why, encoding, how):
    source = MediaFile(write(tmp_path / "a.mp4", **how), encoding, loop=False)
    assert not source.passes_video, why
    video = (await play(source))["video"]
    assert len(video) == how.get("seconds", 2.0) * 30
    assert video[0].is_keyframe
    assert all(later.pts > packet.pts for packet, later in pairwise(video))


async def test_size_and_rate_are_those_asked_for(tmp_path):
    from edge.media.h264_sps import parse_sps

    source = MediaFile(write(tmp_path / "a.mp4"), Encoding(size=(96, 54), fps=10.0), loop=False)
    video = (await play(source))["video"]
    assert len(video) == pytest.approx(20, abs=1)
    sps = parse_sps(next(nal for nal in split_annex_b(bytes(video[0])) if nal_type(nal) == NAL_SPS))
    assert (sps.width, sps.height) == (96, 54)


async def test_key_frames_on_demand_when_encoding(tmp_path):
    source = MediaFile(write(tmp_path / "a.mp4"), Encoding(gop_s=0.0), loop=False)
    video, audio = source.open()
    await take(video, 10)
    video.request_key_frame()
    assert sum(packet.is_keyframe for packet in await take(video, 3)) == 1
    video.close()
    audio.close()


@pytest.mark.parametrize("encoding", [Encoding(), Encoding(bitrate=100_000)])
async def test_a_loop_goes_on_without_a_hole(tmp_path, encoding):
    source = MediaFile(write(tmp_path / "a.mp4", seconds=1.0, audio=None), encoding, loop=True)
    video = (await play(source, most=75))["video"]
    steps = {later.pts - packet.pts for packet, later in pairwise(video)}
    assert len(video) == 75
    assert all(abs(step - 3000) <= 1500 for step in steps)


async def test_opus_is_passed_through(tmp_path):
    path = write(tmp_path / "a.webm", video=None, audio="libopus")
    packets = await play(MediaFile(path, Encoding(), loop=False))
    assert list(packets) == ["audio"]
    assert {later.pts - packet.pts for packet, later in pairwise(packets["audio"][1:-1])} == {960}


async def test_after_a_reconnect_it_goes_on_where_it_was(tmp_path):
    path = write(tmp_path / "a.mp4", seconds=3.0, audio=None)
    source = MediaFile(path, Encoding(), loop=False)
    whole = (await play(source))["video"]
    source = MediaFile(path, Encoding(), loop=False)
    (feed,) = source.open()
    await take(feed, 50)
    feed.close()
    again = (await play(source))["video"]
    assert again[0].is_keyframe
    assert again[0].pts == 0
    assert bytes(again[0]) == bytes(whole[30])
    assert len(again) == len(whole) - 30


@pytest.mark.parametrize("content", [b"", b"not media at all" * 50])
def test_what_is_no_media(tmp_path, content):
    path = tmp_path / "a.mp4"
    path.write_bytes(content)
    with pytest.raises(
        SourceError, match=r"cannot be opened as media \(Invalid data found[^\[]*\): choose another"
    ):
        MediaFile(str(path), Encoding(), loop=False)


async def test_a_file_that_breaks_off_ends(tmp_path):
    path = tmp_path / "a.ts"
    write(path)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    packets = await play(MediaFile(str(path), Encoding(), loop=False))
    assert 5 < len(packets["video"]) < 60
