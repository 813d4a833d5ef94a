"""Long work on the event loop, in turns: whoever else wants the loop has it in between."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from heapq import merge

AT_ONCE = 200
"""Names, blocks or assets in one turn: some of each take well under a millisecond."""


class Turns:
    """Counts what was done, and gives way each time that it was AT_ONCE."""

    def __init__(self, at_once: int = AT_ONCE) -> None:
        self._at_once = at_once
        self._done = 0

    async def did(self, count: int = 1) -> None:
        """So much of it."""
        self._done += count
        if self._done >= self._at_once:
            self._done = 0
            await asyncio.sleep(0)


async def in_order(items: Sequence[str]) -> AsyncGenerator[str]:
    """Sorted, in turns."""
    turns, runs = Turns(), []
    for start in range(0, len(items), AT_ONCE):
        runs.append(sorted(items[start : start + AT_ONCE]))
        await turns.did(AT_ONCE)
    for item in merge(*runs):
        yield item
        await turns.did()
