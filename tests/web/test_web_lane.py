"""What connections share: other rooms than /live plug in here."""

from collections.abc import AsyncIterator

import pytest
from aiohttp import web

from edge.config import Config
from edge.http.cmcd import PlayerReport
from edge.http.message import Lease, RequestHead, Response
from edge.web.express import Express
from edge.web.lane import Lane
from edge.web.readiness import Readiness
from edge.web.strict import strict_lane
from tests.web.both_lanes import MemoryTransport


class Room:
    """Answers `/room/...` with the address; knows nothing of what begins with an x."""

    def __init__(self) -> None:
        self.asked: list[RequestHead] = []
        self.heard: list[PlayerReport] = []
        self.lease = Lease()

    def answer(self, head: RequestHead, now: float) -> Response | None:
        self.asked.append(head)
        return (
            None if head.path.startswith("/room/x") else Response(200, (), (head.path.encode(),), self.lease)
        )

    def may_repeat(self, head: RequestHead) -> bool:
        return "private" not in head.query

    def hears(self, head: RequestHead):
        return self.heard.append


@pytest.fixture
def room() -> Room:
    return Room()


@pytest.fixture
async def lane(room) -> AsyncIterator[Lane]:
    lane = Lane(Config(), {"room": room}, ready=Readiness())
    server = web.Server(nothing)
    lane.strict = strict_lane(server)
    yield lane
    await server.shutdown(0.1)
    await lane.close(0.1)


async def nothing(_: web.BaseRequest) -> web.Response:
    return web.Response()


def ask(lane: Lane, target: str, fields: str = "") -> MemoryTransport:
    one, protocol = MemoryTransport(), Express(lane)
    one.set_protocol(protocol)
    protocol.connection_made(one)
    one.receive(f"GET {target} HTTP/1.1\r\nHost: a\r\n{fields}\r\n".encode())
    return one


async def test_a_room_is_asked_once_while_its_lease_holds(lane, room):
    for _ in range(3):
        assert ask(lane, "/room/a").written.endswith(b"\r\n\r\n/room/a")
    assert len(room.asked) == 1
    room.lease.holds = False
    ask(lane, "/room/a")
    assert len(room.asked) == 2


@pytest.mark.parametrize(
    ("target", "fields"),
    [
        ("/room/a?private", ""),
        ("/room/a", "Range: bytes=0-1\r\n"),
        ("/room/a", 'If-None-Match: "x"\r\n'),
        ("/room/a", "Authorization: Bearer x\r\n"),
        ("/room/a", "cmcd-Status: bs\r\n"),
        ("/room/a", 'If-None-Match: "x"\r\nCMCD-Status: bs\r\n'),
        ("/room/a?" + "x" * 600, ""),
    ],
)
async def test_what_may_be_answered_otherwise_is_asked_anew(lane, room, target, fields):
    for _ in range(2):
        ask(lane, target, fields)
    assert len(room.asked) == 2


async def test_a_players_report_is_heard_and_makes_no_other_question(lane, room):
    for number in range(3):
        for target in (f"/room/a?x&CMCD=bl%3D{number}000", f"/room/a?CMCD=bl%3D{number}000&x"):
            assert ask(lane, target).written.endswith(b"\r\n\r\n/room/a")
    assert len(room.asked) == 1
    # of the first question the room knows itself
    assert [report.buffer_s for report in room.heard] == [0, 1, 1, 2, 2]
    room.lease.holds = False
    ask(lane, "/room/a?x&CMCD=bl%3D4")
    assert len(room.asked) == 2
    assert len(room.heard) == 5


async def test_a_report_in_fields_makes_no_other_question_either(lane, room):
    for number in range(3):
        report = f"CMCD-Request: bl={number}000\r\nX-Other: 1\r\nCMCD-Status: bs\r\n"
        for names in (report, report.replace("CMCD-Request", "cmcd-request")):
            assert ask(lane, "/room/a", names).written.endswith(b"\r\n\r\n/room/a")
    ask(lane, "/room/a")
    assert len(room.asked) == 1
    assert room.asked[0].headers == {}
    assert [report.buffer_s for report in room.heard] == [0, 0, 1, 1, 2, 2]
    assert all(report.starved for report in room.heard)
    assert len(lane._fields) == 2, "what is different with each request is not kept"


async def test_two_reports_in_one_address_are_the_rooms_own_affair(lane, room):
    for _ in range(2):
        ask(lane, "/room/a?CMCD=bs&CMCD=bs")
    assert len(room.asked) == 2
    assert room.heard == []


async def test_a_room_sees_the_fields_it_knows(lane, room):
    ask(lane, "/room/a?b", 'Range: bytes=0-1\r\nIf-Range: "x"\r\nX-Other: 1\r\n')
    (head,) = room.asked
    assert head == RequestHead("GET", "/room/a", "b", {"range": "bytes=0-1", "if-range": '"x"'}, "127.0.0.1")


@pytest.mark.parametrize("target", ["/room/x", "/other/a", "/room", "/", "//room/a"])
async def test_what_no_room_answers_is_handed_over(lane, room, target):
    one = ask(lane, target)
    assert one.written == b""
    assert not isinstance(one.get_protocol(), Express)


async def test_forms_of_a_request_are_not_mixed_up(lane, room):
    ask(lane, "/room/a", "Accept-Encoding: gzip\r\n")
    ask(lane, "/room/a", "Accept-Encoding: br\r\n")
    ask(lane, "/room/a", "Accept-Encoding: br, gzip\r\n")
    assert [head.headers["accept-encoding"] for head in room.asked] == ["gzip", "br"]


async def test_the_date_goes_on(lane, monkeypatch):
    ask(lane, "/room/a")
    monkeypatch.setattr("edge.web.lane.time.time", lambda: 86_400.0)
    lane.tick(lane.now)
    assert b"Date: Fri, 02 Jan 1970 00:00:00 GMT\r\n" in ask(lane, "/room/a").written
