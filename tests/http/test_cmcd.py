from urllib.parse import quote, quote_plus, unquote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.http.cmcd import (
    FIELDS,
    PlayerReport,
    of_fields,
    parse_cmcd,
    parse_encoded,
    split_cmcd,
    split_fields,
    split_line,
)
from edge.http.plain_request import read_line


def test_as_players_write_it():
    """CTA-5004, 3.5: keys in the query, encoded."""
    query = "_HLS_msn=5&CMCD=bl%3D2100%2Cbr%3D3200%2Cbs%2Ccid%3D%22a%22%2Cmtp%3D25400%2Csu&_HLS_part=2"
    told, rest = split_cmcd(query)
    assert rest == "_HLS_msn=5&_HLS_part=2"
    assert parse_cmcd(told) == PlayerReport(3_200_000, 2.1, 25_400_000, starved=True, starting=True)
    assert parse_cmcd("msd=480").started_after_s == 0.48


def test_a_head_without_its_report():
    raw = b"\r\nHost: a\r\nCMCD-Object: br=1\r\nX: cmcd-\r\ncmcd-status: bs\r\nCMCD-Request:bl=2\r\n\r\n"
    assert split_fields(raw) == (" br=1, bs,bl=2", b"\r\nHost: a\r\nX: cmcd-\r\n\r\n")


@pytest.mark.parametrize(
    "field",
    [
        b"CMCD-Other: bs",
        b"CMCD-Status : bs",
        b"CMCD-Status: b\xffs",
        b"CMCD-Status: b\n",
        b"X: CMCD-Status: bs",
    ],
)
def test_a_head_whose_report_is_odd_stays_as_it_is(field):
    raw = b"\r\nHost: a\r\n" + field + b"\r\n\r\n"
    assert split_fields(raw) == (None, raw)


def test_in_header_fields():
    headers = {FIELDS[0]: "br=800", FIELDS[3]: "bs", "accept-encoding": "gzip"}
    assert parse_cmcd(of_fields(headers)) == PlayerReport(800_000, starved=True)
    assert of_fields({"accept-encoding": "gzip"}) is None


@pytest.mark.parametrize(
    "value", ["br=x", "br=-1", "br=1e9", "br=٣", "br=" + "9" * 40, "br", "=", ",,,", "bs=false", "BR=1"]
)
def test_what_is_malformed_is_passed_over(value):
    assert parse_cmcd(value) == PlayerReport()


def test_queries_without_it_stay_as_they_are():
    assert split_cmcd("_HLS_msn=1&x=CMCD") == (None, "_HLS_msn=1&x=CMCD")
    assert split_cmcd("XCMCD=1") == (None, "XCMCD=1")


@pytest.mark.parametrize(
    ("line", "told", "rest"),
    [
        (b"GET /a?CMCD=bl%3D1%2Cbs HTTP/1.1", "bl%3D1%2Cbs", b"GET /a HTTP/1.1"),
        (b"GET /a?CMCD=bs&x=1 HTTP/1.1", "bs", b"GET /a?x=1 HTTP/1.1"),
        (b"GET /a?x=1&CMCD=bs HTTP/1.1", "bs", b"GET /a?x=1 HTTP/1.1"),
        (
            b"GET /a?x=1&CMCD=sid%3D%22a%2520b%22&y=2 HTTP/1.1",
            "sid%3D%22a%2520b%22",
            b"GET /a?x=1&y=2 HTTP/1.1",
        ),
        (b"GET /a?CMCD= HTTP/1.1", "", b"GET /a HTTP/1.1"),
    ],
)
def test_a_request_line_without_the_report(line, told, rest):
    assert split_line(line) == (told, rest)


@pytest.mark.parametrize(
    "line",
    [
        b"GET /a HTTP/1.1",
        b"GET /a&CMCD=bs HTTP/1.1",
        b"GET /CMCD=bs?x HTTP/1.1",
        b"GET /a?XCMCD=bs HTTP/1.1",
        b"GET /a?x?CMCD=bs HTTP/1.1",
        b"GET /a?CMCD=bs&CMCD=bl%3D1 HTTP/1.1",
        b"GET /a?CMCD=b\r\nX:s HTTP/1.1",
        b"GET /a?CMCD=b\xffs HTTP/1.1",
        b"GET /a?CMCD=" + b"x" * 2049 + b" HTTP/1.1",
        b"GET /a?CMCD=bs",
        b"CMCD=bs",
        b"",
    ],
)
def test_a_line_that_has_none_or_two_stays_as_it_is(line):
    assert split_line(line) == (None, line)


@given(st.lists(st.sampled_from(["CMCD=a%2Cb+%41", "x=1", "CMCD", "", "XCMCD=2", "?CMCD=4", "x=CMCD=5"])))
def test_lines_are_split_as_queries_are(fields):
    query = "&".join(fields)
    told, rest = split_line(f"GET /a?{query} HTTP/1.1".encode())
    if told is not None:
        assert (unquote_plus(told), read_line(rest).query) == split_cmcd(query)


WORDS = [
    "bl=2100",
    "br=3200",
    "bs",
    "bs=true",
    "su=false",
    "msd=1",
    "mtp=",
    "bl=x",
    'sid="a,bl=7"',
    " bl=3",
    "xbl=9",
    "%2C",
    "é",
]


@given(st.lists(st.sampled_from(WORDS)))
def test_a_value_is_read_encoded_as_it_is_decoded(words):
    value = ",".join(words)
    report = parse_cmcd(value)
    for encoded in (quote(value, safe=""), quote(value, safe="=,"), quote_plus(value)):
        assert parse_encoded(encoded) == report
    assert parse_encoded(quote(value, safe="").replace("%2C", "%2c")) == report


@given(
    st.lists(st.sampled_from([b"CMCD=", b"GET /a", b"?", b"&", b" ", b" HTTP/1.1", b"\r\n", b"x", b"\xff"]))
)
def test_what_is_left_is_plain_exactly_if_the_line_was(pieces):
    line = b"".join(pieces)
    _, rest = split_line(line)
    assert (read_line(rest) is None) == (read_line(line) is None)


@given(st.text(max_size=300))
def test_anything_gives_a_report(text):
    report = parse_cmcd(text)
    assert report.buffer_s is None or 0 <= report.buffer_s <= 1e6
    split_cmcd(text)
