import pytest

from edge.errors import Unauthorised
from edge.ingest.bearer import authorise, parse_bearer


@pytest.mark.parametrize(
    ("field", "token"),
    [
        (None, None),
        ("", None),
        ("Bearer", None),
        ("Bearer ", None),
        ("Bearer secret-key", "secret-key"),
        ("bearer  secret-key ", "secret-key"),
        ("BEARER a.b-c_d~e+f/g==", "a.b-c_d~e+f/g=="),
        ("Bearer undefined", None),
        ("Bearer null", None),
    ],
)
def test_tokens_as_clients_send_them(field, token):
    assert parse_bearer(field) == token


@pytest.mark.parametrize(
    "field", ["Basic dXNlcjpwYXNz", "Bearer two words", "Bearer schlüssel", "Bearer " + "x" * 5000]
)
def test_what_is_no_bearer_token_is_told(field):
    with pytest.raises(Unauthorised, match="Bearer KEY"):
        parse_bearer(field)


@pytest.mark.parametrize("publish", [None, "open"])
@pytest.mark.parametrize("token", [None, "anything"])
def test_open_publishing_asks_for_nothing(publish, token):
    authorise(publish, token)


def test_keys_are_asked_for():
    keys = ("first-key", "second-key")
    authorise(keys, "first-key")
    authorise(keys, "second-key")
    for wrong in (None, "", "first-ke", "first-key ", "FIRST-KEY", "schlüssel"):
        with pytest.raises(Unauthorised):
            authorise(keys, wrong)
