"""What the cache holds, told to an operator piece by piece: a hundred thousand blocks hold nobody up."""

import json
from collections.abc import AsyncGenerator, Iterator
from typing import Any, Protocol

from edge.vod.asset import Asset
from edge.vod.block_file import StoredBlock
from edge.vod.inventory import HeldAsset, Inventory
from edge.vod.turns import Turns, in_order

_AT_ONCE = 100


class Stock(Protocol):
    """Of BlockCache."""

    def known(self, key: str) -> Asset | None: ...

    async def names(self, pattern: str = "*") -> list[str]: ...

    def blocks(self, asset: str) -> Iterator[StoredBlock]: ...


async def listing(stock: Stock, pattern: str, limit: int, block_size: int) -> AsyncGenerator[bytes]:
    """A JSON object in pieces: `assets` by name, of `limit` names at most; `matched`: names without it."""
    names = await stock.names(pattern)
    left, lines = limit, []
    yield b'{"assets": ['
    comma = ""
    turns = Turns()
    async for name in in_order(names):
        if not left:
            break
        left -= 1
        for one in await _held(stock, name, block_size, turns):
            lines.append(comma + json.dumps(_described(one)))
            comma = ", "
        if len(lines) >= _AT_ONCE:
            yield "".join(lines).encode()
            lines = []
    yield f'{"".join(lines)}], "matched": {len(names)}}}'.encode()


async def matched(stock: Stock, pattern: str, block_size: int) -> dict[str, Any]:
    """The same in sums."""
    told = dict.fromkeys(("assets", "whole_assets", "held_bytes", "blocks", "head_blocks"), 0)
    turns = Turns()
    for name in await stock.names(pattern):
        held = await _held(stock, name, block_size, turns)
        told["assets"] += bool(held)
        for one in held:
            told["whole_assets"] += one.is_whole
            told["held_bytes"] += one.held
            told["blocks"] += one.blocks
            told["head_blocks"] += one.head_blocks
    return told


async def _held(stock: Stock, name: str, block_size: int, turns: Turns) -> list[HeldAsset]:
    """Its versions. Sizes where their origins told them since the server started."""
    counted, known = Inventory(block_size), {}
    for block in stock.blocks(name):
        counted.add(block)
        await turns.did()
    if (now := stock.known(name)) is not None:
        known[now.key, now.etag, now.origin] = now.size
    return counted.assets(known)


def _described(one: HeldAsset) -> dict[str, Any]:
    return {
        "asset": one.asset,
        "etag": one.etag,
        "origin": one.origin,
        "size_bytes": one.size,
        "held_bytes": one.held,
        "blocks": one.blocks,
        "head_blocks": one.head_blocks,
        "is_whole": one.is_whole,
    }
