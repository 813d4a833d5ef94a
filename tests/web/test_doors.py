import asyncio

import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from edge.config import LimitsConfig
from edge.web.client_address import trusted_networks
from edge.web.doors import Doors, guard

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


async def test_over_real_sockets():
    app = web.Application()

    async def inside(_):
        return web.Response(text="in")

    app.router.add_get("/", inside)
    runner = web.AppRunner(app)
    await runner.setup()
    guard(runner.server, doors(connections=2))
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    address = runner.addresses[0][:2]

    async def ask():
        reader, writer = await asyncio.open_connection(*address)
        writer.write(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        return await reader.readuntil(b"\r\n\r\n"), writer

    try:
        (first, one), (second, two), (third, three) = [await ask() for _ in range(3)]
        assert b" 200 " in first
        assert b" 200 " in second
        assert b" 503 " in third
        assert b"Retry-After" in third
        one.close()
        await one.wait_closed()
        async with asyncio.timeout(5):
            while b" 200 " not in (answer := await ask())[0]:
                answer[1].close()
                await asyncio.sleep(0.01)
        for writer in (two, three, answer[1]):
            writer.close()
    finally:
        await runner.cleanup()
