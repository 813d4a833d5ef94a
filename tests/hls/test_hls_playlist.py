import gzip
import random
from datetime import UTC, datetime

import pytest
from hls_material import (
    AAC,
    PT,
    SMALL,
    ST,
    VIDEO,
    ZERO,
    Feed,
    judge_change,
    ms,
    read,
    steady,
    unsteady,
    video,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.hls.playlist import MediaPlaylist, Report, date, seconds
from edge.hls.position import Position
from edge.hls.segment import PartReady
from edge.hls.segmenter import Segmenter
from edge.hls.window import LiveWindow


class Stream:
    def __init__(self, window_s=60.0, part_target=PT, **options):
        self.segmenter = Segmenter(part_target, ST)
        self.window = LiveWindow(window_s, part_target, **options)
        self.playlist = MediaPlaylist(self.window, "p")
        self.at = 0
        self.start()

    def apply(self, events):
        for event in events:
            self.window.apply(event)

    def start(self, tracks=(VIDEO, AAC)):
        self.apply(self.segmenter.start(tracks, ZERO))

    def run(self, seconds_, *, gop_s=2.0, start_s=None):
        times, keys = steady(30, seconds_, gop_s=gop_s, start_s=self.at if start_s is None else start_s)
        self.apply(Feed().pictures(times, keys=keys).run(self.segmenter))
        self.at += seconds_
        return self

    def text(self):
        return self.playlist.render().plain.decode()


def test_the_first_playlist():
    """Three short segments, as a publication begins with key frames every half second."""
    assert Stream().run(1.8, gop_s=0.5).text() == (
        "#EXTM3U\n"
        "#EXT-X-VERSION:9\n"
        "#EXT-X-TARGETDURATION:2\n"
        "#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,CAN-SKIP-UNTIL=12.0,PART-HOLD-BACK=0.75000\n"
        "#EXT-X-PART-INF:PART-TARGET=0.25000\n"
        "#EXT-X-MEDIA-SEQUENCE:0\n"
        "#EXT-X-DISCONTINUITY-SEQUENCE:0\n"
        '#EXT-X-MAP:URI="p/init0.mp4"\n'
        "#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:00.000Z\n"
        '#EXT-X-PART:DURATION=0.23344,URI="p/part0.m4s",INDEPENDENT=YES\n'
        '#EXT-X-PART:DURATION=0.23333,URI="p/part1.m4s"\n'
        '#EXT-X-PART:DURATION=0.03333,URI="p/part2.m4s"\n'
        "#EXTINF:0.50000,\n"
        "p/0.m4s\n"
        "#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:00.500Z\n"
        '#EXT-X-PART:DURATION=0.23344,URI="p/part3.m4s",INDEPENDENT=YES\n'
        '#EXT-X-PART:DURATION=0.23333,URI="p/part4.m4s"\n'
        '#EXT-X-PART:DURATION=0.03333,URI="p/part5.m4s"\n'
        "#EXTINF:0.50000,\n"
        "p/1.m4s\n"
        "#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:01.000Z\n"
        '#EXT-X-PART:DURATION=0.23344,URI="p/part6.m4s",INDEPENDENT=YES\n'
        '#EXT-X-PART:DURATION=0.23333,URI="p/part7.m4s"\n'
        '#EXT-X-PART:DURATION=0.03333,URI="p/part8.m4s"\n'
        "#EXTINF:0.50000,\n"
        "p/2.m4s\n"
        "#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:01.500Z\n"
        '#EXT-X-PART:DURATION=0.23344,URI="p/part9.m4s",INDEPENDENT=YES\n'
        '#EXT-X-PRELOAD-HINT:TYPE=PART,URI="p/part10.m4s"\n'
    )


def test_old_segments_have_no_parts():
    text = Stream().run(12.5).text()
    assert text.split("#EXT-X-DISCONTINUITY-SEQUENCE:0\n")[1].startswith(
        '#EXT-X-MAP:URI="p/init0.mp4"\n'
        "#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:00.000Z\n"
        "#EXTINF:2.00000,\n"
        "p/0.m4s\n"
        "#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:02.000Z\n"
    )
    parts = [len(segment["parts"]) for segment in read(text.encode()).segments]
    assert parts == [0, 0, 0, 9, 9, 9]


def test_a_segment_keeps_its_parts_until_the_last_one_is_three_target_durations_from_the_end():
    """6.2.2. Not one by one: hls.js counts a segment's parts from the first that is listed. Exactly three are
    more than that in print, where the first part of a segment is longer.
    """
    stream = Stream().run(14.0)
    while stream.window.parts:
        stream.run(0.1)
    listed = read(stream.text().encode()).segments
    for behind, segment in enumerate(reversed(listed)):
        since_its_end = 2 * behind
        assert bool(segment["parts"]) == (since_its_end < 6), segment


def test_a_delta_skips_what_is_older_than_six_target_durations():
    playlist = Stream().run(30.3).playlist.render()
    assert (
        playlist.delta.decode()
        .split("#EXT-X-DISCONTINUITY-SEQUENCE:0\n")[1]
        .startswith(
            "#EXT-X-SKIP:SKIPPED-SEGMENTS=9\n"
            '#EXT-X-MAP:URI="p/init0.mp4"\n'
            "#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:18.000Z\n"
            "#EXTINF:2.00000,\n"
            "p/9.m4s\n"
        )
    )
    full, delta = read(playlist.plain), read(playlist.delta)
    assert full.segments[delta.skipped :] == delta.segments
    assert full.open_parts == delta.open_parts
    assert full.tags == delta.tags


def test_a_young_playlist_has_no_delta():
    playlist = Stream().run(13).playlist.render()
    assert playlist.delta is playlist.plain
    assert playlist.delta_gzip is playlist.gzip


def test_other_tracks_bring_their_map_and_a_discontinuity():
    stream = Stream().run(6.0)
    stream.apply(stream.segmenter.seal())
    stream.start([SMALL, AAC])
    waiting = stream.text()
    assert waiting.endswith(
        '#EXT-X-PRELOAD-HINT:TYPE=PART,URI="p/part27.m4s"\n#EXT-X-PRELOAD-HINT:TYPE=MAP,URI="p/init1.mp4"\n'
    )
    stream.run(0.3, start_s=1.0)
    assert stream.text().endswith(
        "p/2.m4s\n"
        "#EXT-X-DISCONTINUITY\n"
        '#EXT-X-MAP:URI="p/init1.mp4"\n'
        "#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:01.000Z\n"
        '#EXT-X-PART:DURATION=0.23344,URI="p/part27.m4s",INDEPENDENT=YES\n'
        '#EXT-X-PRELOAD-HINT:TYPE=PART,URI="p/part28.m4s"\n'
    )


def test_the_map_of_a_listing_that_begins_with_a_discontinuity_is_not_told_twice():
    stream = Stream(window_s=12).run(6.0)
    stream.apply(stream.segmenter.seal())
    stream.start([SMALL, AAC])
    for _ in range(20):
        stream.run(1)
        listing = read(stream.playlist.render().plain)
        assert stream.playlist.render().plain.count(b'init1.mp4"') == 1
        assert {segment["map"] for segment in listing.segments} <= {"p/init0.mp4", "p/init1.mp4"}
    assert listing.tags["EXT-X-DISCONTINUITY-SEQUENCE"] == "1"
    assert listing.segments[0]["map"] == "p/init1.mp4"


def test_a_lost_source_leaves_everything_as_it_was():
    stream = Stream().run(7)
    before = read(stream.playlist.render().plain)
    stream.apply(stream.segmenter.seal())
    after = read(stream.playlist.render().plain)
    judge_change(before, after)
    assert after.open_parts == []
    assert after.hints == [{"TYPE": "PART", "URI": f"p/part{stream.window.next_number}.m4s"}]
    assert not after.ended
    assert stream.playlist.render().plain == stream.playlist.render().plain


def test_the_end():
    stream = Stream().run(30)
    stream.apply(stream.segmenter.end())
    playlist = stream.playlist.render()
    assert playlist.plain.endswith(b".m4s\n#EXT-X-ENDLIST\n")
    assert b"PRELOAD-HINT" not in playlist.plain
    assert playlist.delta is playlist.plain  # 6.2.5.1: nothing is skipped any more


def test_gaps_are_told():
    segmenter = Segmenter(PT, ST)
    window = LiveWindow(60, PT)
    events = segmenter.start([VIDEO], ZERO)
    events += [event for k in range(100) for event in segmenter.write(video(k * 3000, key=k % 15 == 0))]
    events += segmenter.advance(8)
    for event in events:
        window.apply(event)
    text = MediaPlaylist(window, "p").render().plain.decode()
    assert ',GAP=YES\n#EXT-X-PART:DURATION=0.25000,URI="p/part34.m4s",GAP=YES\n' in text
    whole_gaps = [segment["uri"] for segment in read(text.encode()).segments if segment["gap"]]
    assert whole_gaps == ["p/4.m4s"]


def test_reports_of_other_renditions():
    stream = Stream().run(7)
    body = stream.playlist.render([Report("../low.m3u8", Position(3, 2))]).plain
    assert body.endswith(b'#EXT-X-RENDITION-REPORT:URI="../low.m3u8",LAST-MSN=3,LAST-PART=2\n')


def test_a_playlist_knows_its_position():
    stream = Stream().run(7)
    assert stream.playlist.render().position == stream.window.last_part == (3, 3)


def test_gzip_is_the_same_text():
    playlist = Stream().run(30).playlist.render()
    assert gzip.decompress(playlist.gzip) == playlist.plain
    assert gzip.decompress(playlist.delta_gzip) == playlist.delta
    assert playlist.gzip is playlist.gzip
    assert len(playlist.gzip) < len(playlist.plain) / 4


def test_a_longer_hold_back_is_printed():
    assert "PART-HOLD-BACK=1.50000\n" in Stream(part_hold_back_s=1.5).run(7).text()


def test_dates_have_milliseconds():
    assert date(datetime(2026, 1, 2, 3, 4, 5, 67_800, tzinfo=UTC)) == "2026-01-02T03:04:05.067Z"


@given(st.integers(1, 10**9), st.integers(1, 10**9))
def test_printing_keeps_the_order_of_durations(one, other):
    low, high = sorted([one, other])
    assert float(seconds(low)) <= float(seconds(high))
    assert abs(float(seconds(one)) - one / 90_000) <= 0.000_005 + 1e-9


@pytest.mark.parametrize("part_target", [ms(200), PT, ms(333), ms(500)])
def test_85_percent_hold_in_print(part_target):
    stream = Stream(part_target=part_target)
    for seed in range(3):
        times, keys = unsteady(seed, 60, 4, jitter_s=0.015, start_s=stream.at)
        stream.at += 4
        stream.apply(Feed().pictures(times, keys=keys).run(stream.segmenter))
        if stream.window.is_playable:
            read(stream.playlist.render().plain)


def merged(known, delta):
    """A delta and the listing that a client has (4.4.5.2)."""
    oldest = known.media_sequence
    skipped = known.segments[delta.media_sequence - oldest :][: delta.skipped]
    assert len(skipped) == delta.skipped
    return [*skipped, *delta.segments]


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32))
def test_a_playlist_changes_only_as_it_may(seed):
    """6.2.1, over random sources that come, go and change; and its deltas say the same."""
    rng = random.Random(seed)
    stream = Stream(window_s=rng.choice([0, 12, 30]))
    before = None
    for _ in range(rng.randint(1, 5)):
        stream.start(rng.choice([(VIDEO, AAC), (SMALL, AAC), (VIDEO,)]))
        times, keys = unsteady(
            seed,
            rng.choice([1, 5, 10, 25, 30]),
            rng.uniform(1, 12),
            gop_s=rng.choice([0.5, 1, 2, 5]),
            jitter_s=0.01,
            loss=rng.choice([0, 0.1]),
        )
        feed = Feed().pictures(times, keys=keys, jitter=lambda: rng.uniform(0, 0.05))
        events = feed.sound(0, times[-1]).run(stream.segmenter) + stream.segmenter.seal()
        for event in events:
            stream.window.apply(event)
            if stream.window.is_playable:
                before = judge_step(stream, before, fresh=isinstance(event, PartReady))
    stream.apply(stream.segmenter.end())
    if stream.window.is_playable:
        assert judge_step(stream, before, fresh=False).ended


def judge_step(stream, before, *, fresh):
    playlist = stream.playlist.render()
    after = read(playlist.plain)
    delta = read(playlist.delta)
    if before is not None:
        judge_change(before, after)
        if delta.skipped:
            lean = [{**segment, "parts": None} for segment in merged(before, delta)]
            assert lean == [{**segment, "parts": None} for segment in after.segments]
    assert MediaPlaylist(stream.window, "p").render().plain == playlist.plain  # what is kept is not stale
    if fresh:
        assert len(after.open_parts) == len(stream.window.parts)
    return after
