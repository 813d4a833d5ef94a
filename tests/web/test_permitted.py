"""A line with a token is the line without it, to who may."""

from edge.auth.permit import Permit
from edge.http.message import Lease
from edge.web.permitted import Permitted

PREFIX, BARE = b"GET /live/~a.b.c/cam/", b"GET /live/cam/"


def permitted(lease: Lease | None = None) -> Permitted:
    return Permitted(Permit(lease or Lease(), 10.0, lambda: 9.0), PREFIX, BARE)


def test_the_token_is_taken_off():
    line = permitted().without_token(PREFIX + b"main.m3u8?_HLS_msn=3 HTTP/1.1")
    assert line == b"GET /live/cam/main.m3u8?_HLS_msn=3 HTTP/1.1"


def test_nothing_else_is():
    for line in (
        b"GET /live/cam/main.m3u8 HTTP/1.1",
        b"GET /live/~a.b.c/cam HTTP/1.1",
        b"GET /live/~a.b.c/cam2/main.m3u8 HTTP/1.1",
        b"GET /live/~a.b.d/cam/main.m3u8 HTTP/1.1",
        b"HEAD /live/~a.b.c/cam/main.m3u8 HTTP/1.1",
        b"\r\n" + PREFIX + b"main.m3u8 HTTP/1.1",
        b"",
    ):
        assert permitted().without_token(line) == b""


def test_not_when_it_ended():
    lease = Lease()
    lease.holds = False
    assert permitted(lease).without_token(PREFIX + b"main.m3u8 HTTP/1.1") == b""
