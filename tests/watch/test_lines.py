import pytest

from edge.errors import MediaError
from edge.watch.lines import MAX_PLAYLIST_BYTES, read_lines


def lines(body, variables=None):
    faults = []
    return list(read_lines(body, faults.append, variables or {})), [
        (each.rule, each.check) for each in faults
    ]


def test_blank_lines_and_comments_say_nothing():
    assert lines(b"#EXTM3U\r\n\r\n# comment\n#EXT-X-ENDLIST\na.m4s\n") == (["#EXT-X-ENDLIST", "a.m4s"], [])


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        (b"\xef\xbb\xbf#EXTM3U\n", ("LL 2", "byte-order-mark")),
        (b"#EXTM3U\na\x07b\n", ("LL 2", "control-character")),
        (b"#EXTM3U\na.m4s", ("LL 2", "last-line")),
        (b"#EXTM3U\n a.m4s\n", ("LL 2", "white-space")),
        (b"#EXTM3U\n#EXTM3U\n", ("LL 7", "tag-twice")),
        (b'#EXTM3U\n#EXT-X-DEFINE:NAME="a",IMPORT="b"\n', ("LL 59", "define")),
        (
            b'#EXTM3U\n#EXT-X-DEFINE:NAME="a",VALUE="b"\n#EXT-X-DEFINE:NAME="a",VALUE="b"\n',
            ("LL 59", "define-twice"),
        ),
    ],
)
def test_faults_that_can_be_read_over(body, fault):
    assert lines(body)[1] == [fault]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"#EXTM3U8\n",
        b"<html>",
        b"#EXTM3U\n\xff\n",
        b"#EXTM3U\n{$unknown}.m4s\n",
        b"#EXTM3U\n{$open\n",
        b'#EXTM3U\n#EXT-X-DEFINE:QUERYPARAM="token"\n',
        b"#EXTM3U\n" + b"a" * 70_000 + b"\n",
        b"#EXTM3U\n" + bytes(MAX_PLAYLIST_BYTES),
    ],
)
def test_what_no_client_can_read(body):
    with pytest.raises(MediaError):
        lines(body)


def test_variables_are_put_in_once():
    body = b'#EXTM3U\n#EXT-X-DEFINE:NAME="a",VALUE="{$b}x"\n#EXT-X-DEFINE:IMPORT="t"\n{$a}/{$t}.m4s\n'
    assert lines(body, {"t": "7"})[0] == ["{$b}x/7.m4s"]
