import socket
from types import SimpleNamespace

import pytest

from edge.config import Address
from edge.errors import ConfigError
from edge.ingest import addresses
from edge.ingest.addresses import candidates, interface_addresses, own_address


async def test_the_address_that_is_listened_on_is_told():
    assert await candidates(Address("127.0.0.1", 8080), ()) == [("127.0.0.1", 8080)]
    assert await candidates(Address("::1", 8080), ()) == [("::1", 8080)]


@pytest.mark.parametrize(
    ("host", "expected"), [("0.0.0.0", ["192.0.2.7"]), ("::", ["192.0.2.7", "2001:db8::7"])]
)
async def test_for_all_interfaces_the_ways_to_the_world_are_told_ipv4_first(monkeypatch, host, expected):
    own = {socket.AF_INET: "192.0.2.7", socket.AF_INET6: "2001:db8::7"}
    monkeypatch.setattr(addresses, "own_address", own.get)
    monkeypatch.setattr(addresses, "interface_addresses", lambda family: [])
    assert await candidates(Address(host, 9), ()) == [(one, 9) for one in expected]


async def test_the_other_interfaces_follow(monkeypatch):
    """A publisher of the studio's own network, which has no way to the world."""
    ips = [
        ("127.0.0.1", True), ("192.0.2.7", True), ("10.0.0.7", True), ("169.254.1.1", True),
        (("::1", 0, 0), False), (("2001:db8::7", 0, 0), False), (("fe80::7", 0, 2), False),
    ]  # fmt: skip
    there = [SimpleNamespace(ips=[SimpleNamespace(ip=ip, is_IPv4=is_ipv4) for ip, is_ipv4 in ips])]
    monkeypatch.setattr(addresses.ifaddr, "get_adapters", lambda: there)
    monkeypatch.setattr(addresses, "own_address", {socket.AF_INET: "192.0.2.7"}.get)
    assert await candidates(Address("0.0.0.0", 9), ()) == [("192.0.2.7", 9), ("10.0.0.7", 9)]
    assert await candidates(Address("::", 9), ()) == [
        ("192.0.2.7", 9),
        ("10.0.0.7", 9),
        ("2001:db8::7", 9),
    ]


def test_what_the_interfaces_of_this_machine_have_are_addresses():
    for family in (socket.AF_INET, socket.AF_INET6):
        for host in interface_addresses(family):
            assert socket.inet_pton(family, host)


async def test_a_machine_without_a_network_still_has_loopback(monkeypatch):
    monkeypatch.setattr(addresses, "own_address", lambda family: None)
    monkeypatch.setattr(addresses, "interface_addresses", lambda family: [])
    assert await candidates(Address("0.0.0.0", 9), ()) == [("127.0.0.1", 9)]


async def test_what_the_operator_writes_is_told_instead():
    wanted = ("198.51.100.1", "198.51.100.2:4000", "[2001:db8::1]:4001", "2001:db8::2", "198.51.100.1")
    assert await candidates(Address("0.0.0.0", 9), wanted) == [
        ("198.51.100.1", 9),
        ("198.51.100.2", 4000),
        ("2001:db8::1", 4001),
        ("2001:db8::2", 9),
    ]


async def test_names_are_looked_up():
    assert ("127.0.0.1", 9) in await candidates(Address("0.0.0.0", 9), ("localhost",))


async def test_a_name_without_an_address_is_a_fault_of_the_configuration():
    with pytest.raises(ConfigError, match=r"webrtc\.advertise"):
        await candidates(Address("0.0.0.0", 9), ("no-such-name.invalid",))


def test_our_own_address_is_one_or_none():
    for family in (socket.AF_INET, socket.AF_INET6):
        host = own_address(family)
        assert host is None or socket.inet_pton(family, host)
