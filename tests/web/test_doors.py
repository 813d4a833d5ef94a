import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.config import LimitsConfig
from edge.web.client_address import trusted_networks
from edge.web.doors import Doors, Seats

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
