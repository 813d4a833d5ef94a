import pytest
from answers import answer

from edge.hls.position import Position
from edge.watch.exchange import PLAIN, Asked


def test_directives_are_sorted():
    assert Asked(7, 2, skip=True).query == "_HLS_msn=7&_HLS_part=2&_HLS_skip=YES"
    assert Asked(part=0).query == "_HLS_part=0"
    assert PLAIN.query == ""
    assert Asked(7, 2).position == Position(7, 2)
    assert Asked(7).position is None


@pytest.mark.parametrize(
    ("control", "age"),
    [
        (None, None),
        ("max-age=12", 12),
        ("public, max-age=12, immutable", 12),
        ('Max-Age="3"', 3),
        ("max-age=1, s-maxage=6", 6),
        ("no-cache", 0),
        ("max-age=9, no-store", 0),
        ("max-age=soon", None),
    ],
)
def test_how_long_caches_may_keep_it(control, age):
    headers = {} if control is None else {"cache-control": control}
    assert answer(headers=headers).max_age() == age
