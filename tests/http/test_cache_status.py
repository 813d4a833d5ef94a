import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.http.cache_status import appended, told_before


@pytest.mark.parametrize(
    "field",
    [
        "ExampleCache; hit", "ExampleCache; hit; ttl=376", "ExampleCache;fwd=uri-miss;stored", '"CDN Company Here"; fwd=uri-miss; fwd-status=304',
        'OriginCache; hit; ttl=1100, "CDN Company Here"; fwd=uri-miss; collapsed; ttl=545', 'edge; hit, edge; fwd=stale; detail="a\\"b, c"',
        "a;ttl=-412", "a;b=?1;c=:aGk=:;d=1.5;*x=y/z:1", "a,b\t ,\tc",
    ],
)  # fmt: skip
def test_what_rfc_9211_allows_goes_before_our_own(field):
    assert told_before(f" {field}\t") == field
    assert appended(told_before(field), "edge; hit") == f"{field}, edge; hit"


@pytest.mark.parametrize(
    "field",
    [
        "", " ", ",", "a,", ",a", "a;;b", "a; ", "a;B=1", "a;b=", "a b", "1", "?1", ":aGk=:", "(a b)", '"open', 'a;b="open', 'a;b="\x01"',
        "a;b=é", "é", "a\r\nSet-Cookie: x=1", "a;b=1.", "a;b=1.2345", "a;b=1234567890123456", "a;\tb", "a\0", "a" * 513, "a, " * 8 + "a",
        "a;" * 10_000, '"' * 10_000, 'a;b="' + "\\" * 400,
    ],
)  # fmt: skip
def test_what_it_does_not_is_dropped_as_a_whole(field):
    assert told_before(field) == ""
    assert appended(told_before(field), "edge; hit") == "edge; hit"


@given(st.one_of(st.text(max_size=40), st.text('a;=", \\*1?:-.', max_size=40)))
def test_any_text_is_a_list_of_one_line_or_dropped(field):
    told = told_before(field)
    assert told in {"", field.strip(" \t")}
    assert told.isascii()
    assert told.isprintable() or "\t" in told
