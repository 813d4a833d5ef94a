import pytest

from edge.vod.media_type import media_type


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("clip.mp4", "video/mp4"),
        ("CLIP.MP4", "video/mp4"),
        ("a/index.m3u8", "application/vnd.apple.mpegurl"),
        ("old.ts", "video/mp2t"),
        ("notes.txt.gz", "application/octet-stream"),
        ("data:text/html,x", "application/octet-stream"),
        ("nothing", "application/octet-stream"),
    ],
)
def test_by_the_ending(name, kind):
    assert media_type(name) == kind
