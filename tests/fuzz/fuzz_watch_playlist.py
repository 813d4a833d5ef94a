"""Playlists of foreign servers, media and multivariant, and delta updates put onto one another."""

from contextlib import suppress

from edge.errors import MediaError
from edge.watch import rules_evolution, rules_presentation, rules_reload, rules_tags, rules_timing
from edge.watch.delta import apply_delta, delta_equals_whole
from edge.watch.multivariant import parse_multivariant
from edge.watch.playlist_reader import parse_media_playlist
from edge.watch.rulebook import RULES

_WHOLE = b"""#EXTM3U
#EXT-X-VERSION:9
#EXT-X-DEFINE:NAME="here",VALUE="media"
#EXT-X-TARGETDURATION:2
#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,CAN-SKIP-UNTIL=12.0,HOLD-BACK=6,PART-HOLD-BACK=0.75
#EXT-X-PART-INF:PART-TARGET=0.25
#EXT-X-MEDIA-SEQUENCE:4
#EXT-X-DISCONTINUITY-SEQUENCE:1
#EXT-X-START:TIME-OFFSET=-8.5,PRECISE=YES
#EXT-X-MAP:URI="{$here}/init0.mp4",BYTERANGE="700@0"
#EXT-X-DATERANGE:ID="ad",START-DATE="2026-01-01T00:00:00Z",DURATION=5
#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:00.000Z
#EXT-X-BITRATE:2500
#EXTINF:2.00000,
4.m4s
#EXT-X-DISCONTINUITY
#EXT-X-MAP:URI="media/init1.mp4"
#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:02.000Z
#EXT-X-PART:DURATION=0.25000,URI="5.0.m4s",INDEPENDENT=YES
#EXT-X-PART:DURATION=0.21000,URI="5.m4s",BYTERANGE="20@40"
#EXT-X-GAP
#EXTINF:0.46000,title
5.m4s
#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:02.460+01:00
#EXT-X-PART:DURATION=0.25000,URI="6.0.m4s",GAP=YES
#EXT-X-PRELOAD-HINT:TYPE=PART,URI="6.1.m4s",BYTERANGE-START=0
#EXT-X-RENDITION-REPORT:URI="other.m3u8",LAST-MSN=6,LAST-PART=0
"""
_DELTA = b"""#EXTM3U
#EXT-X-VERSION:9
#EXT-X-TARGETDURATION:2
#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,CAN-SKIP-UNTIL=12.0,PART-HOLD-BACK=0.75
#EXT-X-PART-INF:PART-TARGET=0.25
#EXT-X-MEDIA-SEQUENCE:4
#EXT-X-SKIP:SKIPPED-SEGMENTS=1,RECENTLY-REMOVED-DATERANGES="ad\tad2"
#EXT-X-PART:DURATION=0.25000,URI="5.0.m4s"
#EXTINF:0.46000,
5.m4s
#EXT-X-ENDLIST
"""
_INDEX = b"""#EXTM3U
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="main",DEFAULT=YES,AUTOSELECT=YES,URI="audio.m3u8",LANGUAGE="en"
#EXT-X-STREAM-INF:BANDWIDTH=3000000,AVERAGE-BANDWIDTH=2000000,CODECS="avc1.42c01f,mp4a.40.2",AUDIO="a",FRAME-RATE=30.000
main.m3u8
"""
SEEDS = [_WHOLE, _DELTA, _INDEX, _WHOLE.replace(b"\n", b"\r\n"), _WHOLE + b"#EXT-X-ENDLIST\n"]

_BEFORE = parse_media_playlist(_WHOLE)


def target(data: bytes) -> None:
    findings = []
    with suppress(MediaError):
        index = parse_multivariant(data)
        findings += index.faults
        for of_index in rules_presentation.CHECKS:
            findings += of_index(index)
        assert index.media_uris()
    with suppress(MediaError):
        playlist = parse_media_playlist(data, {"q": "1"})
        findings += playlist.faults
        assert len(playlist.faults) <= 100
        whole = apply_delta(_BEFORE, playlist) or playlist
        findings += delta_equals_whole(whole, _BEFORE)
        findings += rules_reload.skip_respects_boundary(playlist)
        findings += rules_presentation.reports_fresh(whole)
        for of_one in (*rules_timing.CHECKS, *rules_tags.CHECKS):
            findings += of_one(whole)
        for of_two in rules_evolution.CHECKS:
            findings += of_two(_BEFORE, whole)
            findings += of_two(whole, _BEFORE)
        assert not playlist.contains(whole.next_position) or playlist.skip
    assert all(finding.rule in RULES for finding in findings)
