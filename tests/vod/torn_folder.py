"""A folder whose asset "torn.mp4" fails amid its octets, and which waits when it is told to."""

import asyncio
import dataclasses
from pathlib import Path

from edge.errors import OriginTimeout
from edge.vod.file_origin import FileOrigin


class TornFolder(FileOrigin):
    """Fails within "torn.mp4" from `torn_at` on; waits while `is_open` is not so."""

    is_open = True

    def __init__(self, media: Path, torn_at: int) -> None:
        super().__init__("folder", media)
        self.torn_at = torn_at

    async def stat(self, key):
        asset = await super().stat(key)
        return dataclasses.replace(asset, etag=asset.etag.removeprefix("W/"))  # nobody writes to it here

    async def read(self, asset, span):
        if asset.key == "torn.mp4" and span.start >= self.torn_at:
            raise OriginTimeout("nothing came")
        async for piece in super().read(asset, span):
            while not self.is_open:
                await asyncio.sleep(0.01)
            yield piece
