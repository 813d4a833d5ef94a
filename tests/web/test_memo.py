"""Who waited is answered, and what he asks next is known before he asks it."""

import asyncio
import gc
from collections.abc import AsyncIterator
from functools import partial

import pytest

from edge.config import Config
from edge.http.message import Lease, RequestHead, Response
from edge.live.waiters import Places, Queue, Wait
from edge.web.express import Express
from edge.web.lane import Lane
from edge.web.memo import Asked
from edge.web.naps import Naps
from edge.web.permitted import Permitted
from edge.web.readiness import Readiness
from tests.web.both_lanes import MemoryTransport


class Room:
    """`/room/cam/list?at=N` waits for N; whoever had it asks for `N.m4s` and waits for N + 1."""

    takes_encoded = False

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.now = 7
        self.lease = Lease()
        self._queue = Queue(Places(100))

    def answer(self, head: RequestHead, now: float) -> Response | Wait:
        self.asked.append(f"{head.path}?{head.query}")
        if head.path.endswith(f"/{self.now}.m4s"):
            return self._media()
        return self._wait(head.query)

    def _media(self) -> Response:
        return Response(200, (), (b"media %d" % self.now,), self.lease)

    def _wait(self, query: str) -> Wait:
        def join(viewer, now):
            self._queue.join(viewer, now)
            return self._queue

        return Wait(join, self.lease, partial(self._following, query.partition("&")[2]))

    def _following(self, rest: str) -> list[tuple[str, Response | Wait]]:
        query = f"at={self.now + 1}&{rest}"
        return [(f"{self.now}.m4s", self._media()), (f"list?{query}", self._wait(query))]

    def may_repeat(self, head: RequestHead) -> bool | Permitted:
        return True

    def hears(self, head: RequestHead) -> None:
        return None

    def come(self) -> None:
        self.now += 1
        self.lease.holds = False
        self.lease = Lease()
        self.give(Response(200, (), (b"list %d" % self.now,), self.lease))

    def give(self, response: Response) -> None:
        for viewer in self._queue.take():
            viewer.answered(response)


@pytest.fixture
def room() -> Room:
    return Room()


@pytest.fixture
async def lane(room) -> AsyncIterator[Lane]:
    lane = Lane(Config(), {"room": room}, ready=Readiness())
    yield lane
    await lane.close(0.1)


def connected(lane: Lane) -> MemoryTransport:
    one, protocol = MemoryTransport(), Express(lane)
    one.set_protocol(protocol)
    protocol.connection_made(one)
    return one


