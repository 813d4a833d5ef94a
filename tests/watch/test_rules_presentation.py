import pytest
from listings import checks, listing, read

from edge.fmp4.inspect import ParsedTrack
from edge.watch import rules_presentation as rules
from edge.watch.multivariant import parse_multivariant

INDEX = """#EXTM3U
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="main",DEFAULT=YES,AUTOSELECT=YES,URI="audio.m3u8"
#EXT-X-STREAM-INF:BANDWIDTH=3000000,AVERAGE-BANDWIDTH=2000000,CODECS="avc1.42c01f,mp4a.40.2",RESOLUTION=1280x720,FRAME-RATE=30.000,AUDIO="a"
main.m3u8
"""
TRACKS = [
    ParsedTrack(1, "video", "avc1.42c01f", 90_000, 1280, 720),
    ParsedTrack(2, "audio", "mp4a.40.2", 48_000),
]


def found(text):
    index = parse_multivariant(text.encode())
    return checks(finding for check in rules.CHECKS for finding in check(index))


def test_a_right_index():
    assert found(INDEX) == []


@pytest.mark.parametrize(
    ("old", "new", "rule", "check"),
    [
        ("BANDWIDTH=3000000,AVERAGE-", "AVERAGE-", "LL 63", "bandwidth-missing"),
        ("AVERAGE-BANDWIDTH=2000000,", "", "LL 63", "average-missing"),
        ("=2000000", "=4000000", "LL 63", "average-above-peak"),
        ('CODECS="avc1.42c01f,mp4a.40.2",', "", "LL 64", "codecs-missing"),
        ("RESOLUTION=1280x720,", "", "LL 64", "resolution-missing"),
        ("FRAME-RATE=30.000,", "", "LL 64", "frame-rate-missing"),
        ('GROUP-ID="a"', 'GROUP-ID="b"', "LL 65", "group-unknown"),
    ],
)
def test_one_thing_is_wrong(old, new, rule, check):
    assert found(INDEX.replace(old, new)) == [(rule, check)]


def test_groups_have_one_name_and_one_default():
    media = INDEX.split("\n")[2]
    assert found(INDEX.replace(media, f"{media}\n{media}")) == [
        ("LL 65", "name-twice"),
        ("LL 65", "default-twice"),
    ]


def test_codecs_are_those_of_the_init_segment():
    assert list(rules.codecs_match("avc1.42C01F, mp4a.40.2", TRACKS)) == []
    assert list(rules.codecs_match(None, TRACKS)) == []
    assert checks(rules.codecs_match("avc1.42c01f", TRACKS)) == [("LL 64", "codecs-differ")]


def test_independent_segments_in_one_place():
    index = parse_multivariant(INDEX.encode())
    media = read(listing().replace("#EXT-X-MAP", "#EXT-X-INDEPENDENT-SEGMENTS\n#EXT-X-MAP"))
    assert checks(rules.independent_once(index, media)) == [("LL 57", "independent-twice")]
    assert list(rules.independent_once(index, read(listing()))) == []


def test_playlists_side_by_side():
    one = read(listing())
    assert list(rules.same_targets({"a": one, "b": one})) == []
    slower = read(listing().replace("DURATION:2\n", "DURATION:3\n"))
    assert checks(rules.same_targets({"a": one, "b": slower})) == [("LL 9", "target-durations-differ")]
    other = read(listing().replace("UNTIL=12.0", "UNTIL=13.0"))
    assert checks(rules.same_targets({"a": one, "b": other})) == [("LL 30", "server-control-differs")]
    undated = read("\n".join(line for line in listing().split("\n") if "DATE-TIME" not in line))
    assert checks(rules.same_discontinuities({"a": one, "b": undated})) == [("LL 52", "dates-in-some")]
    cut = read(listing().replace("#EXTINF:2.00000,\n7.", "#EXT-X-DISCONTINUITY\n#EXTINF:2.00000,\n7."))
    assert checks(rules.same_discontinuities({"a": one, "b": cut})) == [("LL 66", "discontinuity-differs")]
    later = read(listing().replace("00:00:14.000Z", "00:00:16.000Z"))
    assert checks(rules.same_discontinuities({"a": one, "b": later})) == [("LL 66", "dates-differ")]


REPORT = '#EXT-X-RENDITION-REPORT:URI="{}",LAST-MSN={},LAST-PART={}\n'


def test_reports():
    url, others = "http://edge.example/live/a/main.m3u8", ["http://edge.example/live/a/audio.m3u8?token=1"]
    assert checks(rules.reports_complete(url, read(listing()), others)) == [("LL 50", "report-missing")]
    right = read(listing() + REPORT.format("audio.m3u8", 12, 1))
    assert list(rules.reports_complete(url, right, others)) == []
    assert list(rules.reports_well_formed(right)) == []
    absolute = read(listing() + REPORT.format("http://edge.example/audio.m3u8", 12, 1))
    assert checks(rules.reports_well_formed(absolute)) == [("LL 49", "report-absolute")]
    bare = read(listing() + '#EXT-X-RENDITION-REPORT:URI="audio.m3u8"\n')
    assert checks(rules.reports_well_formed(bare)) == [("LL 49", "report-attributes")]


@pytest.mark.parametrize(
    ("parts", "msn", "part", "stale"),
    [(3, 12, 2, False), (3, 12, 0, False), (3, 11, 3, False), (1, 10, 3, True), (4, 12, 0, True)],
)
def test_reports_are_fresh(parts, msn, part, stale):
    playlist = read(listing(4, 11, parts) + REPORT.format("audio.m3u8", msn, part))
    assert bool(list(rules.reports_fresh(playlist))) is stale
