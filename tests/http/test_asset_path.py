import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.errors import BadAddress
from edge.http.asset_path import asset_key


@pytest.mark.parametrize(
    ("path", "key"),
    [
        ("a/b.mp4", "a/b.mp4"),
        ("f%C3%BCr%20dich.mp4", "für dich.mp4"),
        ("%252e%252e/x", "%2e%2e/x"),
        ("...", "..."),
        ("%E6%9D%B1%E3%80%80%E4%BA%AC.mp4", "東\u3000京.mp4"),
        ("%F0%9F%91%A8%E2%80%8D%F0%9F%91%A7.mp4", "\U0001f468\u200d\U0001f467.mp4"),
        ("a%C2%A0b", "a\u00a0b"),
    ],
)
def test_one_decoding(path, key):
    assert asset_key(path) == key


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/a",
        "a//b",
        "a/",
        ".",
        "a/../b",
        "%2e%2e/etc/passwd",
        "a%2F..%2Fb",
        "a\\b",
        "a%5cb",
        "a%00b",
        "a%0ab",
        "a%7fb",
        "a%C2%9bb",
        "a%E2%80%A8b",
        "%ff",
        "a" * 5000,
        "%41" * 2000,
    ],
)
def test_what_no_asset_is_called(path):
    with pytest.raises(BadAddress):
        asset_key(path)


@given(st.text(max_size=80))
def test_any_path_gives_a_plain_key_or_our_error(path):
    try:
        key = asset_key(path)
    except BadAddress:
        return
    assert key
    assert not key.startswith("/")
    assert ".." not in key.split("/")
    assert "\0" not in key
