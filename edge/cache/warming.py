"""Many assets are warmed, a few at a time; one that fails does not end the others."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from edge.cache.client import ApiError, Unreachable
from edge.cache.listing import size
from edge.cache.progress import Display

MOST_NAMES = 1_000_000
"""Of one pattern: each costs a hundred octets or so here."""

NOTHING = "the origins have nothing by this pattern (a name that has *, ? or [ in it: in a list, --from FILE)"


class Warmer(Protocol):
    """Of CacheClient."""

    def names(self, pattern: str) -> AsyncGenerator[str]: ...

    def warm(self, asset: str, rate: float | None) -> AsyncGenerator[dict[str, Any]]: ...


@dataclass
class Outcome:
    """So far. `warm`: octets on disk by asset; `faults`: sentences by asset."""

    asked: int
    warm: dict[str, int] = field(default_factory=dict)
    faults: dict[str, str] = field(default_factory=dict)


async def expanded(
    client: Warmer, assets: Sequence[str], patterns: Sequence[str], outcome: Outcome
) -> list[str]:
    """`assets`, and what the origins have by these patterns, each once. What cannot be listed is a fault of
    its pattern in `outcome`, which knows then how many are asked for.
    """
    found = dict.fromkeys(assets)
    for pattern in patterns:
        try:
            fault = None if await _add_names(found, client, pattern) else NOTHING
        except Unreachable:
            raise
        except ApiError as error:
            fault = str(error)
        if fault is not None:
            outcome.faults[pattern] = fault
    outcome.asked = len(found)
    return list(found)


async def _add_names(found: dict[str, None], client: Warmer, pattern: str) -> int:
    """How many it has."""
    count = 0
    async with contextlib.aclosing(client.names(pattern)) as names:
        async for name in names:
            count += 1
            found[name] = None
            if len(found) > MOST_NAMES:
                raise ApiError(f"more than {MOST_NAMES:,} names: narrow the pattern")
    return count


async def warm_all(
    client: Warmer, assets: Sequence[str], *, jobs: int, rate: float | None, shown: Display, outcome: Outcome
) -> None:
    """Fills `outcome`, which is right at every moment. `rate`: octets a second, for all together.

    Unreachable: the server is gone, or does not let us in. Cancelled, it ends what is on its way.
    """
    workers = min(jobs, len(assets))
    rest = iter(assets)
    share = rate / workers if rate and workers else None
    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(workers):
                group.create_task(_work(client, rest, share, shown, outcome))
    except* Unreachable as errors:
        raise errors.exceptions[0] from None


async def _work(
    client: Warmer, rest: Iterator[str], rate: float | None, shown: Display, outcome: Outcome
) -> None:
    for asset in rest:
        try:
            held, of = await _warm(client, asset, rate, shown)
        except Unreachable:
            raise
        except ApiError as error:
            outcome.faults[asset] = str(error)
        else:
            outcome.warm[asset] = held
            if held < of:
                outcome.faults[asset] = (
                    f"only {size(held)} of {size(of)} stayed: the cache is too small for all of it"
                )
        shown.finished(asset, outcome.faults.get(asset))


async def _warm(client: Warmer, asset: str, rate: float | None, shown: Display) -> tuple[int, int]:
    line: dict[str, Any] = {}
    async with contextlib.aclosing(client.warm(asset, rate)) as lines:
        async for line in lines:
            shown.moved(asset, line["done_bytes"], line["size_bytes"])
    return line["held_bytes"], line["size_bytes"]
