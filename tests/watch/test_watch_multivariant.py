import pytest
from test_rules_presentation import INDEX

from edge.errors import MediaError
from edge.watch.multivariant import is_multivariant, parse_multivariant


def test_variants_and_renditions():
    index = parse_multivariant(INDEX.encode())
    assert index.faults == ()
    (variant,) = index.variants
    assert (variant.uri, variant.bandwidth, variant.average_bandwidth) == ("main.m3u8", 3_000_000, 2_000_000)
    assert (variant.codecs, variant.resolution, variant.frame_rate) == (
        "avc1.42c01f,mp4a.40.2",
        "1280x720",
        30.0,
    )
    assert index.independent_segments
    assert index.audio_of(variant).uri == "audio.m3u8"
    assert index.media_uris() == ("main.m3u8", "audio.m3u8")


def test_the_two_kinds_are_told_apart():
    assert is_multivariant(INDEX.encode())
    assert not is_multivariant(b"#EXTM3U\n#EXT-X-TARGETDURATION:2\n")


@pytest.mark.parametrize(
    ("old", "new", "rule", "check"),
    [
        ("BANDWIDTH=3000000", "BANDWIDTH=fast", "LL 63", "attribute-value"),
        ("#EXT-X-INDEPENDENT-SEGMENTS", "#EXT-X-TARGETDURATION:2", "LL 7", "media-tag"),
        ("main.m3u8", "main.m3u8\nlow.m3u8", "LL 2", "uri-without-tag"),
        ("AUTOSELECT=YES", "AUTOSELECT=YES,AUTOSELECT=YES", "LL 2", "attribute-list"),
        ("DEFAULT=YES", "DEFAULT=TRUE", "LL 65", "attribute-value"),
    ],
)
def test_faults(old, new, rule, check):
    assert [
        (each.rule, each.check) for each in parse_multivariant(INDEX.replace(old, new).encode()).faults
    ] == [(rule, check)]


def test_no_variant_at_all():
    with pytest.raises(MediaError):
        parse_multivariant(b"#EXTM3U\n")
