import pytest

from edge.cache.names import names, pattern_of, split_patterns


def test_a_list_with_comments_blanks_and_repetitions():
    assert names(["# tonight\n", "\n", " a.mp4 \n", "clips/b.mp4", "a.mp4\r\n"]) == ["a.mp4", "clips/b.mp4"]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("https://edge.example/vod/clips/a%20b.mp4?x=1", "clips/a b.mp4"),
        ("http://127.0.0.1:8080/vod/~TOKEN/clips/a.mp4", "clips/a.mp4"),
        ("/vod/clips/a%2Db.mp4", "clips/a-b.mp4"),
        ("/clips/a.mp4", "clips/a.mp4"),
        ("100%20.mp4", "100%20.mp4"),
        ("https://other.example/a.mp4", "https://other.example/a.mp4"),
        ("http://[bad/vod/a.mp4", "http://[bad/vod/a.mp4"),
        ("\ufeffa.mp4", "a.mp4"),
    ],
)
def test_addresses_are_names_too_and_names_are_taken_as_they_are(text, name):
    assert names([text]) == [name]


@pytest.mark.parametrize(
    ("text", "pattern"),
    [
        ("clips/*", "clips/*"),
        ("/clips/[ab].mp4", "clips/[ab].mp4"),
        ("/a.mp4", "a.mp4"),
        ("*", "*"),
        ("https://edge.example/vod/~TOKEN/clips/a%5B1%5D.mp4?x=1", "clips/a[[]1].mp4"),
        ("/vod/a%20b.mp4", "a b.mp4"),
        ("", ""),
    ],
)
def test_what_is_asked_for_is_a_pattern_or_the_one_asset_of_an_address(text, pattern):
    assert pattern_of(text) == pattern


def test_what_has_a_sign_of_a_pattern_is_one_but_for_addresses():
    assert split_patterns(
        ["a.mp4", "/clips/*", "b[1].mp4", "http://edge.example/vod/b%5B1%5D.mp4?x", "/vod/c?.mp4"]
    ) == (
        ["a.mp4", "http://edge.example/vod/b%5B1%5D.mp4?x", "/vod/c?.mp4"],
        ["clips/*", "b[1].mp4"],
    )
