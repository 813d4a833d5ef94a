import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.http.host import is_host


@pytest.mark.parametrize(
    "text",
    ["edge.example", "edge.example:8080", "a:", "127.0.0.1:80", "[::1]:8080", "[fe80::1%25eth0]", "a_b", "a%20b", ""],
)  # fmt: skip
def test_names_and_addresses(text):
    assert is_host(text)


@pytest.mark.parametrize(
    "text",
    ["a, b", "a b", "user@a", "a/b", "a?b", "a#b", "[::1", "::1", "a:b", "a:8o", "a%zz", "b\u00fccher", "a\\b", "a\n"],
)  # fmt: skip
def test_what_is_none(text):
    assert not is_host(text)


@given(st.text(st.characters(codec="ascii"), max_size=30))
def test_nothing_in_it_leads_elsewhere(text):
    assert not is_host(text) or not set(text) & set("/@?#\\ \r\n\0")
