import contextlib

import pytest

from edge.errors import OriginChanged, OriginLied, OriginUnavailable
from edge.http.byte_range import ByteRange
from edge.vod.asset import Asset
from edge.vod.attempts import resumed

CONTENT = bytes(range(100))


def script(*faults):
    """Each attempt gives ten octets, then its fault; without one it gives all. And the spans asked for."""
    asked, left = [], list(faults)

    async def attempt(span, number):
        assert number == len(asked)
        asked.append(tuple(span))
        fault = left.pop(0) if left else None
        yield CONTENT[span.start : span.start + 10 if fault else span.stop]
        if fault:
            raise fault

    return attempt, asked


async def read(attempt, *, etag='"1"', tries=3):
    asset, got = Asset("a", 100, etag, None, ""), b""
    body = resumed(attempt, asset, ByteRange(5, 95), tries=tries, backoff_s=0)
    with contextlib.suppress(OriginUnavailable, OriginLied):
        async for piece in body:
            got += piece
    return got


async def test_the_next_attempt_goes_on_where_the_last_broke_off():
    attempt, asked = script(OriginUnavailable("one"), OriginLied("two"))
    assert await read(attempt) == CONTENT[5:95]
    assert asked == [(5, 95), (15, 95), (25, 95)]


async def test_tries_end():
    attempt, asked = script(*[OriginUnavailable("gone")] * 5)
    assert await read(attempt, tries=2) == CONTENT[5:25]
    assert len(asked) == 2


async def test_what_has_no_strong_validator_is_not_read_on():
    attempt, asked = script(OriginUnavailable("gone"))
    assert await read(attempt, etag='W/"1"') == CONTENT[5:15]
    assert len(asked) == 1


async def test_another_version_is_no_reason_to_try_again():
    attempt, asked = script(OriginChanged("another"))
    with pytest.raises(OriginChanged):
        await read(attempt)
    assert len(asked) == 1
