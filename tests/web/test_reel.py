import asyncio

from edge.errors import OriginUnavailable
from edge.http.message import AtHand
from edge.web.reel import MOST_AT_ONCE
from tests.web.both_lanes import both_lanes, settle, undated

BODY = bytes(range(256)) * 256 * 20
PIECE = 65_536


class Room:
    """BODY from octet 100 on; from `gone_at` on only by `rest`, which fails at `fails_at`."""

    def __init__(self, *, gone_at=len(BODY), fails_at=len(BODY) + 1):
        self.gone_at, self.fails_at = gone_at, fails_at
        self.reads, self.is_closed = 0, False

    def answer(self, head, now):
        return AtHand(206, (("ETag", '"1"'),), 100, len(BODY), self.read(100, 200), self.read, self.rest)

    def may_repeat(self, head):
        return False

    def read(self, start, stop):
        self.reads += 1
        stop = min(stop, start + PIECE)
        return BODY[start:stop] if stop <= self.gone_at else None

    async def rest(self, start):
        try:
            for at in range(start, len(BODY), 50_000):
                await asyncio.sleep(0)
                if at >= self.fails_at:
                    raise OriginUnavailable("gone")
                yield BODY[at : at + 50_000]
        finally:
            self.is_closed = True


def request(more=b""):
    return b"GET /vod/a HTTP/1.1\r\nHost: a\r\n" + more + b"\r\n"


async def opened(lanes, room):
    lanes.lane._rooms = {"vod": room}
    return lanes.express()


def body_of(written):
    head, _, body = written.partition(b"\r\n\r\n")
    assert head.startswith(b'HTTP/1.1 206 Partial Content\r\nETag: "1"\r\n')
    assert b"\r\nContent-Length: %d\r\n" % (len(BODY) - 100) in head
    return body


async def test_pieces_go_out_without_a_task_and_the_next_request_has_its_turn():
    async with both_lanes() as lanes:
        transport = await opened(lanes, Room())
        before = asyncio.all_tasks()
        transport.receive(request() + request())
        assert asyncio.all_tasks() == before
        await settle(10)
        one = transport.written[: len(transport.written) // 2]
        assert undated(transport.written) == undated(one) * 2
        assert body_of(one) == BODY[100:]
        assert lanes.ready.requests == 0
        transport.lose()


async def test_others_have_their_turn_amid_it():
    async with both_lanes() as lanes:
        room = Room()
        transport = await opened(lanes, room)
        transport.receive(request())
        assert MOST_AT_ONCE < len(transport.written) < MOST_AT_ONCE + PIECE
        await settle(4)
        assert body_of(transport.written) == BODY[100:]
        transport.lose()


async def test_who_does_not_read_is_not_read_for():
    async with both_lanes() as lanes:
        room = Room()
        transport = await opened(lanes, room)
        transport.is_choked = True
        transport.receive(request())
        await settle()
        assert room.reads == 1
        transport.unchoke()
        await settle()
        assert body_of(transport.written) == BODY[100:]
        transport.lose()


async def test_who_asks_and_who_takes_it_fast_does_not_wait_for_a_loop_that_naps(monkeypatch):
    kept = []
    async with both_lanes() as lanes:
        transport = await opened(lanes, Room())
        monkeypatch.setattr(lanes.lane.naps, "stay_awake", lambda: kept.append(len(transport.written)))
        transport.is_choked = True
        transport.receive(request())
        assert len(kept) == 1
        transport.unchoke()
        assert len(kept) == 2
        await settle(10)
        transport.lose()


async def test_a_pause_at_the_end_of_a_turn_does_not_end_it_twice():
    async with both_lanes() as lanes:
        transport = await opened(lanes, Room())
        write, chokes = transport.write, [MOST_AT_ONCE]

        def choking(data):
            transport.is_choked = bool(chokes) and len(transport.written) + len(data) > chokes[0]
            if transport.is_choked:
                chokes.pop()
            write(data)

        transport.write = choking
        transport.receive(request() * 3)
        assert transport.unsent
        transport.unchoke()
        await settle(10)
        one = transport.written[: len(transport.written) // 3]
        assert undated(transport.written) == undated(one) * 3
        assert body_of(one) == BODY[100:]
        assert lanes.ready.requests == 0
        transport.lose()


async def test_what_is_at_hand_no_more_comes_from_elsewhere():
    async with both_lanes() as lanes:
        room = Room(gone_at=300_000)
        transport = await opened(lanes, room)
        transport.receive(request())
        await settle(60)
        assert body_of(transport.written) == BODY[100:]
        assert (room.is_closed, lanes.ready.requests) == (True, 0)
        transport.lose()


async def test_a_fault_amid_it_is_a_cut():
    async with both_lanes() as lanes:
        transport = await opened(lanes, Room(gone_at=300_000, fails_at=400_000))
        transport.receive(request())
        await settle(60)
        assert transport.was_aborted
        got = body_of(transport.written)
        assert BODY[100:].startswith(got)
        assert 400_000 < len(got) + PIECE < 600_000


async def test_who_leaves_ends_the_work_for_him():
    async with both_lanes() as lanes:
        room = Room(gone_at=300_000)
        transport = await opened(lanes, room)
        transport.receive(request())
        await settle(5)
        transport.is_choked = True
        await settle(5)
        transport.lose()
        await settle(20)
        assert (room.is_closed, lanes.ready.requests) == (True, 0)


async def test_goodbye_when_it_was_asked_for():
    async with both_lanes() as lanes:
        transport = await opened(lanes, Room())
        transport.receive(request(b"Connection: close\r\n"))
        await settle(10)
        assert b"Connection: close\r\n" in transport.written
        assert body_of(transport.written) == BODY[100:]
        assert transport.is_closing()
