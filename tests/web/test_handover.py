"""A connection that aiohttp serves: what it hears, and how long it may take. Time is told, sockets are in memory."""

from collections.abc import AsyncIterator

import pytest

from edge.config import Config
from edge.web.handover import Handed
from tests.web.both_lanes import Lanes, MemoryTransport, both_lanes, settle
from tests.web.conftest import Camera

HEAD = b"Host: a\r\n\r\n"
HEALTH = b"GET /healthz HTTP/1.1\r\n" + HEAD
OFFER = b"POST /whip/cam HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n"


@pytest.fixture
async def lanes() -> AsyncIterator[Lanes]:
    async with both_lanes(Config()) as lanes:
        yield lanes


def after(lanes: Lanes, seconds: float) -> None:
    for _ in range(round(seconds)):
        lanes.lane.tick(lanes.lane.now + 1)


async def handed(lanes: Lanes) -> MemoryTransport:
    """One request was answered already."""
    one = lanes.express()
    one.receive(HEALTH)
    await settle()
    assert isinstance(one.get_protocol(), Handed)
    assert one.written.startswith(b"HTTP/1.1 200 ")
    one.written = b""
    return one


async def test_it_hears_everything_from_the_first_octet_on(lanes):
    one = lanes.express()
    one.receive(b"GET /healthz HTTP/1.1\n")  # an odd line end: aiohttp is to judge it
    assert isinstance(one.get_protocol(), Handed)
    assert lanes.lane.doors._count == 1
    one.lose()
    assert lanes.lane.doors._count == 0
    assert lanes.lane.wheel.is_empty


async def test_who_speaks_tls_to_a_port_without_is_told_at_once(lanes):
    one = lanes.express()
    one.receive(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"r" * 500)
    await settle()
    assert b" 400 Bad Request\r\n" in one.written
    assert b"Is it TLS" in one.written
    assert one.is_lost


async def test_who_asked_far_ahead_while_he_was_held_is_read_again(lanes):
    camera = Camera(lanes.hub, "cam")
    camera.send(5)
    msn, part = camera.publication.rendition.window.next_position
    one = lanes.express()
    one.receive(f"GET /live/cam/main.m3u8?_HLS_msn={msn}&_HLS_part={part} HTTP/1.1\r\n".encode() + HEAD)
    one.receive((b"GET /healthz HTTP/1.1\r\nX: " + b"y" * 7000 + b"\r\n" + HEAD) * 10)
    assert not one.is_reading()
    camera.send(0.4)
    await settle(100)
    assert one.written.count(b"HTTP/1.1 200 ") == 11
    assert isinstance(one.get_protocol(), Handed)
    assert one.is_reading()
    one.lose()


async def test_a_head_must_come_in_time(lanes):
    one, next_to = await handed(lanes), await handed(lanes)
    for octet in b"GET /heal":
        one.receive(bytes([octet]))
        after(lanes, 1)
    next_to.receive(HEALTH)
    after(lanes, 2)
    await settle()
    assert one.written.startswith(b"HTTP/1.1 408 ")
    assert b"application/problem+json" in one.written
    assert one.is_lost
    assert not next_to.is_closing()
    assert lanes.lane.doors._count == 1


async def test_a_head_handed_over_half_must_come_in_time(lanes):
    one = lanes.express()
    one.receive(b"GET /healthz HTTP/1.1\nHost")
    after(lanes, 11)
    await settle()
    assert one.is_lost


async def test_a_body_must_come_in_time(lanes):
    one = lanes.express()
    one.receive(OFFER)
    await settle()
    for _ in range(30):
        one.receive(b"v")
        after(lanes, 1)
    await settle()
    assert one.is_lost


async def test_idle_and_busy_connections_stay(lanes):
    one = await handed(lanes)
    for _ in range(10):
        after(lanes, 9)
        one.receive(HEALTH)
        await settle()
        assert one.written.startswith(b"HTTP/1.1 200 ")
        one.written = b""
    after(lanes, 60)
    await settle()
    assert not one.is_closing()


async def test_a_reader_that_stops_is_cut_off(lanes):
    stopped, slow = await handed(lanes), await handed(lanes)
    for each in (stopped, slow):
        each.is_choked = True
        each.receive(b"GET /api/v1/openapi.json HTTP/1.1\r\n" + HEAD)
        await settle()
    slow.unsent = 10_000_000
    slow.get_protocol()._unsent = 10_000_000
    for _ in range(3):
        slow.unsent -= 70_000
        after(lanes, 75)
    await settle()
    assert stopped.was_aborted
    assert not slow.was_aborted
    after(lanes, 75)
    await settle()
    assert slow.was_aborted


async def test_who_asks_aiohttp_keeps_the_loop_awake(lanes, monkeypatch):
    kept = []
    one = await handed(lanes)
    monkeypatch.setattr(lanes.lane.naps, "stay_awake", lambda: kept.append("asked"))
    one.receive(HEALTH)
    assert kept == ["asked"]
    one.lose()
