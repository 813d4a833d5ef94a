"""An origin in memory: versions of assets, faults on demand."""

import asyncio

from edge.errors import NotFound, OriginChanged, OriginUnavailable
from edge.vod.asset import Asset


class ScriptedOrigin:
    name = "scripted"

    def __init__(self, contents=None, *, piece=64):
        self.contents = dict(contents or {})
        """Of each key: its octets and its version."""
        self.piece = piece
        self.fault = None
        self.fault_after = 0
        self.gate = None
        self.stats = 0
        self.read_spans = []
        self.octets = 0
        self.open_reads = 0

    async def stat(self, key):
        self.stats += 1
        await asyncio.sleep(0)
        if self.fault:
            raise self.fault
        if key not in self.contents:
            raise NotFound(f"There is no {key!r}")
        content, etag = self.contents[key]
        return Asset(key, len(content), etag, None, "video/mp4", self.name)

    async def read(self, asset, span):
        self.read_spans.append(span)
        self.open_reads += 1
        try:
            content, _ = self.contents[asset.key]
            left = self.fault_after
            for at in range(span.start, span.stop, self.piece):
                if self.gate is not None:
                    await self.gate.acquire()
                await asyncio.sleep(0)
                if self.contents[asset.key][1] != asset.etag:
                    raise OriginChanged("another version")
                if self.fault and left <= 0:
                    raise self.fault
                left -= 1
                piece = content[at : min(at + self.piece, span.stop)]
                self.octets += len(piece)
                yield piece
        finally:
            self.open_reads -= 1

    async def close(self):
        pass


def failure():
    return OriginUnavailable("scripted")
