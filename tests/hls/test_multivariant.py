from hls_material import AAC, OPUS, PT, SMALL, ST, VIDEO, ZERO, Feed, steady

from edge.hls.multivariant import Variant, render_multivariant, variant
from edge.hls.segmenter import Segmenter
from edge.hls.window import LiveWindow


def window_of(feed, tracks):
    segmenter = Segmenter(PT, ST)
    window = LiveWindow(60, PT)
    for event in [*segmenter.start(tracks, ZERO), *feed.run(segmenter)]:
        window.apply(event)
    return segmenter, window


def test_one_variant():
    text = render_multivariant(
        [Variant("main.m3u8", 2_600_000, 2_400_000, "avc1.42c01f,mp4a.40.2", 1280, 720, 29.97)]
    )
    assert text.decode() == (
        "#EXTM3U\n"
        "#EXT-X-VERSION:9\n"
        "#EXT-X-INDEPENDENT-SEGMENTS\n"
        "#EXT-X-STREAM-INF:BANDWIDTH=2600000,AVERAGE-BANDWIDTH=2400000,"
        'CODECS="avc1.42c01f,mp4a.40.2",RESOLUTION=1280x720,FRAME-RATE=29.970,CLOSED-CAPTIONS=NONE\n'
        "main.m3u8\n"
    )


def test_a_window_is_measured():
    times, keys = steady(25, 8)
    _, window = window_of(Feed().pictures(times, keys=keys).sound(0, 8), [VIDEO, AAC])
    one = variant(window, "main.m3u8")
    assert one.codecs == "avc1.42c01f,mp4a.40.2"
    assert (one.width, one.height) == (1280, 720)
    assert round(one.frame_rate, 3) == 25
    assert one.peak == window.bandwidth.peak > 0
    assert one.average == window.bandwidth.average > 0
    assert one.independent_segments


def test_audio_alone_has_no_picture():
    _, window = window_of(Feed().sound(0, 4), [AAC])
    text = render_multivariant([variant(window, "main.m3u8")]).decode()
    assert "RESOLUTION" not in text
    assert "FRAME-RATE" not in text
    assert 'CODECS="mp4a.40.2"' in text


def test_every_codec_that_is_listed_is_named():
    times, keys = steady(30, 6)
    segmenter, window = window_of(Feed().pictures(times, keys=keys), [VIDEO, AAC])
    for event in segmenter.start([SMALL, OPUS], ZERO):
        window.apply(event)
    one = variant(window, "main.m3u8")
    assert one.codecs == "avc1.42c01f,mp4a.40.2,Opus"
    assert (one.width, one.height) == (640, 360)


def test_segments_without_key_frames_are_not_called_independent():
    times, _ = steady(30, 20)
    _, window = window_of(Feed().pictures(times, keys={0}), [VIDEO])
    assert b"INDEPENDENT" not in render_multivariant([variant(window, "main.m3u8")])
