"""Keys and tokens of the tests: a clock that stands still, and whoever signs what they like."""

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

NOW = 1_800_000_000.0
SECRET = "0123456789abcdef0123456789abcdef"
OLD_SECRET = "an older secret of thirty-two octets"
PRIVATE = Ed25519PrivateKey.generate()
PUBLIC_PEM = PRIVATE.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def token(secret=SECRET, algorithm="HS256", headers=None, **claims) -> str:
    whole = {"action": "play", "stream": "cam", "exp": int(NOW) + 60, **claims}
    return jwt.encode({k: v for k, v in whole.items() if v is not None}, secret, algorithm, headers)
