import pytest
from answers import MEDIA, PLAYLIST, answer
from listings import checks

from edge.watch.exchange import Asked
from edge.watch.rules_http import CHECKS, ORIGIN, byte_range_status, cache_lifetime, whole_parts


def found(exchange):
    return checks(finding for check in CHECKS for finding in check(exchange))


@pytest.mark.parametrize("kind", ["playlist", "part", "segment", "init"])
def test_right_answers(kind):
    assert found(answer(kind)) == []


@pytest.mark.parametrize(
    ("kind", "header", "value", "rule", "check"),
    [
        ("playlist", "content-type", "text/plain", "LL 77", "playlist-type"),
        ("part", "content-type", "binary/octet-stream", "LL 77", "media-type"),
        ("part", "access-control-allow-origin", "https://elsewhere.example", "LL 77", "cors"),
        ("playlist", "vary", "Origin", "LL 72", "vary"),
        ("playlist", "access-control-expose-headers", "Date", "LL 77", "age-hidden"),
    ],
)
def test_headers(kind, header, value, rule, check):
    headers = (PLAYLIST if kind == "playlist" else MEDIA) | {header: value}
    assert found(answer(kind, headers=headers)) == [(rule, check)]


def test_what_is_right_too():
    assert found(answer(headers=PLAYLIST | {"access-control-allow-origin": ORIGIN})) == []
    assert found(answer(headers=PLAYLIST | {"content-type": "audio/mpegurl; charset=utf-8"})) == []


def test_a_playlist_must_be_known_as_one():
    from dataclasses import replace

    nameless = replace(
        answer(headers=PLAYLIST | {"content-type": "text/plain"}), url="http://edge.example/play?x=1"
    )
    assert found(nameless) == [("LL 1", "playlist-unknown")]


def test_gzip_and_redirects():
    assert found(answer(encoding="")) == [("LL 72", "gzip")]
    assert found(answer("part", redirected=True)) == [("LL 75", "media-redirect")]
    assert found(answer("playlist", redirected=True)) == []


def test_what_is_listed_or_hinted_is_there():
    assert found(answer("part", status=404)) == [("LL 12", "media-missing")]
    assert found(answer("part", status=404, hinted=True)) == []  # it may have been withdrawn
    assert checks(byte_range_status(answer("part", status=206), ranged=True)) == []
    assert checks(byte_range_status(answer("part"), ranged=True)) == [("LL 47", "range-ignored")]


@pytest.mark.parametrize(
    ("kind", "asked", "status", "control", "check"),
    [
        ("playlist", Asked(), 200, "max-age=1", None),
        ("playlist", Asked(), 200, "no-cache", None),
        ("playlist", Asked(), 200, "max-age=2", "playlist-cached-long"),
        ("playlist", Asked(12, 0), 200, "max-age=12", None),
        ("playlist", Asked(12, 0), 200, "max-age=11", "playlist-cached-short"),
        ("part", Asked(), 200, "max-age=3600, immutable", None),
        ("part", Asked(), 200, "no-store", "part-cached-short"),
        ("segment", Asked(), 200, None, "no-lifetime"),
        ("part", Asked(), 404, "max-age=2", None),
        ("playlist", Asked(12, 0), 404, "max-age=60", "error-cached"),
        ("playlist", Asked(12, 0), 503, None, None),
    ],
)
def test_cache_lifetimes_with_a_target_of_two_seconds(kind, asked, status, control, check):
    headers = {} if control is None else {"cache-control": control}
    exchange = answer(kind, status=status, headers=headers, asked=asked)
    assert checks(cache_lifetime(exchange, 2)) == ([("LL 73", check)] if check else [])


def test_an_answer_without_what_was_waited_for_is_not_kept():
    for control, names in (
        ("no-cache", []),
        ("max-age=2", []),
        ("max-age=12", [("LL 73", "unchanged-cached")]),
    ):
        exchange = answer(headers={"cache-control": control}, asked=Asked(12, 0))
        assert checks(cache_lifetime(exchange, 2, came=False)) == names


@pytest.mark.parametrize(
    ("spread", "least", "dribbles"), [(0.1, 0.01, False), (0.3, 0.01, True), (0.3, 0.1, False)]
)
def test_parts_come_whole(spread, least, dribbles):
    exchange = answer("part", took=0.6, spread=spread)
    assert bool(list(whole_parts(exchange, 0.5, least))) is dribbles
