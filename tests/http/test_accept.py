import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.http.accept import accepts_gzip


@pytest.mark.parametrize(
    "value",
    [
        "gzip",
        "gzip, deflate, br, zstd",
        "br;q=1.0, GZIP;q=0.8, *;q=0.1",
        "deflate, x-gzip",
        "*",
        "*;q=0.5",
        "gzip;q=0.001",
        "gzip ; q=1.000",
        "*;q=0, gzip",
    ],
)
def test_gzip_may_be_sent(value: str) -> None:
    assert accepts_gzip(value)


@pytest.mark.parametrize(
    "value",
    [
        None,
        "",
        "identity",
        "br, deflate",
        "gzip;q=0",
        "gzip;q=0.000, *",
        "*;q=0",
        "gzipped",
        "gzip;q=nan",
        "gzip;q=-1",
        "gzip;q=1e3",
        "gzip;level=9",
        "gzip;q=2",
        "gzip;q=1.5",
    ],
)
def test_gzip_may_not_be_sent(value: str | None) -> None:
    assert not accepts_gzip(value)


@given(st.text(max_size=500))
def test_any_value_has_an_answer_and_the_same_one_each_time(value: str) -> None:
    assert accepts_gzip(value) is accepts_gzip(value)


def test_a_long_value_is_read_like_a_short_one() -> None:
    assert accepts_gzip(", ".join(["br"] * 200) + ", gzip")
