import pytest
from aioice import stun as judge
from hypothesis import given
from hypothesis import strategies as st

from edge.ingest.ice import MOST_PATHS, Check, IceCredentials, IceLite
from edge.ingest.stun import StunMessage, parse_stun

OURS = IceCredentials("ourufrag", "our-password-of-32-characters+++")
NEWER = IceCredentials("newufrag", "new-password-of-32-characters+++")
HOME = ("192.0.2.1", 1000)
TRAIN = ("198.51.100.7", 2000)


def check(
    username: str = "ourufrag:them",
    password: str = OURS.password,
    *,
    tid: bytes | None = None,
    kind: judge.Class = judge.Class.REQUEST,
    **attributes: object,
) -> StunMessage:
    message = judge.Message(judge.Method.BINDING, kind, tid or judge.random_transaction_id())
    message.attributes["USERNAME"] = username
    for name, value in attributes.items():
        message.attributes[name.replace("_", "-")] = value
    message.add_message_integrity(password.encode())
    return parse_stun(bytes(message))


@pytest.fixture
def ice() -> IceLite[tuple[str, int]]:
    return IceLite(OURS, "them")


def test_credentials_are_ice_chars_and_never_the_same():
    first, second = IceCredentials.generate(), IceCredentials.generate()
    assert (len(first.ufrag), len(first.password)) == (8, 32)
    assert first.ufrag != second.ufrag
    assert first.password != second.password
    assert all(char.isalnum() or char in "+/" for char in first.ufrag + first.password)


def test_a_valid_check_is_answered_and_validates_its_path(ice):
    message = check()
    result = ice.check(message, HOME, HOME, now=1.0)
    assert result.is_valid
    assert ice.paths == (HOME,)
    assert ice.selected == HOME
    reply = judge.parse_message(result.reply)
    reply.check_message_integrity(OURS.password.encode())
    assert reply.transaction_id == message.transaction_id
    assert reply.attributes["XOR-MAPPED-ADDRESS"] == HOME


@pytest.mark.parametrize(
    "message",
    [
        check(username="ourufrag:stranger"),
        check(username="ourufrag"),
        check(username="another:them"),
        check(password="wrong"),
        check(kind=judge.Class.RESPONSE),
        check(kind=judge.Class.INDICATION),
        parse_stun(bytes.fromhex("000100002112a442") + bytes(12)),
    ],
)
def test_a_check_that_is_not_authentic_is_not_answered_and_changes_nothing(ice, message):
    result = ice.check(message, HOME, HOME, now=1.0)
    assert result.reply is None
    assert result.refused == "unauthentic_check"
    assert not result.is_valid
    assert ice.paths == ()
    assert ice.selected is None


def test_the_first_path_serves_until_one_is_nominated(ice):
    ice.check(check(), HOME, HOME, now=1.0)
    ice.check(check(), TRAIN, TRAIN, now=1.1)
    assert ice.selected == TRAIN
    ice.check(check(USE_CANDIDATE=None), HOME, HOME, now=1.2)
    ice.check(check(), TRAIN, TRAIN, now=1.3)
    assert ice.selected == HOME


def test_a_nomination_on_another_path_moves_the_session(ice):
    ice.check(check(USE_CANDIDATE=None), HOME, HOME, now=1.0)
    ice.check(check(USE_CANDIDATE=None), TRAIN, TRAIN, now=2.0)
    assert ice.selected == TRAIN
    assert set(ice.paths) == {HOME, TRAIN}


def test_a_check_that_was_overheard_does_not_move_the_session(ice):
    message = check(USE_CANDIDATE=None)
    assert ice.check(message, HOME, HOME, now=1.0).is_valid
    assert ice.check(message, HOME, HOME, now=1.1).is_valid  # sent again
    assert ice.check(message, TRAIN, TRAIN, now=1.2) == Check(refused="unauthentic_check")
    assert ice.selected == HOME


def test_a_peer_that_believes_to_be_controlled_is_told_otherwise(ice):
    result = ice.check(check(ICE_CONTROLLED=7), HOME, HOME, now=1.0)
    assert judge.parse_message(result.reply).attributes["ERROR-CODE"] == (487, "Role Conflict")
    assert not result.is_valid


def test_unknown_attributes_are_told_only_to_who_knows_the_password(ice):
    tail = bytes.fromhex("7ffe0000")
    message = check().raw[:-8]  # without FINGERPRINT
    unprotected = message[:20] + tail + message[20:]
    unprotected = unprotected[:2] + (len(unprotected) - 20).to_bytes(2) + unprotected[4:]
    assert ice.check(parse_stun(unprotected), HOME, HOME, now=1.0).reply is None
    result = ice.check(check(CHANNEL_NUMBER=1), HOME, HOME, now=1.0)  # an attribute of TURN
    assert judge.parse_message(result.reply).attributes["ERROR-CODE"][0] == 420


def test_a_restart_keeps_the_old_credentials_until_the_new_ones_are_used(ice):
    ice.check(check(USE_CANDIDATE=None), HOME, HOME, now=1.0)
    assert ice.restart(NEWER, "again") is None
    assert ice.local == NEWER
    assert ice.ufrags == ("ourufrag", "newufrag")
    assert ice.check(check(USE_CANDIDATE=None), HOME, HOME, now=2.0).is_valid
    result = ice.check(check("newufrag:again", NEWER.password), TRAIN, TRAIN, now=3.0)
    assert result.retired_ufrag == "ourufrag"
    assert ice.ufrags == ("newufrag",)
    assert ice.selected == TRAIN
    assert not ice.check(check(USE_CANDIDATE=None), HOME, HOME, now=4.0).is_valid
    assert HOME in ice.paths  # media on its way still counts


def test_a_restart_over_a_restart_voids_the_one_between(ice):
    ice.restart(NEWER, "again")
    assert ice.restart(IceCredentials("third", "p" * 22), "more") == "newufrag"
    assert ice.ufrags == ("ourufrag", "third")


def test_paths_are_bounded_and_the_selected_one_stays(ice):
    ice.check(check(USE_CANDIDATE=None), HOME, HOME, now=0.0)
    evicted = [
        ice.check(check(), ("192.0.2.9", port), ("192.0.2.9", port), now=1.0).evicted for port in range(1, 12)
    ]
    assert len(ice.paths) == MOST_PATHS
    assert HOME in ice.paths
    assert evicted[MOST_PATHS - 1] == ("192.0.2.9", 1)


def test_checks_are_limited_and_the_limit_passes(ice):
    message = check(password="wrong")
    for _ in range(1000):
        ice.check(message, TRAIN, TRAIN, now=1.0)
    assert ice.check(check(), HOME, HOME, now=1.0) == Check(refused="too_many_checks")
    assert ice.check(check(), HOME, HOME, now=1.5).is_valid


@given(st.lists(st.tuples(st.integers(1, 20), st.booleans()), min_size=1, max_size=60))
def test_the_selected_path_is_always_a_validated_one(steps):
    ice = IceLite(OURS, "them")
    routes = set()
    for number, (port, nominated) in enumerate(steps):
        path = ("192.0.2.1", port)
        extra = {"USE_CANDIDATE": None} if nominated else {}
        result = ice.check(check(**extra), path, path, now=float(number))
        routes.add(path)
        routes.discard(result.evicted)
        assert ice.selected in ice.paths
        assert set(ice.paths) == routes
