from aiohttp.test_utils import make_mocked_request

from edge.http.message import Response
from edge.web.reply import head_of, written


def test_only_fields_that_the_rooms_know_are_handed_in() -> None:
    request = make_mocked_request(
        "GET",
        "/live/a%20b/main.m3u8?_HLS_msn=1&token=a%2Fb+c",
        headers={"Accept-Encoding": "gzip", "If-None-Match": '"a"', "Cookie": "secret"},
    )
    head = head_of(request)
    assert (head.method, head.path) == ("GET", "/live/a b/main.m3u8")
    assert head.query == "_HLS_msn=1&token=a%2Fb+c"
    assert head.headers == {"accept-encoding": "gzip", "if-none-match": '"a"'}


def test_a_field_sent_twice_is_one_list() -> None:
    request = make_mocked_request(
        "GET", "/", headers=[("If-None-Match", '"a"'), ("If-None-Match", '"b"'), ("Host", "h")]
    )
    assert head_of(request).headers == {"if-none-match": '"a", "b"'}


def test_an_answer_keeps_its_fields_and_bytes() -> None:
    body = b"bytes"
    answer = written(Response(206, (("Content-Type", "video/mp4"), ("X", "1"), ("X", "2")), (body,)))
    assert answer.status == 206
    assert answer.headers.getall("X") == ["1", "2"]
    assert answer.headers["Server"] == "edge"
    assert answer.body is body
    assert written(Response(200, (), (b"a", b"b"))).body == b"ab"
    assert written(Response(304)).body is None
