"""Who watches, as an operator is told: connections in memory, the API on one of them."""

import asyncio
import json
import time
from collections.abc import AsyncIterator

import pytest

from edge.auth.admission import Admission
from edge.auth.tokens import mint
from edge.config import Config
from edge.web.handover import Handed
from edge.web.lane import Seen
from edge.web.viewers_api import Register
from tests.web.both_lanes import Lanes, both_lanes, settle
from tests.web.conftest import Camera
from tests.web.test_openapi import answer_schema, check

SECRET = "0123456789abcdef0123456789abcdef"
PHONE, DESK = ("192.0.2.7", 1), ("2001:db8::1", 1)


@pytest.fixture
def config() -> Config:
    auth = {"admin": "correct horse"}
    return Config.model_validate({"auth": auth, "server": {"trusted_proxies": ["10.0.0.0/8"]}})


def asking(target: str, **fields: str) -> bytes:
    lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in fields.items())
    return f"GET {target} HTTP/1.1\r\nHost: localhost\r\n{lines}\r\n".encode()


def blocking(camera: Camera) -> str:
    msn, part = camera.publication.rendition.window.next_position
    return f"/live/cam/main.m3u8?_HLS_msn={msn}&_HLS_part={part}"


async def told(lanes: Lanes, query: str = "", peer=("127.0.0.1", 1), **fields: str) -> tuple[int, dict]:
    one = lanes.express(peer)
    one.receive(asking(f"/api/v1/viewers{query}", **fields))
    async with asyncio.timeout(5):
        while b"\r\n\r\n" not in one.written:
            await asyncio.sleep(0.001)
    await settle()
    head, _, body = one.written.partition(b"\r\n\r\n")
    one.lose()
    return int(head.split()[1]), json.loads(body)


def row(client: str, connections: int, waiting: int, quiet_s: int = 0, stream: str = "cam") -> dict:
    return {
        "stream": stream, "client": client, "connections": connections, "waiting": waiting, "quiet_s": quiet_s,
    }  # fmt: skip


async def test_connections_by_stream_and_address_the_most_first(lanes, camera):
    Camera(lanes.hub, "roof").send(3)
    first, other, held, polls = (lanes.express(peer) for peer in (PHONE, PHONE, DESK, DESK))
    for one, target in ((first, "/live/cam/main.m3u8"), (other, "/live/cam/main.m3u8"), (polls, "/live/roof/main.m3u8")):  # fmt: skip
        one.receive(asking(target))
    lanes.lane.tick(lanes.lane.now + 3)
    held.receive(asking(blocking(camera)))
    status, answer = await told(lanes)
    assert status == 200
    assert answer == {
        "viewers": [
            row("192.0.2.7", 2, 0, 3),
            row("2001:db8::1", 1, 1),
            row("2001:db8::1", 1, 0, 3, stream="roof"),
        ],
        "matched": 3,
    }
    check(answer, answer_schema("/api/v1/viewers", "200"))
    assert (await told(lanes, "?stream=roof"))[1]["viewers"] == answer["viewers"][2:]
    assert (await told(lanes, "?limit=1"))[1] == {"viewers": answer["viewers"][:1], "matched": 3}
    assert (await told(lanes, "?stream=nobody"))[1] == {"viewers": [], "matched": 0}
    for one in (first, other, held):
        one.lose()
    assert [each["stream"] for each in (await told(lanes))[1]["viewers"]] == ["roof"]


async def test_whoever_watches_no_stream_is_none(lanes, camera):
    for target in (
        "/",
        "/api/v1/streams",
        "/vod/film.mp4",
        "/live",
        "/live/nobody/main.m3u8",
        "/live/n%6fbody/main.m3u8",
    ):
        lanes.express(PHONE).receive(asking(target))
    lanes.express(DESK)
    assert await told(lanes) == (200, {"viewers": [], "matched": 0})


async def test_one_with_aiohttp_is_seen_too(lanes, camera):
    """Its name percent-encoded, through a proxy that is trusted."""
    one = lanes.express(("10.0.0.1", 1))
    one.receive(asking("/live/c%61m/main.m3u8", X_Forwarded_For="192.0.2.7"))
    await settle()
    assert isinstance(one.get_protocol(), Handed)
    assert (await told(lanes))[1]["viewers"] == [row("192.0.2.7", 1, 0)]


