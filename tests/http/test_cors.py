from edge.http.cors import OPEN, preflight


def test_a_page_of_any_origin_may_read_media_and_the_age_a_cache_adds() -> None:
    fields = dict(OPEN)
    assert fields["Access-Control-Allow-Origin"] == "*"
    assert "Age" in fields["Access-Control-Expose-Headers"].split(", ")


def test_a_preflight_allows_reading_only() -> None:
    answer = preflight()
    fields = dict(answer.headers)
    assert (answer.status, answer.body) == (204, ())
    assert fields["Access-Control-Allow-Methods"] == "GET, HEAD, OPTIONS"
    assert fields["Access-Control-Allow-Headers"].startswith("*")
