"""Which origin has a path: the longest prefix wins, and the origin is asked for the rest."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import replace
from typing import NamedTuple
from urllib.parse import quote

from edge.errors import BadAddress, NotFound, RequestError
from edge.http.asset_path import asset_key
from edge.http.byte_range import ByteRange
from edge.vod.asset import Asset
from edge.vod.file_origin import FileOrigin
from edge.vod.name_pattern import literal_start, matcher
from edge.vod.origin import Listing, Origin

_NOT_CACHED = "No origin that is cached has such names (the operator's key: vod.origins, cached)"
_NO_LIST = "is asked over HTTP, which has no lists: name its assets (edge cache warm --from FILE)"


class NotListed(RequestError):
    """Nobody knows which assets there are under these names."""

    status = 422
    title = "There is no list of these assets"


class Mount(NamedTuple):
    """Paths below `prefix` ("/clips", or "/" for all) are this origin's."""

    prefix: str
    origin: Origin
    is_cached: bool = True


class Mounts:
    """All origins under one roof. Assets that leave here have the whole path as their key."""

    def __init__(self, mounts: Sequence[Mount]) -> None:
        named = [mount._replace(prefix=mount.prefix.strip("/")) for mount in mounts]
        self._mounts = sorted(named, key=lambda mount: -len(mount.prefix))

    @property
    def are_cached(self) -> bool:
        """Whether any of them is."""
        return any(mount.is_cached for mount in self._mounts)

    def find(self, key: str) -> tuple[Mount, str]:
        """The mount, and what its origin is asked for. NotFound."""
        for mount in self._mounts:
            if not mount.prefix:
                return mount, key
            if key.startswith(mount.prefix + "/"):
                return mount, key[len(mount.prefix) + 1 :]
        raise NotFound("No origin has assets under this name (the operator's key: vod.origins)")

    def is_cached(self, key: str) -> bool:
        """Whether the disk cache stands in front of its origin. NotFound."""
        return self.find(key)[0].is_cached

    async def names(self, pattern: str) -> AsyncGenerator[str]:
        """What the origins that are cached have under names that match. OriginError; NotListed, after all
        that are listed: there are others, which nobody lists.
        """
        start, matches = literal_start(pattern), matcher(pattern)
        faults = [_NOT_CACHED]
        bases = [(f"{mount.prefix}/" if mount.prefix else "", mount) for mount in self._mounts]
        owner = next((mount for base, mount in bases if start.startswith(base)), None)
        for base, mount in bases:
            if not mount.is_cached or not (base.startswith(start) or mount is owner):
                continue
            faults = [fault for fault in faults if fault is not _NOT_CACHED]
            if not isinstance(mount.origin, Listing):
                faults.append(f"{mount.origin.name} {_NO_LIST}")
                continue
            async with aclosing(mount.origin.names(start[len(base) :])) as found:
                async for rest in found:
                    key = base + rest
                    if matches(key) and self.find(key)[0] is mount and _is_name(key):
                        yield key
        if faults:
            raise NotListed("; ".join(faults))

    def has(self, asset: Asset) -> bool:
        """Whether its origin is, by name, the one that its path leads to, and cached."""
        try:
            mount, _ = self.find(asset.key)
        except NotFound:
            return False
        return mount.is_cached and mount.origin.name == asset.origin

    async def stat(self, key: str) -> Asset:
        """See Origin.stat."""
        mount, rest = self.find(key)
        return replace(await mount.origin.stat(rest), key=key, origin=mount.origin.name)

    def opened(self, key: str, now: float) -> Asset | None:
        """What `stat` would say of what no cache stands before, where that needs no disk."""
        for mount in self._mounts:
            if mount.prefix and not key.startswith(mount.prefix + "/"):
                continue
            if mount.is_cached or not isinstance(mount.origin, FileOrigin):
                return None
            return mount.origin.opened(key[len(mount.prefix) + 1 :] if mount.prefix else key, key, now)
        return None

    def read_now(self, asset: Asset, span: ByteRange) -> bytearray | None:
        """All of `span` of what `opened` told, from the page cache."""
        mount, rest = self.find(asset.key)
        return mount.origin.read_now(rest, asset, span) if isinstance(mount.origin, FileOrigin) else None

    async def read(self, asset: Asset, span: ByteRange) -> AsyncGenerator[bytes | bytearray]:
        """See Origin.read. Close it, and the origin's connection is given back at once."""
        mount, rest = self.find(asset.key)
        body = mount.origin.read(replace(asset, key=rest), span)
        try:
            async for piece in body:
                yield piece
        finally:
            if isinstance(body, AsyncGenerator):
                await body.aclose()

    async def close(self) -> None:
        """Gives connections and files back."""
        for mount in self._mounts:
            await mount.origin.close()


def _is_name(key: str) -> bool:
    """Whether anybody can ask for it."""
    try:
        return asset_key(quote(key, errors="replace")) == key
    except BadAddress:
        return False
