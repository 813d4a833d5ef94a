import pytest
from test_feeds import Time

from edge.publish.encoders import H264Encoder
from edge.publish.feeds import Pace
from edge.publish.moving_clock import ClockFeed, MovingClock, ToneFeed
from edge.publish.picture import TestPicture


def clock_feed(time, fps=30.0):
    encoder = H264Encoder(160, 90, fps=fps, bitrate=100_000, gop_s=0)
    pace = Pace(lambda: time.now, time.sleep)
    return ClockFeed(TestPicture(160, 90), encoder, fps, pace, wall=lambda: time.now)


@pytest.mark.parametrize("fps", [30.0, 25.0, 29.97, 10.0])
async def test_pictures_come_in_real_time(fps):
    time = Time()
    feed = clock_feed(time, fps)
    packets = [await feed.next() for _ in range(20)]
    feed.close()
    assert [packet.pts for packet in packets] == [round(number * 90_000 / fps) for number in range(20)]
    assert time.now == pytest.approx(50.0 + 19 / fps)
    assert [packet.is_keyframe for packet in packets] == [True] + [False] * 19


async def test_a_key_frame_when_asked():
    feed = clock_feed(Time())
    await feed.next()
    feed.request_key_frame()
    assert [(await feed.next()).is_keyframe for _ in range(3)] == [True, False, False]
    feed.close()


async def test_short_delays_are_made_up_for_and_long_ones_are_left_out():
    time = Time()
    feed = clock_feed(time)
    await feed.next()
    time.now += 0.5
    assert (await feed.next()).pts == 3000
    time.now += 5.0
    assert (await feed.next()).pts >= round(5.4 * 90_000)
    feed.close()


async def test_the_tone_is_loud_on_the_second():
    time = Time()
    feed = ToneFeed(Pace(lambda: time.now, time.sleep), wall=lambda: time.now)
    packets = [await feed.next() for _ in range(100)]
    assert [packet.pts for packet in packets] == [-312 + 960 * number for number in range(100)]
    assert time.now == pytest.approx(50 + 99 * 0.02)
    assert feed._loud != feed._quiet
    assert len(feed._loud) == 3840


async def test_picture_and_tone_share_a_clock():
    feeds = MovingClock(160, 90, fps=30, bitrate=100_000, gop_s=2).open()
    assert [feed.kind for feed in feeds] == ["video", "audio"]
    assert feeds[0]._pace is feeds[1]._pace
    for feed in feeds:
        assert (await feed.next()).size > 0
        feed.close()
