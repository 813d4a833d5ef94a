"""A scripted server, and the pieces of the client that talk to it."""

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass

from edge.watch.fetch import Fetcher
from edge.watch.findings import Ledger
from edge.watch.judge import PlaylistJudge


@dataclass
class Rig:
    base: str
    fetcher: Fetcher
    ledger: Ledger
    judge: PlaylistJudge

    async def join(self):
        """Load the playlist once."""
        self.judge.take(await self.fetcher.get(self.judge.url, "playlist", timeout_s=5))
        return self.judge.current

    def found(self):
        return [(key[0], key[1]) for key in self.ledger.entries]


@asynccontextmanager
async def rig(server):
    ledger = Ledger()
    async with server.running() as base, Fetcher() as fetcher:
        judge = PlaylistJudge(
            f"{base}/main.m3u8", {}, lambda findings, where: ledger.add(findings, 0.0, where)
        )
        yield Rig(base, fetcher, ledger, judge)
        await asyncio.sleep(0)
