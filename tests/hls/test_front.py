import gzip
import zlib

from hypothesis import given
from hypothesis import strategies as st

from edge.hls.front import Front

LINES = st.lists(
    st.builds(
        '#EXT-X-PART:DURATION=0.{:05},URI="0123abcd/part{}.m4s"\n'.format,
        st.integers(0, 99_999),
        st.integers(0, 9_999),
    ),
    max_size=60,
).map("".join)
TEXT = LINES.map(str.encode) | st.binary(max_size=9_000)


@given(front=TEXT, ends=st.lists(TEXT, min_size=1, max_size=3))
def test_one_gzip_member_with_front_and_end_whatever_they_are(front, ends):
    beginning = Front(front)
    for end in ends:
        unpacker = zlib.decompressobj(31)
        assert unpacker.decompress(beginning.gzip(end)) == front + end
        assert unpacker.eof
        assert unpacker.unused_data == b""


def test_the_end_is_packed_with_what_the_front_is_like():
    line = '#EXT-X-PART:DURATION=0.20000,URI="0123abcd/part{}.m4s"\n'
    front, end = (
        "".join(map(line.format, range(1_000, 1_030))).encode(),
        "".join(map(line.format, range(1_030, 1_036))).encode(),
    )
    at_once = len(gzip.compress(front + end))
    assert len(Front(front).gzip(end)) < at_once * 1.1
