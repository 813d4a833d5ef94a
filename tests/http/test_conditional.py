import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.http.conditional import revalidated
from edge.http.message import RequestHead, Response

ANSWER = Response(
    200,
    (
        ("Content-Type", "video/mp4"),
        ("Cache-Control", "max-age=12"),
        ("ETag", '"k-7.1"'),
        ("Vary", "Accept-Encoding"),
        ("Access-Control-Allow-Origin", "*"),
    ),
    (b"bytes",),
)


def ask(value: str, name: str = "if-none-match") -> RequestHead:
    return RequestHead("GET", "/", headers={name: value})


@pytest.mark.parametrize("value", ['"k-7.1"', 'W/"k-7.1"', '"old", "k-7.1"', "*", ' "k-7.1" '])
def test_a_client_that_has_the_bytes_gets_304(value: str) -> None:
    answer = revalidated(ask(value), ANSWER)
    assert answer == Response(
        304,
        (
            ("Cache-Control", "max-age=12"),
            ("ETag", '"k-7.1"'),
            ("Vary", "Accept-Encoding"),
            ("Access-Control-Allow-Origin", "*"),
        ),
    )


@pytest.mark.parametrize("value", ['"k-7.2"', "", "k-7.1", '"k-7.1', '"a",' * 1000 + '"k-7.1"'])
def test_everybody_else_gets_them(value: str) -> None:
    assert revalidated(ask(value), ANSWER) is ANSWER


@pytest.mark.parametrize("value", ['"k-7.2"', 'W/"k-7.1"', "", "k-7.1"])
def test_who_wants_that_version_or_nothing_gets_412(value: str) -> None:
    """RFC 9110, 13.1.1: strongly compared, and before If-None-Match."""
    answer = revalidated(ask(value, "if-match"), ANSWER)
    assert answer.status == 412
    assert dict(answer.headers)["Access-Control-Allow-Origin"] == "*"
    both = RequestHead("GET", "/", headers={"if-match": value, "if-none-match": "*"})
    assert revalidated(both, ANSWER).status == 412


@pytest.mark.parametrize("value", ['"k-7.1"', '"k-7.2", "k-7.1"', "*"])
def test_who_wants_that_version_gets_it(value: str) -> None:
    assert revalidated(ask(value, "if-match"), ANSWER) is ANSWER


def test_dates_are_ignored_where_there_is_none() -> None:
    long_ago = "Wed, 01 Jan 2020 00:00:00 GMT"
    assert revalidated(ask(long_ago, "if-unmodified-since"), ANSWER) is ANSWER


def test_no_condition_is_no_condition() -> None:
    assert revalidated(RequestHead("GET", "/"), ANSWER) is ANSWER


def test_an_error_or_an_answer_without_entity_tag_stays_as_it_is() -> None:
    missing = Response(404, (("ETag", '"k"'),))
    plain = Response(200, (("Content-Type", "text/plain"),))
    assert revalidated(ask("*"), missing) is missing
    assert revalidated(ask("*"), plain) is plain


@given(st.text())
def test_any_value_has_an_answer(value: str) -> None:
    assert revalidated(ask(value), ANSWER).status in {200, 304}
