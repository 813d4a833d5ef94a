import zlib

import pytest

from bench.live_edge import LiveEdges, first_variant, read

HEAD = """#EXTM3U
#EXT-X-VERSION:10
#EXT-X-TARGETDURATION:2
#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,CAN-SKIP-UNTIL=12.0,PART-HOLD-BACK=0.75
#EXT-X-PART-INF:PART-TARGET=0.25
#EXT-X-MEDIA-SEQUENCE:7
"""
FULL = (
    HEAD
    + """#EXTINF:2.0,
p/7.m4s
#EXT-X-PART:DURATION=0.25,URI="p/part64.m4s",INDEPENDENT=YES
#EXT-X-PART:DURATION=0.25,URI="p/part65.m4s"
#EXTINF:2.0,
p/8.m4s
#EXT-X-PART:DURATION=0.25,URI="p/part66.m4s"
#EXT-X-PRELOAD-HINT:TYPE=PART,URI="p/part67.m4s"
"""
)
DELTA = FULL.replace("#EXTINF:2.0,\np/7.m4s\n", "#EXT-X-SKIP:SKIPPED-SEGMENTS=1\n")
P64, P65, P66, P67 = (f"/live/cam/p/part{number}.m4s".encode() for number in range(64, 68))


@pytest.mark.parametrize("text", [FULL, DELTA])
def test_a_playlist_says_what_comes_next(text) -> None:
    edge = read(text.encode(), "/live/cam/main.m3u8")
    assert edge.parts == (P64, P65, P66)
    assert edge.hint == P67
    assert edge.reload == b"/live/cam/main.m3u8?_HLS_msn=9&_HLS_part=1"
    assert edge.reload_delta == edge.reload + b"&_HLS_skip=YES"


def test_a_delta_is_asked_for_only_where_it_is_offered() -> None:
    edge = read(FULL.replace("CAN-SKIP-UNTIL=12.0,", "").encode(), "/main.m3u8?token=x")
    assert edge.reload_delta == edge.reload == b"/main.m3u8?token=x&_HLS_msn=9&_HLS_part=1"


def test_a_viewer_takes_every_part_in_its_turn() -> None:
    edge = read(FULL.encode(), "/live/cam/main.m3u8")
    assert [edge.listed_after(part) for part in (P64, P65, P66, P67)] == [P65, P66, None, None]
    assert [edge.coming_after(part) for part in (P64, P65, P66, P67)] == [P65, P66, P67, None]


def test_a_viewer_who_fell_behind_what_is_listed_goes_to_the_edge() -> None:
    edge = read(FULL.encode(), "/live/cam/main.m3u8")
    assert edge.listed_after(b"/live/cam/p/part1.m4s") == P66
    assert edge.coming_after(b"/live/cam/p/part1.m4s") == P67


def test_without_a_hint_the_newest_part_is_the_last() -> None:
    edge = read("\n".join(FULL.splitlines()[:-1]).encode(), "/live/cam/main.m3u8")
    assert edge.hint is None
    assert [edge.listed_after(part) for part in (None, P65, P66)] == [P66, P66, None]
    assert edge.coming_after(P66) is None


def test_packed_or_not_it_is_read_once() -> None:
    packer = zlib.compressobj(6, zlib.DEFLATED, 31)
    packed = packer.compress(FULL.encode()) + packer.flush()
    edges = LiveEdges("/live/cam/main.m3u8")
    assert edges.of(packed) == edges.of(FULL.encode())
    assert edges.of(bytes(bytearray(packed))) is edges.of(packed)


def test_the_first_variant_is_found() -> None:
    multivariant = b'#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1,CODECS="avc1"\nmain.m3u8\n'
    assert first_variant(multivariant, "/live/cam/index.m3u8") == "/live/cam/main.m3u8"
    assert first_variant(FULL.encode(), "/live/cam/main.m3u8") is None


@pytest.mark.parametrize(
    "text", ["", "<html>", "#EXTM3U\n", FULL.replace('URI="p/part66', 'BYTERANGE="9@0",URI="p/part66')]
)
def test_what_cannot_be_played_is_named(text) -> None:
    with pytest.raises(ValueError, match=r"playlist|byte ranges"):
        read(text.encode(), "/main.m3u8")
