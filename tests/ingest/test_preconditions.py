import pytest

from edge.errors import PreconditionFailed, PreconditionRequired
from edge.ingest.fragment import Fragment
from edge.ingest.preconditions import judge, new_entity_tag

NOW = {"entity_tag": '"xyzzy"', "ufrag": "EsAw", "password": "p" * 24}
SAME = Fragment("EsAw", "p" * 24)
OTHER = Fragment("ysXw", "q" * 24)


@pytest.mark.parametrize(
    ("fragment", "if_match", "expected"),
    [
        (SAME, '"xyzzy"', "trickle"),
        (SAME, '"old", "xyzzy"', "trickle"),
        (SAME, "*", "trickle"),
        (Fragment(end_of_candidates=True), '"xyzzy"', "trickle"),
        (OTHER, "*", "restart"),
        (OTHER, '"*"', "restart"),
        (OTHER, ' "*" ', "restart"),
        (OTHER, '"xyzzy"', "restart"),
        (Fragment("EsAw", "q" * 24), "*", "restart"),
        (Fragment("ysXw", "p" * 24), "*", "restart"),
    ],
)
def test_what_a_patch_asks_for(fragment, if_match, expected):
    assert judge(fragment, if_match=if_match, **NOW) == expected


@pytest.mark.parametrize("fragment", [SAME, OTHER])
def test_without_if_match_it_is_428(fragment):
    with pytest.raises(PreconditionRequired) as caught:
        judge(fragment, if_match=None, **NOW)
    assert caught.value.status == 428


@pytest.mark.parametrize(
    "if_match", ['"old"', 'W/"xyzzy"', "xyzzy", "", '"xyzz', '"**"', "," * 5000 + '"xyzzy"']
)
@pytest.mark.parametrize("fragment", [SAME, OTHER])
def test_another_ice_session_is_412(fragment, if_match):
    with pytest.raises(PreconditionFailed) as caught:
        judge(fragment, if_match=if_match, **NOW)
    assert caught.value.status == 412


def test_entity_tags_are_strong_quoted_and_unlike():
    tags = {new_entity_tag() for _ in range(50)}
    assert len(tags) == 50
    assert all(tag[0] == tag[-1] == '"' and len(tag) == 18 for tag in tags)
