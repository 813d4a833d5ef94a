import pytest
from aiohttp.test_utils import make_mocked_request

from edge.errors import ForeignPage
from edge.web.origin import is_local_name, is_loopback, refuse_foreign_pages


def request(host="localhost:8080", **headers):
    fields = {"Host": host, **{name.replace("_", "-"): value for name, value in headers.items()}}
    return make_mocked_request("POST", "/whip/cam", headers=fields)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "http://localhost:8080"},
        {"Origin": "http://127.0.0.1:3000"},
        {"Sec_Fetch_Site": "same-origin"},
        {"Sec_Fetch_Site": "none"},
    ],
)
def test_programs_and_our_own_pages_may(headers):
    refuse_foreign_pages(request(**headers))


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": ""},
        {"Origin": "http://localhost.evil.example"},
        {"Origin": "http://evil.example@127.0.0.1.evil.example"},
        {"Origin": "http://[::1"},
        {"Sec_Fetch_Site": "cross-site"},
        {"Sec_Fetch_Site": "same-site"},
        {"host": "rebound.example", "Origin": "http://rebound.example"},
        {"host": "rebound.example:8080", "Origin": "http://localhost:8080"},
    ],
)
def test_pages_of_others_may_not(headers):
    with pytest.raises(ForeignPage) as raised:
        refuse_foreign_pages(request(**headers))
    assert "token" not in raised.value.title, "it is not a matter of tokens"


def test_names_of_this_machine():
    assert all(map(is_local_name, ("localhost", "127.0.0.1", "::1", "127.1.2.3", "::ffff:127.0.0.1")))
    assert not any(
        map(is_loopback, ("", "localhost", "192.0.2.7", "::", "0.0.0.0", "127.0.0.1.evil.example"))
    )
