"""Who is too slow to ask, to read or to leave. Time is told, sockets are in memory."""

import asyncio

from tests.web.both_lanes import Lanes, both_lanes, settle
from tests.web.conftest import Camera
from tests.web.test_express_equal import shelf

HEAD = b"Host: a\r\nAccept-Encoding: gzip\r\n\r\n"
PLAYLIST = b"GET /live/cam/main.m3u8 HTTP/1.1\r\n" + HEAD


def blocking(camera: Camera) -> bytes:
    msn, part = camera.publication.rendition.window.next_position
    return f"GET /live/cam/main.m3u8?_HLS_msn={msn}&_HLS_part={part} HTTP/1.1\r\n".encode() + HEAD


def after(lanes: Lanes, seconds: float) -> None:
    for _ in range(round(seconds)):
        lanes.lane.tick(lanes.lane.now + 1)


async def test_a_head_must_come_in_time(lanes):
    one, silent, done, empty = (lanes.express() for _ in range(4))
    done.receive(b"GET /live/x/main.m3u8 HTTP/1.1\r\n" + HEAD)
    for octet in b"GET /live/":
        one.receive(bytes([octet]))
        empty.receive(b"\r\n")
        after(lanes, 1)
    await settle()
    assert one.written.startswith(b"HTTP/1.1 408 ")
    assert one.is_lost
    assert silent.is_lost
    assert empty.is_lost
    assert silent.written == b""
    assert not done.is_closing()
    assert lanes.lane.doors._count == 1


async def test_idle_connections_are_closed_and_busy_ones_are_not(lanes, camera):
    idle, busy, held = (lanes.express() for _ in range(3))
    for each in (idle, busy):
        each.receive(PLAYLIST)
    held.receive(blocking(camera))
    for _ in range(30):
        after(lanes, 5)
        busy.receive(PLAYLIST)
    await settle()
    assert idle.is_lost
    assert not busy.is_closing()
    assert not held.is_closing()


async def test_a_reader_that_stops_is_cut_off(lanes, camera):
    stopped, slow = lanes.express(), lanes.express()
    for each in (stopped, slow):
        each.is_choked = True
        each.receive(PLAYLIST)
    slow.unsent = 10_000_000
    slow.get_protocol()._unsent = 10_000_000
    for _ in range(10):
        slow.unsent -= 70_000
        after(lanes, 20)
    await settle()
    assert stopped.was_aborted
    assert not slow.was_aborted
    after(lanes, 20)
    await settle()
    assert slow.was_aborted


async def test_a_reader_of_a_film_that_is_paused_may_take_longer():
    """`limits.idle`, as on the other lane; of live media `limits.slow_reader`."""
    async with both_lanes(library=shelf()) as lanes:
        film = lanes.express()
        film.is_choked = True
        film.receive(b"GET /vod/a.mp4 HTTP/1.1\r\n" + HEAD)
        await settle(60)
        assert film.unsent
        after(lanes, 70)
        await settle()
        assert not film.is_closing()
        after(lanes, 10)
        await settle()
        assert film.was_aborted


async def test_a_reader_that_stops_before_the_goodbye(lanes, camera):
    one = lanes.express()
    one.is_choked = True
    one.receive(PLAYLIST.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
    await settle()
    assert not one.is_lost
    after(lanes, 20)
    await settle()
    assert one.was_aborted


async def test_who_has_just_come_is_heard_out_before_the_end(lanes, camera):
    late, silent, old = lanes.express(), lanes.express(), lanes.express()
    old.receive(PLAYLIST)
    ending = asyncio.create_task(lanes.lane.hear_out())
    await asyncio.sleep(0.03)
    assert not ending.done()
    late.receive(PLAYLIST)
    assert late.written.startswith(b"HTTP/1.1 200 ")
    silent.receive(b"GET /live/cam/")
    await asyncio.wait_for(ending, 1)
    silent.lose()
    await asyncio.wait_for(lanes.lane.hear_out(), 0.1)


async def test_who_never_asked_is_not_waited_for(lanes):
    lanes.express()
    after(lanes, 2)
    await asyncio.wait_for(lanes.lane.hear_out(), 0.1)
