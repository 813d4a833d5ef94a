import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.http.cmcd import FIELDS, PlayerReport, of_fields, parse_cmcd, split_cmcd


def test_as_players_write_it():
    """CTA-5004, 3.5: keys in the query, encoded."""
    query = "_HLS_msn=5&CMCD=bl%3D2100%2Cbr%3D3200%2Cbs%2Ccid%3D%22a%22%2Cmtp%3D25400%2Csu&_HLS_part=2"
    told, rest = split_cmcd(query)
    assert rest == "_HLS_msn=5&_HLS_part=2"
    assert parse_cmcd(told) == PlayerReport(3_200_000, 2.1, 25_400_000, starved=True, starting=True)
    assert parse_cmcd("msd=480").started_after_s == 0.48


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


@given(st.text(max_size=300))
def test_anything_gives_a_report(text):
    report = parse_cmcd(text)
    assert report.buffer_s is None or 0 <= report.buffer_s <= 1e6
    split_cmcd(text)
