"""Errors carry a status, a title and a sentence."""

import pytest

from edge import errors
from edge.errors import EdgeError, NameTaken, Overloaded


def kinds(kind: type[EdgeError]) -> list[type[EdgeError]]:
    return [kind, *(each for child in kind.__subclasses__() for each in kinds(child))]


@pytest.mark.parametrize("kind", kinds(EdgeError), ids=lambda kind: kind.__name__)
def test_each_becomes_a_problem_that_http_knows(kind: type[EdgeError]) -> None:
    assert 400 <= kind.status < 600
    assert kind.title[0].isupper()
    assert not kind.title.endswith(".")


def test_the_sentence_is_the_text() -> None:
    error = NameTaken("choose another name")
    assert (str(error), error.detail, error.status) == ("choose another name", "choose another name", 409)


def test_an_overload_tells_when_to_come_back() -> None:
    assert Overloaded("full", retry_after_s=5).retry_after_s == 5


def test_all_are_ours() -> None:
    found = [
        each
        for each in vars(errors).values()
        if isinstance(each, type) and each.__module__ == errors.__name__
    ]
    assert all(issubclass(each, EdgeError) for each in found)
