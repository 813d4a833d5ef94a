import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.http.plain_request import MOST_HEAD_BYTES, is_odd, read_fields, read_line

WANTED = frozenset({"accept-encoding", "range"})


def test_a_line_is_taken_apart():
    assert read_line(b"GET /live/cam/main.m3u8?_HLS_msn=1&CMCD=a%3D1 HTTP/1.1") == (
        "GET",
        "/live/cam/main.m3u8",
        "_HLS_msn=1&CMCD=a%3D1",
    )
    assert read_line(b"HEAD / HTTP/1.1") == ("HEAD", "/", "")
    assert read_line(b"GET /vod/a%20b%2e%2F%00%C3%bc?%zz HTTP/1.1") == (
        "GET",
        "/vod/a%20b%2e%2F%00%C3%bc",
        "%zz",
    )
    assert read_line(b"GET /? HTTP/1.1") == ("GET", "/", "")


@pytest.mark.parametrize(
    "line",
    [
        b"", b"GET", b"get / HTTP/1.1", b"POST / HTTP/1.1", b"GET / HTTP/1.0", b"GET / HTTP/1.1 ", b" GET / HTTP/1.1",
        b"GET  / HTTP/1.1", b"GET /\t HTTP/1.1", b"GET * HTTP/1.1", b"GET http://a/ HTTP/1.1", b"GET /%6 HTTP/1.1", b"GET /%zz HTTP/1.1", b"GET /a% HTTP/1.1", b"GET /%%41 HTTP/1.1", b"GET %2F HTTP/1.1",
        b"GET /a#b HTTP/1.1", b"GET /a?b#c HTTP/1.1", b"GET /\xc3\xa4 HTTP/1.1", b"GET /a\\b HTTP/1.1", b"GET /\0 HTTP/1.1",
        b"GET / HTTP/1.1\n", b"GET /" + b"a" * MOST_HEAD_BYTES + b" HTTP/1.1",
    ],
)  # fmt: skip
def test_what_is_not_plain_is_not_read(line):
    assert read_line(line) is None


def test_fields_that_are_wanted_are_kept():
    raw = b"\r\nHost: a.example:80\r\nAccept-Encoding: \t gzip \r\nX: y\r\nX-Forwarded-For: 1\r\nx-forwarded-for: 2, 3\r\n\r\n"
    fields = read_fields(raw, WANTED)
    assert fields is not None
    assert fields.raw == raw
    assert fields.values == {"accept-encoding": "gzip"}
    assert fields.forwarded_for == ("1", "2, 3")
    assert not fields.closes


@pytest.mark.parametrize(("value", "closes"), [(b"close", True), (b"Close", True), (b"Keep-Alive", False)])
def test_what_is_meant_by_connection(value, closes):
    fields = read_fields(b"\r\nHost: a\r\nConnection: " + value + b"\r\n\r\n", WANTED)
    assert fields is not None
    assert fields.closes is closes


@pytest.mark.parametrize(
    "more",
    [
        b"Host: b\r\n", b"X: 1\r\nX: 1\r\n", b"Content-Length: 0\r\n", b"Transfer-Encoding: chunked\r\n", b"TE: trailers\r\n",
        b"Expect: 100-continue\r\n", b"Cache-Control: a, only-if-cached\r\n", b"Upgrade: h2c\r\n", b"Connection: upgrade\r\n", b"Connection: close, x\r\n", b"Trailer: x\r\n",
        b" X: 1\r\n", b"X: 1\r\n 2\r\n", b"X : 1\r\n", b"X\r\n", b": 1\r\n", b"X: 1\n", b"X: 1\r", b"X: \0\r\n", b"X: \x7f\r\n", b"X: \xff\r\n",
        b"X: " + b"v" * MOST_HEAD_BYTES + b"\r\n", b"".join(b"X%d: 1\r\n" % each for each in range(101)),
    ],
)  # fmt: skip
def test_fields_that_are_not_plain(more):
    assert read_fields(b"\r\nHost: a\r\n" + more + b"\r\n", WANTED) is None
    assert read_fields(b"\r\nHost: a\r\n\r\n", WANTED) is not None


@pytest.mark.parametrize("host", [b"", b"a b", b"a/b", b"a@b", b"a,b", b"[::1", b"a:123456"])
def test_a_host_that_could_mean_two_things(host):
    assert read_fields(b"\r\nHost: " + host + b"\r\n\r\n", WANTED) is None


@pytest.mark.parametrize("start", [b"\x16\x03\x01\x02\x00", b"get", b" GET", b"\0"])
def test_what_is_no_method_is_seen_at_once(start):
    assert is_odd(start)
    assert not any(map(is_odd, (b"", b"\r", b"\r\n", b"G", b"GET /live")))


@given(st.binary(max_size=60))
def test_a_lonely_line_end_is_seen_as_soon_as_it_is_one(data):
    data = b"GET" + data
    without_pairs = data.replace(b"\r\n", b"")
    assert is_odd(data) == (
        b"\n" in without_pairs or b"\r" in without_pairs.removesuffix(b"\r" * data.endswith(b"\r"))
    )
