from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.http.precondition import failed, http_date, parse_http_date, range_holds

THEN = datetime(2026, 1, 2, 3, 4, 5, 678_000, tzinfo=UTC)
DATE = "Fri, 02 Jan 2026 03:04:05 GMT"
EARLIER, LATER = "Fri, 02 Jan 2026 03:04:04 GMT", "Fri, 02 Jan 2026 03:04:06 GMT"
NOW = THEN + timedelta(hours=1)


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({}, None),
        ({"if-match": '"a"'}, None),
        ({"if-match": "*"}, None),
        ({"if-match": 'W/"a"'}, 412),
        ({"if-match": '"b"'}, 412),
        ({"if-match": '"a"', "if-unmodified-since": EARLIER}, None),
        ({"if-unmodified-since": EARLIER}, 412),
        ({"if-unmodified-since": DATE}, None),
        ({"if-none-match": 'W/"a"'}, 304),
        ({"if-none-match": "*"}, 304),
        ({"if-none-match": '"b"', "if-modified-since": LATER}, None),
        ({"if-modified-since": DATE}, 304),
        ({"if-modified-since": EARLIER}, None),
        ({"if-modified-since": "yesterday"}, None),
        ({"if-match": '"b"', "if-none-match": '"a"'}, 412),
    ],
)
def test_the_order_of_the_book(fields, status):
    assert failed(fields, '"a"', THEN) == status


def test_a_star_is_whatever_there_is_with_a_validator_or_without():
    assert failed({"if-match": "*"}, "", THEN) is None
    assert failed({"if-match": "*"}, 'W/"a"', THEN) is None
    assert failed({"if-none-match": " * "}, "", None) == 304
    assert failed({"if-match": '"a"'}, "", THEN) == 412
    assert failed({"if-none-match": '"a"'}, "", THEN) is None


@pytest.mark.parametrize(
    ("asked", "etag", "holds"),
    [
        (None, '"a"', True),
        ('"a"', '"a"', True),
        ('"b"', '"a"', False),
        ('W/"a"', '"a"', False),
        ('W/"a"', 'W/"a"', False),
        ('"a"', 'W/"a"', False),
        (DATE, '"a"', True),
        (LATER, '"a"', False),
        (EARLIER, '"a"', False),
        ("", '"a"', False),
    ],
)
def test_a_range_holds_for_the_very_same_version_only(asked, etag, holds):
    assert range_holds(asked, etag, THEN, NOW) is holds


def test_a_date_of_this_second_proves_nothing():
    assert not range_holds(DATE, '"a"', THEN, THEN + timedelta(seconds=0.9))


def test_dates_there_and_back():
    assert http_date(THEN) == DATE
    assert parse_http_date(DATE) == THEN.replace(microsecond=0)


@given(st.text(max_size=60))
def test_any_text_is_a_date_or_none(text):
    moment = parse_http_date(text)
    assert moment is None or moment.tzinfo is UTC