def ask(one: MemoryTransport, target: str) -> bytes:
    one.written = b""
    one.receive(f"GET {target} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
    return one.written.rpartition(b"\r\n\r\n")[2]


async def come(room: Room) -> None:
    room.come()
    await asyncio.sleep(0)
    await asyncio.sleep(0)


async def test_the_room_is_asked_only_by_whoever_joins_the_crowd(lane, room):
    viewers = [connected(lane) for _ in range(3)]
    for viewer in viewers:
        assert ask(viewer, "/room/cam/list?at=8&skip=YES") == b""
    for number in range(8, 20):
        await come(room)
        assert {viewer.written.rpartition(b"\r\n\r\n")[2] for viewer in viewers} == {b"list %d" % number}
        assert {ask(viewer, f"/room/cam/{number}.m4s") for viewer in viewers} == {b"media %d" % number}
        assert {ask(viewer, f"/room/cam/list?at={number + 1}&skip=YES") for viewer in viewers} == {b""}
    assert room.asked == ["/room/cam/list?at=8&skip=YES"]


async def test_what_is_not_as_foretold_is_asked(lane, room):
    viewer = connected(lane)
    ask(viewer, "/room/cam/list?at=8&skip=YES")
    await come(room)
    assert ask(viewer, "/room/cam/8.m4s?odd") == b"media 8"
    assert ask(viewer, "/room/camera/8.m4s") == b"media 8"
    assert ask(viewer, "/room/cam/list?at=9") == b""
    assert room.asked[1:] == ["/room/cam/8.m4s?odd", "/room/camera/8.m4s?", "/room/cam/list?at=9"]


async def test_who_comes_late_with_an_old_question_is_not_given_the_new_answer(lane, room):
    """What the crowd waited for is the same object under another line by then."""
    viewer, late, later, last = (connected(lane) for _ in range(4))
    ask(viewer, "/room/cam/list?at=8&")
    await come(room)
    ask(viewer, "/room/cam/list?at=9&")
    await come(room)
    assert ask(late, "/room/cam/8.m4s") != b"media 9"
    ask(later, "/room/cam/list?at=8&")
    ask(last, "/room/cam/list?at=9&")
    assert room.asked[1:] == ["/room/cam/8.m4s?", "/room/cam/list?at=8&", "/room/cam/list?at=9&"]


async def test_a_crowd_asks_the_same_question_again_and_again(lane, room):
    viewer = connected(lane)
    ask(viewer, "/room/cam/list?at=8&")
    known = lane._memos[False].known
    (question,) = known.values()
    await come(room)
    media = known[b"GET /room/cam/8.m4s HTTP/1.1"]
    ask(viewer, "/room/cam/list?at=9&")
    await come(room)
    assert known == {b"GET /room/cam/list?at=10& HTTP/1.1": question, b"GET /room/cam/9.m4s HTTP/1.1": media}
    assert media.head.path == "/room/cam/9.m4s"


async def test_what_follows_is_known_before_anybody_is_written_to(lane, room, monkeypatch):
    viewers = [connected(lane) for _ in range(2)]
    for viewer in viewers:
        ask(viewer, "/room/cam/list?at=8&")
    known_then = []
    complete = Express.complete
    monkeypatch.setattr(
        Express,
        "complete",
        lambda one, response: (known_then.append(len(lane._memos[False].known)), complete(one, response)),
    )
    await come(room)
    assert known_then == [2, 2]


async def test_a_loop_is_told_how_many_answers_there_are_and_of_newcomers(lane, room, monkeypatch):
    told = []
    monkeypatch.setattr(Naps, "note", lambda _: told.append("answer"))
    monkeypatch.setattr(Naps, "stay_awake", lambda _: told.append("newcomer"))
    viewers = [connected(lane) for _ in range(2)]
    for viewer in viewers:
        ask(viewer, "/room/cam/list?at=8&")
    await come(room)
    assert told == ["newcomer", "newcomer", "answer"]


async def test_nobody_naps_while_answers_are_to_be_sent(lane, room):
    viewer = connected(lane)
    ask(viewer, "/room/cam/list?at=8&")
    naps = lane.naps
    assert not naps._is_sending()
    room.come()
    assert naps._is_sending()
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert not naps._is_sending()


async def test_what_was_not_prepared_is_made_when_it_is_needed(lane, room, monkeypatch):
    """There are more answers than are prepared at once."""
    monkeypatch.setattr(lane.outbox, "_prepare", lambda question, response: None)
    viewer = connected(lane)
    ask(viewer, "/room/cam/list?at=8&")
    await come(room)
    assert ask(viewer, "/room/cam/8.m4s") == b"media 8"
    assert ask(viewer, "/room/cam/list?at=9&") == b""
    assert len(room.asked) == 1


async def test_an_answer_that_brings_nothing_new_makes_nothing_ready(lane, room):
    viewer = connected(lane)
    ask(viewer, "/room/cam/list?at=8&")
    known = dict(lane._memos[False].known)
    room.give(Response(503))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert viewer.written.startswith(b"HTTP/1.1 503")
    assert lane._memos[False].known == known
    assert ask(viewer, "/room/cam/list?at=8&") == b""
    assert len(room.asked) == 1


async def test_nothing_foretold_outlives_its_lease(lane, room):
    viewer, other = connected(lane), connected(lane)
    ask(viewer, "/room/cam/list?at=8&")
    await come(room)
    room.lease.holds = False
    ask(other, "/room/cam/8.m4s")
    assert room.asked[1:] == ["/room/cam/8.m4s?"]


async def test_what_was_made_ready_for_nobody_is_gone_without_a_search_for_circles(lane, room):
    """The server searches seldom, for held requests make no circles."""
    viewer = connected(lane)
    ask(viewer, "/room/cam/list?at=8&")
    gc.collect()
    gc.disable()
    try:
        await come(room)
        room.lease.holds = False
        lane.tick(lane.now + 1)
        left = sum(isinstance(one, Asked) and one.head.path.startswith("/room/") for one in gc.get_objects())
    finally:
        gc.enable()
    assert left == 0
