"""`?debug` on this machine: where the time of an answer went."""

import asyncio
import re

import pytest

from edge.web.timing import wants_timing

TOLD = re.compile(r"held;dur=([0-9.]+), answer;dur=([0-9.]+)")


@pytest.mark.parametrize(
    ("query", "wanted"), [("debug", True), ("_HLS_msn=1&debug", True), ("", False), ("debugger", False)]
)
def test_who_wants_it_says_so(query, wanted) -> None:
    assert wants_timing(query) is wanted


async def test_an_answer_at_once_was_not_held(client, camera) -> None:
    answer = await client.get("/live/cam/main.m3u8?debug")
    assert answer.status == 200
    held, rest = map(float, TOLD.fullmatch(answer.headers["Server-Timing"]).groups())
    assert held == 0
    assert 0 <= rest < 5000


async def test_waiting_for_a_part_is_told_apart(client, camera, hub, until) -> None:
    msn, part = camera.publication.rendition.window.next_position
    asked = asyncio.create_task(client.get(f"/live/cam/main.m3u8?_HLS_msn={msn}&_HLS_part={part}&debug"))
    await until(lambda: hub.waiting)
    await asyncio.sleep(0.02)
    camera.send(1)
    held, _ = map(float, TOLD.fullmatch((await asked).headers["Server-Timing"]).groups())
    assert held >= 20


async def test_nobody_else_is_told(client, camera) -> None:
    assert "Server-Timing" not in (await client.get("/live/cam/main.m3u8")).headers
    elsewhere = await client.get("/live/cam/main.m3u8?debug", headers={"X-Forwarded-For": "192.0.2.1"})
    assert elsewhere.status == 200
    assert "Server-Timing" not in elsewhere.headers


async def test_a_refusal_tells_it_too(client) -> None:
    answer = await client.get("/live/nobody/main.m3u8?debug")
    assert answer.status == 404
    assert TOLD.fullmatch(answer.headers["Server-Timing"])
