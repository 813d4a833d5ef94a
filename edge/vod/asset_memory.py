"""What origins said before the last restart, as the event loop sees it."""

import asyncio
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from edge.vod.asset import Asset
from edge.vod.asset_log import AssetLog
from edge.vod.asset_row import Moment, moment, parsed, quoted, row
from edge.vod.name_pattern import matcher
from edge.vod.turns import Turns


class AssetMemory:
    """One event loop; one thread of its own reads and writes the log."""

    def __init__(self, log: AssetLog, *, clock: Callable[[], Moment] = moment) -> None:
        self._log = log
        self._clock = clock
        self._rows: dict[str, str] = {}
        """Those that nobody asked for yet: they are looked into when somebody does."""
        self._writer = ThreadPoolExecutor(1, "edge-vod-said")
        self._loading: asyncio.Task[None] | None = None

    def begin(self) -> None:
        """Reads the log, in a thread. Its folder must be ours; without this, it is never touched."""
        self._loading = asyncio.create_task(self._load())

    async def _load(self) -> None:
        self._rows = await asyncio.get_running_loop().run_in_executor(self._writer, self._log.load)

    async def loaded(self) -> None:
        """All can be recalled."""
        if self._loading is not None and not self._loading.done():
            await asyncio.shield(self._loading)

    def recall(self, key: str) -> tuple[Asset, float] | None:
        """What was said, and how many seconds ago; once: it is the caller's from now on."""
        found = parsed(self._rows.pop(quoted(key), "")) if self._rows else None
        if found is None or found[0].key != key:
            return None
        ago_s = self._clock().since(found[1])
        return None if ago_s is None else (found[0], ago_s)

    def remember(self, asset: Asset, ago_s: float = 0.0) -> None:
        """An origin said so, `ago_s` seconds ago."""
        self._rows.pop(quoted(asset.key), None)
        now = self._clock()
        said = now._replace(wall_s=now.wall_s - ago_s, up_s=now.up_s - ago_s)
        self._later(self._log.append, row(asset, said))

    def forget(self, key: str) -> None:
        """It is not so any more."""
        self._rows.pop(quoted(key), None)
        self._later(self._log.forget, key)

    async def forget_matching(self, pattern: str) -> None:
        """As `forget`, of all that match; in turns."""
        matches, turns = matcher(pattern), Turns()
        for name in list(self._rows):
            if matches(json.loads(name)):
                self._rows.pop(name, None)
            await turns.did()
        self._later(self._log.forget_matching, pattern)

    def _later(self, work: Callable[[str], None], text: str) -> None:
        if self._loading is not None:
            self._writer.submit(work, text)

    async def settled(self) -> None:
        """All that was to be written is."""
        if self._loading is not None:
            await asyncio.get_running_loop().run_in_executor(self._writer, int)

    async def close(self) -> None:
        """Writes what is left, lets go of the file."""
        await self.loaded()
        await self.settled()
        self._writer.shutdown()
        self._log.close()
