"""Any body is a list of keys that verify, or no key set."""

from edge.auth.jwks import parse_keys

SEEDS = [
    b'{"keys":[{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo","kid":"a"}]}',
    b'{"keys":[{"kty":"oct","k":"AAAA"},{"kty":"RSA","n":"AQAB","e":"AQAB"}]}',
    b'{"keys":[{"kty":"EC","crv":"P-256","x":"AA","y":"AA"}]}',
]


def target(data: bytes) -> None:
    try:
        keys = parse_keys(data)
    except ValueError:
        return
    assert all(key.algorithm in {"EdDSA", "ES256", "RS256"} for key in keys)
