import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.http.token_path import for_log, from_query, split_token, with_token, without_token


def test_the_token_is_the_second_segment():
    assert split_token("/live/~a.b.c/cam/index.m3u8") == ("a.b.c", "/live/cam/index.m3u8")
    assert split_token("/live/cam/~x/part1.m4s") == (None, "/live/cam/~x/part1.m4s")
    assert split_token("/~x/cam") == (None, "/~x/cam")
    assert split_token("/live/~x") == ("x", "/live")
    assert split_token("/live/~/cam/") == ("", "/live/cam/")
    assert split_token("/live/~a/~b/cam") == ("a", "/live/~b/cam")
    assert split_token("/live/cam") == (None, "/live/cam")


def test_for_logs_and_cache_keys_it_is_gone():
    assert without_token("/live/~secret/cam/main.m3u8") == "/live/cam/main.m3u8"
    assert for_log("/vod/~se%2Fcret/a%20b%2525.mp4") == "/vod/a b%25.mp4", "nothing of it, and decoded once"


@pytest.mark.parametrize(
    "path",
    [
        "/live/%7Esecret/cam/main.m3u8",
        "/live/%7esec%2Fsecret/cam/main.m3u8",
        "/live%2F~secret/cam/main.m3u8",
        "/live%2f%7Esecret/cam/main.m3u8",
        "/%6Cive/%7Esecret/cam/main.m3u8",
        "/live/~secret/%7Esecret/cam/main.m3u8",
    ],
)
def test_a_log_shows_no_token_whose_mark_is_encoded(path):
    assert for_log(path) == "/live/cam/main.m3u8"


def test_of_a_query():
    assert from_query("_HLS_msn=1&token=a%2Eb&_HLS_part=2") == ("a.b", "_HLS_msn=1&_HLS_part=2")
    assert from_query("token=a&token=b") == (None, "")
    assert from_query("mytoken=a") == (None, "mytoken=a")
    assert from_query("") == (None, "")


def test_an_address_with_it():
    assert (
        with_token("/live/cam/index.m3u8", "a/b c\r\n", "x=1") == "/live/~a%2Fb%20c%0D%0A/cam/index.m3u8?x=1"
    )


@given(st.text("abcAB12._-", min_size=1), st.text("abc/", max_size=20))
def test_what_is_put_in_comes_out(token, rest):
    path = "/live/" + "cam" + rest
    assert split_token(with_token(path, token, "")) == (token, path)


@given(st.text(max_size=80))
def test_any_path_gives_a_value(path):
    token, rest = split_token(path)
    assert token is not None or rest == path
