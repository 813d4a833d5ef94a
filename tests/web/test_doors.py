import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.config import LimitsConfig
from edge.web import doors as module
from edge.web.client_address import trusted_networks
from edge.web.doors import LATELY_S, Doors, Seats

PROXY = "10.0.0.1"


def doors(connections=4, per_address=2) -> Doors:
    limits = LimitsConfig(connections=connections, connections_per_address=per_address)
    return Doors(limits, trusted_networks([PROXY]))


def test_of_one_address_and_in_all():
    one = doors()
    assert [one.enter("192.0.2.7") for _ in range(3)] == [True, True, False]
    assert [one.enter(f"192.0.2.{host}") for host in (8, 9, 10)] == [True, True, False]
    one.leave("192.0.2.7")
    assert one.enter("192.0.2.10")


def test_a_network_of_ipv6_is_one_address():
    one = doors()
    assert [one.enter(f"2001:db8::{host}") for host in (1, 2, 3)] == [True, True, False]


def test_newcomers_are_turned_away_and_who_is_here_or_was_lately_is_not():
    now, one = [1000.0], Doors(LimitsConfig(), trusted_networks([PROXY]), lambda: now[0])
    for address in ("192.0.2.7", "192.0.2.8", "2001:db8::1"):
        assert one.enter(address)
    one.leave("192.0.2.8")
    one.turns_away = lambda address: address != "192.0.2.99"
    here = ["192.0.2.7", "192.0.2.8", "2001:db8::2", PROXY, "127.0.0.1", "", "192.0.2.99"]
    assert all(one.enter(address) for address in here)
    assert not any(one.enter(address) for address in ("192.0.2.9", "2001:db8:0:1::1"))
    one.leave("192.0.2.8")
    now[0] += LATELY_S - 1
    assert one.enter("192.0.2.8")
    one.leave("192.0.2.8")
    now[0] += LATELY_S
    assert not one.enter("192.0.2.8")
    assert one.enter("192.0.2.7"), "it never left"
    one.turns_away = lambda _: False
    assert one.enter("192.0.2.8")


def test_who_left_is_remembered_for_a_while_and_not_without_end(monkeypatch):
    now, one = [1000.0], Doors(LimitsConfig(), trusted_networks([]), lambda: now[0])
    monkeypatch.setattr(module, "_MOST_LATELY", 3)

    def come_and_go(address: str) -> None:
        assert one.enter(address)
        one.leave(address)

    for host in (1, 2, 3, 1, 4):
        come_and_go(f"192.0.2.{host}")
    assert list(one._left) == ["192.0.2.3", "192.0.2.1", "192.0.2.4"]
    now[0] += LATELY_S
    come_and_go("192.0.2.9")
    assert list(one._left) == ["192.0.2.9"]


@pytest.mark.parametrize("address", [PROXY, "127.0.0.1", "::1", ""])
def test_who_stands_for_many_is_counted_in_all_only(address):
    one = doors()
    assert [one.enter(address) for _ in range(5)] == [True] * 4 + [False]


@given(st.lists(st.tuples(st.booleans(), st.sampled_from(["192.0.2.7", "192.0.2.8", PROXY])), max_size=60))
def test_the_count_is_that_of_who_is_in(steps):
    one, inside = doors(5, 2), []
    for enters, address in steps:
        if enters and one.enter(address):
            inside.append(address)
        elif not enters and address in inside:
            inside.remove(address)
            one.leave(address)
        assert one._count == len(inside) <= 5
        assert dict(one._of_address) == {each: inside.count(each) for each in set(inside) - {PROXY}}


def test_who_waits_is_counted_by_client():
    seats = Seats(2)
    assert [seats.take("192.0.2.7") for _ in range(3)] == [True, True, False]
    assert seats.take("192.0.2.8")
    seats.leave("192.0.2.7")
    assert seats.take("192.0.2.7")
    assert all(seats.take("127.0.0.1") for _ in range(5))
