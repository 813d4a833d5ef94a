from edge.http.cache_control import Lifetimes, is_only_if_cached


def test_lifetimes_follow_the_target_duration() -> None:
    lifetimes = Lifetimes.of(4, 60.0)
    assert lifetimes.playlist == "max-age=2"
    assert lifetimes.blocking_playlist == "max-age=24"
    assert lifetimes.part == "max-age=24, immutable"
    assert lifetimes.segment == "max-age=60, immutable"
    assert lifetimes.missing == "max-age=4"


def test_a_short_target_duration_still_gives_a_whole_second() -> None:
    assert Lifetimes.of(1, 6.5).playlist == "max-age=1"
    assert Lifetimes.of(1, 6.5).segment == "max-age=7, immutable"


def test_a_segment_is_never_kept_shorter_than_a_part() -> None:
    assert Lifetimes.of(6, 20).segment == "max-age=36, immutable"


def test_of_a_request_one_directive_is_heard():
    assert is_only_if_cached("max-stale=5, Only-If-Cached")
    for other in (None, "", "no-cache", "max-age=0", "x-only-if-cached", "only-if-cached=1"):
        assert not is_only_if_cached(other)
