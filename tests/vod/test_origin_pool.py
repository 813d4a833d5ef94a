import asyncio
import random

import pytest
from lying_origin import LyingOrigin

from edge.http.byte_range import ByteRange
from edge.vod.http_origin import HttpOrigin

CONTENT = random.Random(7).randbytes(1_000)
AHEAD = (
    b'HTTP/1.1 206 X\r\nContent-Length: 500\r\nContent-Range: bytes 0-499/1000\r\nETag: "v1"\r\n\r\n'
    + b"\0" * 500
)


class AheadOrigin(LyingOrigin):
    """Answers once, and then once more. `connections` are how many it had."""

    connections = 0

    async def _serve(self, reader, writer):
        self.connections += 1
        await super()._serve(reader, writer)

    async def _body(self, writer, lie, first, last):
        await super()._body(writer, None, first, last)
        if lie is not None:
            await asyncio.sleep(0.05)
            writer.write(AHEAD)
            await writer.drain()
        return True


@pytest.mark.parametrize(("lie", "connections"), [("ahead", 2), (None, 1)])
async def test_what_nobody_asked_for_is_no_answer_to_who_asks_next(lie, connections):
    async with AheadOrigin(CONTENT, lie, times=1) as server:
        origin = HttpOrigin("ahead", [server.address])
        for number in range(3):
            asset = await origin.stat(f"{number}.mp4")
            body = [piece async for piece in origin.read(asset, ByteRange(0, 500))]
            assert b"".join(body) == CONTENT[:500]
            await asyncio.sleep(0.1 if number == 0 else 0)
        assert server.connections == connections
        await origin.close()
