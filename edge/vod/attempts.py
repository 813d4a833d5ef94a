"""Reading on where an origin broke off: another try, at another mirror if there is one (HTTP 21)."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Callable

from edge.errors import OriginLied, OriginTimeout, OriginUnavailable
from edge.http.byte_range import ByteRange
from edge.vod.asset import Asset

Attempt = Callable[[ByteRange, int], AsyncGenerator[bytes]]
"""Reads a range; the number is that of the try, from 0."""


async def resumed(
    attempt: Attempt, asset: Asset, span: ByteRange, *, tries: int, backoff_s: float
) -> AsyncGenerator[bytes]:
    """All of `span`; the validator says that every attempt has the same octets. OriginError: the last one's.

    What has no strong validator is not read on: what broke off stays so.
    """
    at, number = span.start, 0
    while True:
        try:
            async with contextlib.aclosing(attempt(ByteRange(at, span.stop), number)) as body:
                async for piece in body:
                    at += len(piece)
                    yield piece
        except (OriginUnavailable, OriginTimeout, OriginLied):
            number += 1
            if number >= tries or (at > span.start and not asset.is_strong):
                raise
            await asyncio.sleep(backoff_s * 2 ** (number - 1))
        else:
            return
