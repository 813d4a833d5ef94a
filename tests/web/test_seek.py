import asyncio
from types import SimpleNamespace

from edge.http.message import Response
from edge.web.seek import HOLDS_S
from tests.web.both_lanes import MemoryTransport, both_lanes, settle, undated

BODY = bytes(range(256)) * 8
HEAD = b"GET /vod/a.mp4 HTTP/1.1\r\nHost: a\r\nRange: bytes=%b\r\n\r\n"


class Room:
    """Answers a range of BODY, and any other of it as long as `holds`. See Slices."""

    size = len(BODY)
    headers = (("ETag", '"1"'),)

    def __init__(self):
        self.holds, self.asked, self.next = True, 0, None

    def answer(self, head, now):
        self.asked += 1
        first, last = map(int, head.headers["range"].removeprefix("bytes=").split("-"))
        told = (("Content-Range", f"bytes {first}-{last}/{len(BODY)}"),)
        return Response(206, self.headers, (BODY[first : last + 1],), own=told, slices=self)

    def read(self, start, stop):
        return (BODY[start:stop],) if self.holds else None

    def renewed(self):
        return self.next

    def may_repeat(self, head):
        return False


async def asked(*ranges, change=None):
    room = Room()
    async with both_lanes() as lanes:
        lanes.lane._rooms = {"vod": room}
        transport = lanes.express()
        for number, each in enumerate(ranges):
            if change and number == 1:
                change(room, lanes)
            transport.receive(HEAD % each)
            await settle()
        written = transport.written
        transport.lose()
        await asyncio.sleep(0)
    return room, written


async def test_another_range_of_the_same_is_answered_without_asking_for_the_whole_head():
    room, written = await asked(b"0-9", b"100-199", b"5-5")
    assert room.asked == 1
    assert written.count(b"HTTP/1.1 206 Partial Content\r\n") == 3
    assert b"Content-Range: bytes 100-199/2048\r\n" in written
    assert written.endswith(b"\r\n\r\n" + BODY[5:6])


async def test_the_octets_are_those_that_the_long_way_gives():
    _, short = await asked(b"0-9", b"100-199")
    _, long = await asked(b"100-199")
    assert undated(short).endswith(undated(long))


async def test_what_is_beyond_the_end_is_cut_or_refused_the_long_way():
    room, written = await asked(b"0-9", b"2000-9999")
    assert room.asked == 1
    assert b"Content-Range: bytes 2000-2047/2048\r\nETag" in written
    for odd in (b"2048-2049", b"9-8"):
        room, _ = await asked(b"0-9", odd)
        assert room.asked == 2


async def test_what_does_not_hold_any_more_is_asked_for():
    room, _ = await asked(b"0-9", b"1-2", change=lambda room, _: setattr(room, "holds", False))
    assert room.asked == 2


async def test_fields_of_this_moment_need_nobody_to_be_asked():
    class Later(Room):
        headers = (("ETag", '"1"'), ("Age", "7"))

    def pass_on(room, _):
        room.holds, room.next = False, Later()

    room, written = await asked(b"0-9", b"1-2", b"3-4", change=pass_on)
    assert room.asked == 1
    assert written.count(b"Age: 7\r\n") == 2


async def test_who_asks_is_judged_anew_after_a_second(monkeypatch):
    def later(room, lanes):
        now = lanes.lane.loop.time()
        monkeypatch.setattr(lanes.lane, "loop", SimpleNamespace(time=lambda: now + HOLDS_S))

    room, _ = await asked(b"0-9", b"1-2", change=later)
    assert room.asked == 2


async def test_other_fields_are_another_request():
    async with both_lanes() as lanes:
        room = Room()
        lanes.lane._rooms = {"vod": room}
        transport: MemoryTransport = lanes.express()
        transport.receive(HEAD % b"0-9")
        transport.receive((HEAD % b"0-9").replace(b"Host: a", b"Host: b"))
        transport.receive((HEAD % b"0-9").replace(b"a.mp4", b"b.mp4"))
        await settle()
        assert room.asked == 3
        transport.lose()
        await asyncio.sleep(0)


async def test_what_one_was_answered_another_who_asks_the_same_need_not_wait_for():
    async with both_lanes() as lanes:
        room = Room()
        lanes.lane._rooms = {"vod": room}
        viewers = [lanes.express() for _ in range(3)]
        for number, each in enumerate(viewers):
            each.receive(HEAD % (b"%d-%d" % (number, number + 9)))
            each.receive(HEAD % b"100-109")
        await settle()
        assert room.asked == 1
        assert len({each.written[each.written.index(b"bytes 100-109") :] for each in viewers}) == 1
        lanes.lane.tick(lanes.lane.loop.time() + 2)
        other = lanes.express()
        other.receive(HEAD % b"0-9")
        await settle()
        assert room.asked == 2, "it was forgotten"
        for each in (*viewers, other):
            each.lose()
        await asyncio.sleep(0)


async def test_nobody_gets_what_another_was_answered_where_each_request_counts():
    async with both_lanes() as lanes:
        room = Room()
        lanes.lane._rooms = {"vod": room}
        lanes.lane.is_quick = False
        for _ in range(2):
            one = lanes.express()
            one.receive(HEAD % b"0-9")
            await settle()
            one.lose()
        assert room.asked == 2
        await asyncio.sleep(0)


async def test_who_asks_for_range_after_range_finds_the_loop_awake(monkeypatch):
    kept = []

    def watch(room, lanes):
        monkeypatch.setattr(lanes.lane.naps, "stay_awake", lambda: kept.append("range"))

    await asked(b"0-9", b"100-199", b"5-5", change=watch)
    assert kept == ["range", "range"]
