from datetime import UTC, datetime

import pytest
from listings import listing, read

from edge.errors import MediaError
from edge.hls.position import Position
from edge.watch.playlist import ByteRange, Hint, MapTag, PartTag, Report, Skip

FULL = """#EXTM3U
#EXT-X-VERSION:9
#EXT-X-TARGETDURATION:2
#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,CAN-SKIP-UNTIL=12.0,PART-HOLD-BACK=0.75
#EXT-X-PART-INF:PART-TARGET=0.25
#EXT-X-MEDIA-SEQUENCE:41
#EXT-X-DISCONTINUITY-SEQUENCE:3
#EXT-X-MAP:URI="init0.mp4"
#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:00.500Z
#EXTINF:2.00000,
41.m4s
#EXT-X-DISCONTINUITY
#EXT-X-MAP:URI="init1.mp4",BYTERANGE="700@20"
#EXT-X-GAP
#EXTINF:1.50000,no picture
42.m4s
#EXT-X-PART:DURATION=0.25000,URI="43.0.m4s",INDEPENDENT=YES
#EXT-X-PART:DURATION=0.20000,URI="43.m4s",BYTERANGE="30@10",GAP=YES
#EXT-X-PRELOAD-HINT:TYPE=PART,URI="43.2.m4s"
#EXT-X-PRELOAD-HINT:TYPE=MAP,URI="init2.mp4",BYTERANGE-START=5
#EXT-X-RENDITION-REPORT:URI="low.m3u8",LAST-MSN=43,LAST-PART=1
#EXT-X-SOMETHING-NEW:FOO=bar
"""


def test_everything_is_read():
    playlist = read(FULL)
    assert playlist.faults == ()
    assert (playlist.version, playlist.target_duration, playlist.part_target) == (9, 2, 0.25)
    assert (playlist.media_sequence, playlist.discontinuity_sequence) == (41, 3)
    assert playlist.control.can_block_reload
    assert (playlist.control.can_skip_until, playlist.control.part_hold_back) == (12.0, 0.75)
    first, second, third = playlist.segments
    assert (first.msn, first.uri, first.duration, first.map) == (41, "41.m4s", 2.0, MapTag("init0.mp4"))
    assert first.date == datetime(2026, 1, 1, 0, 0, 0, 500_000, UTC)
    assert (second.discontinuity, second.gap) == (True, True)
    assert second.map == MapTag("init1.mp4", ByteRange(700, 20))
    assert third.uri is None
    assert third.map == second.map
    assert third.parts == (
        PartTag("43.0.m4s", 0.25, independent=True),
        PartTag("43.m4s", 0.2, gap=True, byte_range=ByteRange(30, 10)),
    )
    assert playlist.hints == (Hint("PART", "43.2.m4s"), Hint("MAP", "init2.mp4", ByteRange(None, 5)))
    assert playlist.reports == (Report("low.m3u8", 43, 1),)
    assert playlist.next_position == Position(43, 2)
    assert not playlist.ended


def test_a_delta_update_numbers_its_segments_behind_the_skip():
    text = FULL.replace('#EXT-X-MAP:URI="init0.mp4"\n', "#EXT-X-SKIP:SKIPPED-SEGMENTS=5\n")
    playlist = read(text)
    assert playlist.skip == Skip(5)
    assert [segment.msn for segment in playlist.segments] == [46, 47, 48]
    assert playlist.last_complete_msn == 47


@pytest.mark.parametrize(
    ("old", "new", "rule", "check"),
    [
        ("#EXT-X-VERSION:9", "#EXT-X-VERSION:9\n#EXT-X-VERSION:9", "LL 4", "tag-twice"),
        ("#EXT-X-TARGETDURATION:2", "#EXT-X-TARGETDURATION:2.0", "LL 8", "not-a-number"),
        ("SEQUENCE:3\n", "SEQUENCE:-3\n", "LL 16", "not-a-number"),
        ("PART-TARGET=0.25", "PART-TARGET=2.5e-1", "LL 3", "decimal"),
        ("PART-TARGET=0.25", "PART-TARGET=0.0", "LL 17", "part-target-missing"),
        ("EXTINF:2.00000,", "EXTINF:2.00000", "LL 2", "extinf-comma"),
        ("EXTINF:2.00000,", "EXTINF:two,", "LL 3", "decimal"),
        ("#EXTINF:2.00000,\n", "", "LL 2", "segment-without-extinf"),
        ('URI="43.0.m4s",', "", "LL 18", "part-attributes"),
        ("30@10", "30@", "LL 18", "part-byterange"),
        ("INDEPENDENT=YES", "INDEPENDENT=yes", "LL 18", "attribute-value"),
        ("TYPE=PART,", "", "LL 44", "hint-attributes"),
        ('MAP:URI="init1.mp4",', "MAP:", "LL 54", "map-uri"),
        ("00.500Z", "00.500", "LL 52", "date-zone"),
        ("00.500Z", "00Z", "LL 52", "date-precision"),
        ("2026-01-01T", "yesterday ", "LL 52", "date"),
        ("#EXT-X-GAP", "#EXT-X-BITRATE:fast", "LL 61", "bitrate"),
        ("#EXT-X-GAP", "#EXT-X-BYTERANGE:x", "LL 2", "byterange"),
        ("#EXT-X-GAP", '#EXT-X-DATERANGE:START-DATE="x"', "LL 60", "daterange-id"),
        ("#EXT-X-GAP", "#EXT-X-SKIP:SKIPPED-SEGMENTS=2", "LL 42", "skip-tag"),
        ("#EXT-X-GAP", "#EXT-X-PLAYLIST-TYPE:LIVE", "LL 6", "playlist-type"),
        ("#EXT-X-GAP", "#EXT-X-START:PRECISE=YES", "LL 58", "start-offset"),
        ("#EXT-X-GAP", "#EXT-X-MEDIA-SEQUENCE:9", "LL 15", "media-sequence-place"),
        ("#EXT-X-GAP", "#EXT-X-DISCONTINUITY-SEQUENCE:9", "LL 16", "discontinuity-sequence-place"),
        ('URI="low.m3u8",', "", "LL 49", "report-uri"),
    ],
)
def test_a_fault_is_named_with_its_rule(old, new, rule, check):
    assert old in FULL
    assert (rule, check) in [(each.rule, each.check) for each in read(FULL.replace(old, new)).faults]


def test_tags_of_a_segment_after_its_parts_are_late():
    text = FULL.replace(
        "#EXT-X-PRELOAD-HINT:TYPE=PART", "#EXT-X-DISCONTINUITY\n#EXT-X-PRELOAD-HINT:TYPE=PART"
    )
    assert read(text).segments[-1].late_tags == ("EXT-X-DISCONTINUITY",)


def test_a_date_range_may_be_completed_but_not_changed():
    ranges = (
        '#EXT-X-DATERANGE:ID="a",START-DATE="2026-01-01T00:00:00Z"\n#EXT-X-DATERANGE:ID="a",DURATION={}\n'
    )
    playlist = read(FULL + ranges.format(5))
    assert playlist.date_ranges["a"]["DURATION"] == "5"
    assert playlist.faults == ()
    assert read(FULL + ranges.format(5) + '#EXT-X-DATERANGE:ID="a",DURATION=6\n').faults


def test_a_multivariant_playlist_is_refused():
    with pytest.raises(MediaError):
        read("#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\na.m3u8\n")


def test_faults_are_bounded():
    assert len(read("#EXTM3U\n" + "#EXT-X-PART:X\n" * 5000).faults) == 100


def test_the_plain_listing_has_no_fault():
    assert read(listing()).faults == ()
