"""Who was let in stays in until his token ends, or anything changes by which he was judged."""

import pytest

from edge.auth.admission import Admission
from edge.auth.permit import Permit
from edge.auth.tokens import mint
from edge.config import Config
from edge.errors import Forbidden, Unauthorised
from edge.http.message import Lease

SECRET = "0123456789abcdef0123456789abcdef"
TOKENS = {"play": "tokens", "token_secrets": [SECRET]}


def admission(now: list[float], **auth: object) -> Admission:
    return Admission(Config.model_validate({"auth": auth or TOKENS}).auth, wall_clock=lambda: now[0])


def token(door: Admission) -> str:
    return mint(door.config, "play", ["cam"], ttl_s=10, now=1000, sub="ann")


def test_until_its_token_expires():
    now = [1000.0]
    door = admission(now)
    permit = door.permit("play", "cam", token(door), "192.0.2.1")
    assert permit is not None
    now[0] = 1009.9
    assert permit.holds()
    now[0] = 1010.0
    assert not permit.holds()


def test_nobody_gets_one_who_is_not_let_in():
    door = admission([1000.0])
    with pytest.raises(Forbidden):
        door.permit("play", "other", token(door), "192.0.2.1")
    with pytest.raises(Unauthorised):
        door.permit("play", "cam", None, "192.0.2.1")


def test_until_somebody_is_revoked():
    door = admission([1000.0])
    permit = door.permit("play", "cam", token(door), "192.0.2.1")
    door.revoke("ben")  # it may be one of this token's names for all that the permit knows
    assert permit is not None
    assert not permit.holds()
    again = door.permit("play", "cam", token(door), "192.0.2.1")
    assert again is not None
    assert again.holds()


async def test_until_the_policy_is_another():
    door = admission([1000.0], play="open")
    permit = door.permit("play", "cam", None, "192.0.2.1")
    assert permit is not None
    assert permit.holds()
    door.replace(Config.model_validate({"auth": TOKENS}).auth)
    assert not permit.holds()


def test_keys_do_not_expire():
    door = admission([1000.0], play=["a-key-of-thirty-two-characters-00"])
    permit = door.permit("play", "cam", "a-key-of-thirty-two-characters-00", "192.0.2.1")
    assert permit is not None
    assert permit.holds()


def test_a_webhook_is_asked_each_time():
    door = admission([1000.0], play="webhook", webhook_url="http://127.0.0.1:9/", webhook_secret=SECRET)
    assert door.permit("play", "cam", "x", "192.0.2.1") is None


def test_a_lease_that_ended_ends_it():
    lease = Lease()
    permit = Permit(lease, float("inf"), lambda: 0.0)
    lease.holds = False
    assert not permit.holds()
