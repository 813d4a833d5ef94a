import asyncio
import contextlib

import pytest
from scripted_origin import ScriptedOrigin, failure

from edge.errors import OriginLied, OriginUnavailable, Overloaded
from edge.http.byte_range import ByteRange
from edge.vod.asset import Asset, BlockKey
from edge.vod.block_fetch import BlockFetches

CONTENT = bytes(range(200)) * 2
ASSET = Asset("a", 400, '"1"', None, "video/mp4")
KEY = BlockKey("a", '"1"', 0)


class Desk:
    def __init__(self, *, keeps=False, **limits):
        self.origin = ScriptedOrigin({"a": (CONTENT, '"1"')}, piece=50)
        self.kept = []
        self.keeps = keeps
        self.fetches = BlockFetches(self.keep, **limits)

    async def keep(self, key, block):
        await asyncio.sleep(0)
        self.kept.append((key, b"".join(block.pieces)))
        return self.keeps

    def follow(self, key=KEY):
        return self.fetches.following(key, 400, lambda: self.origin.read(ASSET, ByteRange(0, 400)))

    async def body(self, key=KEY):
        out = b""
        with self.follow(key) as block:
            while len(out) < 400 and (piece := await block.next(len(out), 400)):
                out += piece
        return out


async def settled():
    for _ in range(20):
        await asyncio.sleep(0)


async def test_a_thousand_ask_once():
    desk = Desk()
    bodies = await asyncio.gather(*(desk.body() for _ in range(1_000)))
    assert set(bodies) == {CONTENT}
    assert desk.origin.read_spans == [(0, 400)]
    assert desk.kept == [(KEY, CONTENT)]
    await settled()
    assert len(desk.fetches) == 0


async def test_the_leader_may_leave_and_the_last_one_stops_it():
    desk = Desk()
    desk.origin.gate = asyncio.Semaphore(2)
    leader = asyncio.create_task(desk.body())
    await settled()
    follower, other = asyncio.create_task(desk.body()), asyncio.create_task(desk.body())
    await settled()
    leader.cancel()
    await settled()
    assert desk.origin.open_reads == 1
    desk.origin.gate.release()
    other.cancel()
    follower.cancel()
    await settled()
    assert desk.origin.open_reads == 0
    assert len(desk.fetches) == 0
    desk.origin.gate = None
    assert await desk.body() == CONTENT, "the next one starts anew"


async def test_a_fault_reaches_everybody_and_is_not_remembered():
    desk = Desk()
    desk.origin.fault, desk.origin.fault_after = failure(), 3
    ends = await asyncio.gather(*(desk.body() for _ in range(50)), return_exceptions=True)
    assert {type(end) for end in ends} == {OriginUnavailable}
    assert len(desk.origin.read_spans) == 1
    assert not desk.kept
    desk.origin.fault = None
    assert await desk.body() == CONTENT


async def test_a_short_body_is_a_lie_and_not_kept():
    desk = Desk()
    desk.origin.contents["a"] = (CONTENT[:399], '"1"')
    with pytest.raises(OriginLied):
        await desk.body()
    assert not desk.kept


async def test_waiting_for_a_place_ends():
    desk = Desk(most=1, wait_s=0.05)
    desk.origin.gate = asyncio.Semaphore(0)
    first = asyncio.create_task(desk.body())
    await settled()
    with pytest.raises(Overloaded):
        await desk.body(KEY._replace(number=1))
    first.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await first


async def test_what_is_kept_leaves_memory():
    desk = Desk(keeps=True)
    with desk.follow() as block:
        await desk.fetches.ended("a")
        assert block.is_kept
        assert block.pieces == []
    assert len(desk.fetches) == 0


async def test_closing_ends_all():
    desk = Desk()
    desk.origin.gate = asyncio.Semaphore(0)
    waiting = asyncio.create_task(desk.body())
    await settled()
    await desk.fetches.close()
    with pytest.raises(OriginUnavailable):
        await waiting
    assert desk.origin.open_reads == 0
