import asyncio

import pytest

from edge.errors import OriginLied, OriginTimeout
from edge.vod.growing_block import GrowingBlock


async def collect(block, at, stop):
    out = b""
    while at < stop and (piece := await block.next(at, stop)):
        out += piece
        at += len(piece)
    return out


async def test_followers_see_it_grow_from_wherever_they_are():
    block = GrowingBlock(40_000)
    content = bytes(range(250)) * 160
    spans = [(0, 40_000), (7, 39_999), (20_000, 20_001), (39_000, 40_000)]
    reading = [asyncio.create_task(collect(block, *span)) for span in spans]
    for at in range(0, 40_000, 617):
        block.push(content[at : at + 617])
        await asyncio.sleep(0)
    assert block.is_whole
    assert await asyncio.gather(*reading) == [content[start:stop] for start, stop in spans]
    assert len(block.pieces) < 4, "small pieces are joined"


async def test_the_fault_reaches_all_after_what_came():
    block = GrowingBlock(10)
    reading = [asyncio.create_task(collect(block, 0, 10)) for _ in range(3)]
    block.push(b"abc")
    await asyncio.sleep(0)
    block.fail(OriginTimeout("slow"))
    assert [type(end) for end in await asyncio.gather(*reading, return_exceptions=True)] == [
        OriginTimeout
    ] * 3
    assert not block.is_whole


async def test_more_than_asked_for_is_a_lie():
    block = GrowingBlock(2)
    block.push(b"a")
    with pytest.raises(OriginLied):
        block.push(b"bc")


async def test_a_kept_block_sends_its_followers_to_the_disk():
    block = GrowingBlock(2)
    block.push(b"ab")
    block.kept()
    assert await block.next(0, 2) == b""
    assert block.pieces == []
