import jwt
import pytest

from edge.cache.server import Server, server
from edge.config import Config
from edge.errors import ConfigError


def config(listen="127.0.0.1:8080", **auth):
    return Config.model_validate({"server": {"listen": listen}, "auth": {"publish": "open", **auth}})


def test_options_come_first_then_the_environment_then_the_configuration():
    configured = config(admin=["correct horse"])
    environment = {"EDGE_URL": "https://two.example/", "EDGE_TOKEN": "second"}
    assert server("http://one.example:81", "first", environment, configured) == (
        "http://one.example:81",
        "first",
    )
    assert server(None, None, environment, configured) == ("https://two.example", "second")
    assert server(None, None, {}, configured) == ("http://127.0.0.1:8080", "correct horse")


def test_a_key_of_the_configuration_is_never_sent_to_another_server():
    assert server("http://elsewhere.example", None, {}, config(admin=["correct horse"])) == Server(
        "http://elsewhere.example", None
    )


@pytest.mark.parametrize(
    ("listen", "base"),
    [
        ("0.0.0.0:80", "http://127.0.0.1:80"),
        ("[::]:80", "http://[::1]:80"),
        ("192.0.2.1:80", "http://192.0.2.1:80"),
    ],
)
def test_what_listens_everywhere_is_reached_here(listen, base):
    assert server(None, None, {}, config(listen)).base == base


def test_where_signed_tokens_are_asked_for_one_is_signed():
    secret = "s" * 32
    token = server(None, None, {}, config(admin="tokens", token_secrets=[secret])).token
    assert token is not None
    assert jwt.decode(token, secret, ["HS256"], options={"verify_aud": False})["exp"] > 0
    assert server(None, None, {}, config()).token is None


@pytest.mark.parametrize(
    "url", ["edge.example", "ftp://edge.example", "http://", "http://a:0", "http://a:99999"]
)
def test_no_address_is_told(url):
    with pytest.raises(ConfigError, match="--url http"):
        server(url, None, {}, config())


def test_a_port_that_nobody_knows_is_asked_for():
    with pytest.raises(ConfigError, match="--url"):
        server(None, None, {}, config("127.0.0.1:0"))


def test_a_token_that_would_break_the_head_is_told_and_a_line_end_is_none():
    assert server(None, "correct horse\n", {}, config()).token == "correct horse"
    assert server(None, None, {"EDGE_TOKEN": ""}, config(admin=["from the file"])).token == "from the file"
    with pytest.raises(ConfigError, match="EDGE_TOKEN"):
        server(None, "two\r\nlines", {}, config())
