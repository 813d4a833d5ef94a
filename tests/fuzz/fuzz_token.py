"""Any text is refused as a token in our words: nobody but who has the key makes one that is not."""

from edge.auth.tokens import Tokens, mint
from edge.config import AuthConfig
from edge.errors import Forbidden
from edge.http.token_path import from_query, split_token, with_token

_CONFIG = AuthConfig(token_secrets=["0123456789abcdef0123456789abcdef"])
_TOKENS = Tokens(AuthConfig(token_secrets=["another secret of thirty-two octets"]), wall_clock=lambda: 1000.0)
SEEDS = [
    mint(_CONFIG, "play", ["cam"], ttl_s=60, now=1000.0, sub="me").encode(),
    b"eyJhbGciOiJub25lIn0.eyJleHAiOjk5OTl9.",
    b"/live/~a.b.c/cam/main.m3u8?token=a%2Eb&token=c",
    b"CMCD=bl%3D1",
]


def target(data: bytes) -> None:
    text = data.decode("utf-8", "surrogateescape")
    token, path = split_token(text)
    assert token is None or len(token) < len(text) or not path
    from_query(text)
    with_token("/live/cam", data.decode("utf-8", "replace"), "")
    try:
        _TOKENS.check(text, "play", "cam", "192.0.2.7")
    except Forbidden:
        return
    raise AssertionError("a token that nobody signed was taken")
