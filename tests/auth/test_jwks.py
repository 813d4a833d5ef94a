import asyncio
import json

import jwt
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from cryptography.hazmat.primitives.asymmetric import ec
from jwt_material import PRIVATE

from edge.auth.jwks import LARGEST_BODY_BYTES, Jwks, parse_keys

ED = {**jwt.algorithms.OKPAlgorithm.to_jwk(PRIVATE.public_key(), as_dict=True), "kid": "ed"}
EC = {
    **jwt.algorithms.ECAlgorithm.to_jwk(ec.generate_private_key(ec.SECP256R1()).public_key(), as_dict=True),
    "kid": "ec",
}


def test_keys_that_verify_are_taken_and_others_left_out():
    entries = [
        ED, EC, {"kty": "oct", "k": "AAAA", "alg": "HS256"}, {**ED, "use": "enc"}, {**ED, "alg": "HS256"},
        {"kty": "RSA"}, {"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"}, None, 7, "x", [],
    ]  # fmt: skip
    assert [(key.algorithm, key.id) for key in parse_keys(json.dumps({"keys": entries}).encode())] == [
        ("EdDSA", "ed"),
        ("ES256", "ec"),
    ]


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"{}", b'{"keys": 7}', b"\xff", b"[" * 100_000])
def test_what_is_no_key_set(body):
    with pytest.raises(ValueError):
        parse_keys(body)


@pytest.fixture
async def served():
    app = web.Application()
    state = {"body": json.dumps({"keys": [ED]}).encode(), "status": 200, "asked": 0}

    async def answer(_):
        state["asked"] += 1
        return web.Response(body=state["body"], status=state["status"])

    app.router.add_get("/", answer)
    async with TestServer(app) as server:
        state["url"] = str(server.make_url("/"))
        yield state


async def test_fetched_once_for_all_and_not_again_soon(served):
    changes = []
    jwks = Jwks(served["url"], 300, lambda: changes.append(1))
    await asyncio.gather(*(jwks.look(100) for _ in range(10)))
    await jwks.look(105)
    assert (served["asked"], len(changes), len(jwks.keys)) == (1, 1, 1)
    assert not jwks.is_stale(399)
    assert jwks.is_stale(400)
    served["body"] = json.dumps({"keys": [ED, EC]}).encode()
    await jwks.look(111)
    assert len(jwks.keys) == 2


@pytest.mark.parametrize(
    ("status", "body"), [(500, b""), (302, b""), (200, b"no"), (200, b"x" * (LARGEST_BODY_BYTES + 1))]
)
async def test_a_dead_url_takes_no_key_away(served, status, body):
    jwks = Jwks(served["url"], 300, lambda: None)
    await jwks.look(100)
    served |= {"status": status, "body": body}
    await jwks.look(200)
    assert served["asked"] == 2
    assert len(jwks.keys) == 1
    await jwks.close()
