"""What an operator reads while something long is done: a line of JSON each."""

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any, Protocol

from edge.errors import EdgeError
from edge.vod.warming import Progress, WarmCache, warming

_NAMES_AT_ONCE = 100
_TELL_EVERY_S = 0.2


class Listed(WarmCache, Protocol):
    """Of BlockCache."""

    def listed(self, pattern: str) -> AsyncGenerator[str]: ...


async def warmed(cache: WarmCache, key: str, rate: float | None) -> AsyncGenerator[bytes]:
    """How far it is, now and then; the last line tells what is held, or the fault. `rate`: octets a second.

    EdgeError: it did not even begin.
    """
    loop = asyncio.get_running_loop()
    async with aclosing(warming(cache, key, rate)) as steps:
        last = await anext(steps)
        yield _line(key, last)
        told_at = 0.0
        try:
            async for last in steps:
                if loop.time() - told_at >= _TELL_EVERY_S and last.held is None:
                    told_at = loop.time()
                    yield _line(key, last)
            yield _line(key, last)
        except EdgeError as error:
            yield _line(key, last, error)


async def all_warmed(cache: Listed, pattern: str, rate: float | None) -> AsyncGenerator[bytes]:
    """The same of what the origins have by names that match, one after the other; then as `named` ends."""
    count = 0
    names = cache.listed(pattern)
    async with aclosing(names):
        while True:
            try:
                key = await anext(names)
            except StopAsyncIteration:
                break
            except EdgeError as error:
                if not count:
                    raise
                yield _json({"fault": _sentence(error)})
                return
            count += 1
            try:
                async with aclosing(warmed(cache, key, rate)) as lines:
                    async for line in lines:
                        yield line
            except EdgeError as error:
                yield _json({"asset": key, "fault": _sentence(error)})
    yield _json({"listed": count})


async def named(names: AsyncGenerator[str]) -> AsyncGenerator[bytes]:
    """The names; the last line tells how many, or why there may be more. EdgeError: not even one."""
    count, lines = 0, b""
    async with aclosing(names):
        try:
            async for name in names:
                count += 1
                lines += _json({"asset": name})
                if count % _NAMES_AT_ONCE == 0:
                    yield lines
                    lines = b""
        except EdgeError as error:
            if not count:
                raise
            yield lines + _json({"fault": _sentence(error)})
            return
    yield lines + _json({"listed": count})


def _line(key: str, now: Progress, fault: EdgeError | None = None) -> bytes:
    line: dict[str, Any] = {"asset": key, "size_bytes": now.size, "done_bytes": now.done}
    if now.held is not None:
        line["held_bytes"] = now.held
    if fault is not None:
        line["fault"] = _sentence(fault)
    return _json(line)


def _sentence(error: EdgeError) -> str:
    return f"{error.title}: {error.detail}"


def _json(value: dict[str, Any]) -> bytes:
    return json.dumps(value).encode() + b"\n"
