import asyncio

import pytest

from edge.errors import OriginUnavailable
from edge.http.message import Response, Streaming
from edge.web.flow import Later
from tests.web.both_lanes import both_lanes, settle

PIECES = [b"a" * 1000, b"b" * 1000, b"c" * 1000]


class Room:
    def __init__(self, *, fails_after=99, fault=None):
        self.fault = fault or OriginUnavailable("gone")
        self.fails_after = fails_after
        self.given = 0
        self.is_closed = False

    def answer(self, head, now):
        return Later(self.begin)

    def may_repeat(self, head):
        return False

    async def begin(self):
        await asyncio.sleep(0)
        return Streaming(200, (("ETag", '"1"'),), 3000, self.pieces)

    async def pieces(self):
        try:
            for number, piece in enumerate(PIECES):
                if number == self.fails_after:
                    raise self.fault
                await asyncio.sleep(0)
                self.given += 1
                yield piece
        finally:
            self.is_closed = True


def request(method=b"GET", more=b""):
    return method + b" /vod/a HTTP/1.1\r\nHost: a\r\n" + more + b"\r\n"


async def opened(lanes, room):
    lanes.lane._rooms = {"vod": room}
    return lanes.express()


async def test_who_asks_for_it_keeps_the_loop_awake(monkeypatch):
    kept = []
    async with both_lanes() as lanes:
        transport = await opened(lanes, Room())
        monkeypatch.setattr(lanes.lane.naps, "stay_awake", lambda: kept.append("asked"))
        transport.receive(request())
        assert kept == ["asked"]
        transport.lose()
        await settle()


async def test_pieces_go_out_and_the_next_request_has_its_turn():
    async with both_lanes() as lanes:
        transport = await opened(lanes, Room())
        transport.receive(request() + request(b"HEAD"))
        await settle(40)
        head, _, rest = transport.written.partition(b"\r\n\r\n")
        assert head.startswith(
            b'HTTP/1.1 200 OK\r\nETag: "1"\r\nServer: edge\r\nContent-Length: 3000\r\nDate: '
        )
        assert rest.startswith(b"".join(PIECES) + b"HTTP/1.1 200 OK\r\n")
        assert rest.endswith(b"\r\n\r\n")
        assert lanes.ready.requests == 0
        transport.lose()
        await settle()


async def test_who_does_not_read_is_not_read_for():
    async with both_lanes() as lanes:
        room = Room()
        transport = await opened(lanes, room)
        transport.is_choked = True
        transport.receive(request())
        await settle(40)
        assert room.given == 1
        transport.unchoke()
        await settle(40)
        assert room.given == 3
        transport.lose()
        await settle()


async def test_who_leaves_ends_the_work_for_him():
    async with both_lanes() as lanes:
        room = Room()
        transport = await opened(lanes, room)
        transport.is_choked = True
        transport.receive(request())
        await settle(40)
        transport.lose()
        await settle(40)
        assert room.is_closed
        assert lanes.ready.requests == 0


async def test_a_fault_before_the_first_octet_is_an_answer_and_later_a_cut():
    async with both_lanes() as lanes:
        transport = await opened(lanes, Room(fails_after=0))
        transport.receive(request())
        await settle(40)
        assert transport.written.startswith(b"HTTP/1.1 502 ")
        assert not transport.is_closing()
        transport.lose()
        transport = await opened(lanes, Room(fails_after=2))
        transport.receive(request())
        await settle(40)
        assert transport.was_aborted
        assert transport.written.endswith(PIECES[0] + PIECES[1])
        await settle()


@pytest.mark.parametrize("method", [b"GET", b"HEAD"])
async def test_a_fault_of_ours_before_the_first_octet_is_an_answer_too(method):
    class Broken(Room):
        async def begin(self):
            await asyncio.sleep(0)
            raise KeyError("of ours")

    async with both_lanes() as lanes:
        transport = await opened(lanes, Broken())
        transport.receive(request(method))
        await settle(40)
        head, _, body = transport.written.partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 500 ")
        assert b"application/problem+json" in head
        assert bool(body) == (method == b"GET")
        assert b"of ours" not in body
        assert not transport.is_closing()
        assert lanes.ready.requests == 0
        transport.receive(request(method))
        await settle(40)
        assert transport.written.count(b"HTTP/1.1 500 ") == 2
        transport.lose()
        await settle()


async def test_a_fault_of_ours_amid_the_pieces():
    async with both_lanes() as lanes:
        transport = await opened(lanes, Room(fails_after=0, fault=KeyError("of ours")))
        transport.receive(request())
        await settle(40)
        assert transport.written.startswith(b"HTTP/1.1 500 ")
        transport.lose()
        transport = await opened(lanes, Room(fails_after=2, fault=KeyError("of ours")))
        transport.receive(request())
        await settle(40)
        assert transport.was_aborted
        assert transport.written.endswith(PIECES[0] + PIECES[1])
        await settle()


async def test_goodbye_when_it_was_asked_for():
    async with both_lanes() as lanes:
        transport = await opened(lanes, Room())
        transport.receive(request(more=b"Connection: close\r\n"))
        await settle(40)
        assert b"Connection: close\r\n" in transport.written
        assert transport.is_closing()
        assert transport.written.endswith(PIECES[2])
        await settle()


async def test_an_answer_that_comes_whole():
    class Whole(Room):
        async def begin(self):
            return Response(404, (), (b"no",))

    async with both_lanes() as lanes:
        transport = await opened(lanes, Whole())
        transport.receive(request())
        await settle(40)
        assert transport.written.startswith(b"HTTP/1.1 404 ")
        assert transport.written.endswith(b"\r\n\r\nno")
        transport.lose()
        await settle()