async def test_a_connection_that_goes_on_quickly_is_still_of_its_stream(lanes, camera):
    one = lanes.express(PHONE)
    for _ in range(4):
        one.receive(asking("/live/cam/main.m3u8"))
        lanes.lane.tick(lanes.lane.now + 1)
    assert (await told(lanes))[1]["viewers"] == [row("192.0.2.7", 1, 0, 1)]


@pytest.mark.parametrize(
    ("mark", "name", "lane"),
    [
        ("~", "cam", "express"),
        ("~", "c%61m", "aiohttp"),
        ("%7E", "cam", "aiohttp"),
        ("%7e", "c%61m", "aiohttp"),
    ],
)
async def test_no_token_is_shown(camera_of_tokens, mark, name, lane):
    lanes, token = camera_of_tokens
    one = lanes.express(PHONE)
    one.receive(asking(f"/live/{mark}{token}/{name}/main.m3u8"))
    await settle()
    assert one.written.startswith(b"HTTP/1.1 200 ")
    assert isinstance(one.get_protocol(), Handed) == (lane == "aiohttp")
    assert (await told(lanes))[1]["viewers"] == [row("192.0.2.7", 1, 0)]


async def test_who_was_refused_is_no_viewer(camera_of_tokens):
    lanes, token = camera_of_tokens
    for way in ("", "~wrong/", f"~{token}x/"):
        for name in ("cam", "c%61m"):
            one = lanes.express(PHONE)
            one.receive(asking(f"/live/{way}{name}/main.m3u8"))
            await settle()
            assert one.written[9:12] in {b"401", b"403"}
    assert (await told(lanes))[1]["viewers"] == []


@pytest.mark.parametrize("name", ["cam", "c%61m"])
async def test_what_everybody_gets_makes_no_viewer(camera_of_tokens, name):
    """A preflight, and the way to the path with the token: of a stream that may not exist."""
    lanes, _ = camera_of_tokens
    for method, target in (
        ("OPTIONS", f"/live/{name}/main.m3u8"),
        ("GET", f"/live/{name}/index.m3u8?token=x"),
    ):
        one = lanes.express(PHONE)
        one.receive(asking(target).replace(b"GET", method.encode(), 1))
        await settle()
        assert one.written[9:12] in {b"204", b"307"}
    assert (await told(lanes))[1]["viewers"] == []


async def test_what_a_proxy_asked_for_another_is_not_laid_to_who_was_refused(lanes, camera):
    proxy = lanes.express(("10.0.0.1", 1))
    proxy.receive(asking("/live/cam/main.m3u8", X_Forwarded_For="192.0.2.7"))
    assert (await told(lanes))[1]["viewers"] == [row("192.0.2.7", 1, 0)]
    proxy.receive(asking("/live/nobody/main.m3u8", X_Forwarded_For="192.0.2.8"))
    assert (await told(lanes))[1]["viewers"] == []
    proxy.receive(asking("/live/cam/main.m3u8", X_Forwarded_For="192.0.2.8"))
    assert (await told(lanes))[1]["viewers"] == [row("192.0.2.8", 1, 0)]


@pytest.fixture
async def camera_of_tokens() -> AsyncIterator[tuple[Lanes, str]]:
    config = Config.model_validate({"auth": {"play": "tokens", "token_secrets": [SECRET]}})
    async with both_lanes(config, admission=Admission(config.auth)) as lanes:
        Camera(lanes.hub, "cam").send(5)
        yield lanes, mint(config.auth, "play", ["cam"], ttl_s=60, now=time.time())


@pytest.mark.parametrize("query", ["?limit=0", "?limit=x", "?limit=100001", "?limit=-1"])
async def test_a_limit_that_is_none(lanes, query):
    assert (await told(lanes, query))[0] == 400


async def test_who_may_not_administer_is_not_told(lanes, camera):
    assert (await told(lanes, peer=PHONE))[0] == 401
    assert (await told(lanes, peer=PHONE, Authorization="Bearer wrong"))[0] == 403
    assert (await told(lanes, peer=PHONE, Authorization="Bearer correct horse"))[0] == 200
    assert (await told(lanes, Origin="http://evil.example"))[0] == 403


def test_ten_thousand_addresses_are_rows_and_the_limit_holds():
    register = Register(100)
    register.add(
        Seen(f"192.0.2.{number % 250}", f"/live/s{number}/main.m3u8", True, 90) for number in range(10_000)
    )
    told = json.loads(register.listed(5))
    assert told["matched"] == 10_000
    assert [one["quiet_s"] for one in told["viewers"]] == [10] * 5
