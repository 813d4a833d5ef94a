import pytest

from edge.errors import Unauthorised
from edge.ingest.bearer import parse_bearer


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
