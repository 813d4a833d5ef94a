import pytest

from edge.http.entity_tag import matches


@pytest.mark.parametrize(
    ("listed", "own", "weakly", "strongly"),
    [
        ('"a"', '"a"', True, True),
        ('"b", "a"', '"a"', True, True),
        ('W/"a"', '"a"', True, False),
        ('"a"', 'W/"a"', True, False),
        ("*", '"a"', True, True),
        ("*", "", False, False),
        ('"a,b"', '"a,b"', True, True),
        ("a", '"a"', False, False),
        ("", '"a"', False, False),
        ('"b",' * 1000 + '"a"', '"a"', False, False),
    ],
)
def test_both_comparisons(listed, own, weakly, strongly):
    assert matches(listed, own) is weakly
    assert matches(listed, own, strongly=True) is strongly
