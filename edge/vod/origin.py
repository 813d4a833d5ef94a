"""Where assets come from: one small protocol for folders, web servers and object stores."""

from collections.abc import AsyncGenerator, AsyncIterator
from typing import Protocol, runtime_checkable

from edge.http.byte_range import ByteRange
from edge.vod.asset import Asset


class Origin(Protocol):
    """Errors are NotFound and those of the family of OriginError; nothing foreign leaves an origin."""

    name: str
    """From the configuration; a metric's label."""

    async def stat(self, key: str) -> Asset:
        """What the origin has under `key` now."""

    def read(self, asset: Asset, span: ByteRange) -> AsyncIterator[bytes | bytearray]:
        """Exactly `span` of exactly this version, in pieces; else it raises, at the end at the latest."""

    async def close(self) -> None:
        """Give connections and files back."""


@runtime_checkable
class Listing(Protocol):
    """What an origin may be besides: one that knows what it has."""

    def names(self, start: str) -> AsyncGenerator[str]:
        """Of what it has, all that begin with `start`, and maybe others; OriginError."""
