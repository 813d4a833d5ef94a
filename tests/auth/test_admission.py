import asyncio
import json

import jwt
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from jwt_material import NOW, PRIVATE, SECRET, token

from edge.auth.admission import Admission, is_one_of
from edge.config import AuthConfig
from edge.errors import Forbidden, Overloaded, Unauthorised


def admission(**config) -> Admission:
    return Admission(AuthConfig(**config), wall_clock=lambda: NOW)


async def asked(door: Admission, given: str | None, action="publish", stream="cam") -> str:
    try:
        await door.admit(action, stream, given, "192.0.2.7")
    except (Unauthorised, Forbidden):
        return "missing" if given is None else "wrong"
    return "in"


async def test_open():
    assert await asked(admission(), None) == "in"
    assert await asked(admission(publish="open"), "anything") == "in"
    assert await asked(admission(), None, "play") == "in"


async def test_keys():
    door = admission(publish=["first-key", "second-key"])
    assert [await asked(door, given) for given in ("first-key", "second-key", None)] == [
        "in",
        "in",
        "missing",
    ]
    for wrong in ("", "first-ke", "first-key ", "FIRST-KEY", "schlüssel", "\udcff"):
        assert await asked(door, wrong) == "wrong"


async def test_nobody_administers_where_no_key_is():
    assert await asked(admission(), "None", "admin") == "wrong"
    assert await asked(admission(), None, "admin") == "missing"


async def test_a_key_for_one_thing_is_none_for_another():
    door = admission(publish=["publish-key"], play=["play-key-1"], admin="admin-key")
    for action, key in (("publish", "publish-key"), ("play", "play-key-1"), ("admin", "admin-key")):
        for other in ("publish", "play", "admin"):
            assert await asked(door, key, other) == ("in" if other == action else "wrong")


async def test_tokens_beside_keys():
    door = admission(publish=["first-key"], token_secrets=[SECRET])
    assert await asked(door, token(action="publish")) == "in"
    assert await asked(door, token(action="publish"), stream="other") == "wrong"
    assert await asked(door, "first-key") == "in"


async def test_replaced_while_it_runs():
    door = admission(publish=["first-key"], play="tokens", token_secrets=[SECRET])
    viewer = token(sub="viewer")
    assert await asked(door, viewer, "play") == "in"
    door.revoke("viewer")
    assert await asked(door, viewer, "play") == "wrong"
    door.replace(AuthConfig(publish=["other-key"], play="tokens", token_secrets=[SECRET]))
    assert [await asked(door, given) for given in ("first-key", "other-key")] == ["wrong", "in"]
    assert await asked(door, viewer, "play") == "wrong"
    await door.close()


async def test_a_new_signing_key_is_fetched_when_a_token_names_it():
    entry = {**jwt.algorithms.OKPAlgorithm.to_jwk(PRIVATE.public_key(), as_dict=True), "kid": "k"}
    app = web.Application()

    async def keys(_):
        return web.Response(body=json.dumps({"keys": [entry]}))

    app.router.add_get("/", keys)
    async with TestServer(app) as server:
        door = admission(play="tokens", jwks_url=str(server.make_url("/")))
        good = token(PRIVATE, "EdDSA", {"kid": "k"})
        assert await asked(door, good, "play") == "in"
        assert door.decide("play", "cam", good, "") is None
        assert await asked(door, token(PRIVATE, "EdDSA", {"kid": "unknown"}), "play") == "wrong"
        await door.close()


async def test_a_reload_while_the_key_set_is_dead_throws_nobody_out(monkeypatch):
    monkeypatch.setattr("edge.auth.jwks.SOONEST_S", 0.0)
    entry = {**jwt.algorithms.OKPAlgorithm.to_jwk(PRIVATE.public_key(), as_dict=True), "kid": "k"}
    told = {"status": 200, "keys": [entry]}
    app = web.Application()

    async def keys(_):
        return web.json_response({"keys": told["keys"]}, status=told["status"])

    app.router.add_get("/", keys)
    async with TestServer(app) as server:
        config = {"play": "tokens", "jwks_url": str(server.make_url("/"))}
        door, good = admission(**config), token(PRIVATE, "EdDSA", {"kid": "k"})
        assert await asked(door, good, "play") == "in"
        told["status"] = 500
        door.replace(AuthConfig(**config, jwks_refresh="60s"))
        assert await asked(door, good, "play") == "in"
        told.update(status=200, keys=[])
        changed = asyncio.Event()
        door.keys_changed = changed.set
        door.replace(AuthConfig(**config))
        door.tick(0)
        await changed.wait()
        assert await asked(door, good, "play") == "wrong", "it is looked at again, and believed"
        door.replace(AuthConfig(**{**config, "jwks_url": "http://127.0.0.1:1/"}))
        assert await asked(door, good, "play") == "wrong", "another set has none of its keys"
        await door.close()


@pytest.mark.parametrize("after", [{"play": "open"}, {"play": "webhook"}, {"play": ["another-key"]}])
async def test_who_is_asked_about_when_the_policy_changes_is_not_left_waiting(after):
    app, is_asked = web.Application(), asyncio.Event()

    async def never(_):
        is_asked.set()
        await asyncio.sleep(30)

    app.router.add_post("/", never)
    async with TestServer(app, shutdown_timeout=0) as server:
        where = {"webhook_url": str(server.make_url("/")), "webhook_secret": SECRET, "webhook_timeout": "30s"}
        door = admission(play="webhook", **where, webhook_fail="open")
        waiting = asyncio.create_task(door.admit("play", "cam", "any", "192.0.2.7"))
        await is_asked.wait()
        door.replace(AuthConfig(**after, **where))
        with pytest.raises(Overloaded):
            await asyncio.wait_for(waiting, 1)
        await door.close()


async def test_a_dead_jwks_keeps_nobody_from_starting(unused_tcp_port):
    door = admission(play="tokens", jwks_url=f"http://127.0.0.1:{unused_tcp_port}/")
    await door.open()
    assert await asked(door, token(PRIVATE, "EdDSA"), "play") == "wrong"
    await door.close()


def test_every_key_is_compared(monkeypatch):
    compared = []
    monkeypatch.setattr("edge.auth.admission.compare_digest", lambda a, b: compared.append(a) or a == b)
    assert is_one_of(("one", "two", "three"), "one")
    assert compared == [b"one", b"two", b"three"]
