"""Paths, Range, If-Range and preconditions of `/vod`: what comes is an answer, and a body is a slice."""

import asyncio
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from edge.errors import BadAddress, NotFound
from edge.http.asset_path import asset_key
from edge.http.message import RequestHead, Response
from edge.vod.asset import Asset
from edge.vod.block_cache import BlockCache
from edge.vod.library import Library, Streaming
from edge.vod.mounts import Mount

_NOW = datetime(2026, 5, 1, tzinfo=UTC)
_BODY = bytes(range(256)) * 3
_FIELDS = ("range", "if-range", "if-match", "if-none-match", "if-modified-since", "if-unmodified-since")

SEEDS = [
    b"clip.mp4\nbytes=0-99\n\n\n\n\n",
    b'clip.mp4\nbytes=5-,-7, 9-9\n"1"\n*\n"2", W/"1"\n\n',
    b"a/b%20c.mp4\nbytes=99999999999999999999-\nWed, 01 Apr 2026 00:00:00 GMT\n\n\n\n",
    b"..%2f..%2fetc/passwd\nitems=0-\n\n\n\nWed, 01 Apr 2026 00:00:00 GMT\n",
    b'%c3%a4.mp4\nbytes=-0\nW/"1"\n\n\n\n',
]


class _Shelf:
    name = "shelf"

    async def stat(self, key: str) -> Asset:
        if len(key) % 3 == 0:
            raise NotFound("not on the shelf")
        return Asset(key, len(_BODY), '"1"', datetime(2026, 4, 1, tzinfo=UTC), "video/mp4")

    async def read(self, asset, span):
        yield _BODY[span.start : span.stop]

    async def close(self) -> None:
        pass


_LIBRARY = Library(BlockCache(Path("/nowhere"), [Mount("/", _Shelf(), is_cached=False)]), 60)


def target(data: bytes) -> None:
    path, *fields = data.decode("latin-1").split("\n")
    with suppress(BadAddress):
        key = asset_key(path)
        assert not {"", ".", ".."} & set(key.split("/"))
        head = RequestHead("GET", key, headers={n: v for n, v in zip(_FIELDS, fields, strict=False) if v})
        asyncio.run(_check(key, head))


async def _check(key: str, head: RequestHead) -> None:
    answer = await _LIBRARY.answer(key, head, _NOW)
    told = dict(answer.headers)
    assert all(f"{name}{value}".isprintable() for name, value in answer.headers)
    if isinstance(answer, Response):
        assert answer.status in {304, 404, 412, 416}
        return
    assert isinstance(answer, Streaming)
    body = b"".join([bytes(piece) async for piece in answer.pieces()])
    assert len(body) == answer.content_length
    if "Content-Range" in told:
        first, last = map(int, told["Content-Range"].removeprefix("bytes ").partition("/")[0].split("-"))
        assert body == _BODY[first : last + 1]
    elif answer.status == 200:
        assert body == _BODY
