"""From the configuration to origins with a cache in front of them, and whether both can be had."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from edge.config_vod import AnyOrigin, FileOriginConfig, HttpOriginConfig, S3OriginConfig, VodConfig
from edge.vod.block_cache import BlockCache, CacheRules
from edge.vod.file_origin import FileOrigin
from edge.vod.http_origin import HttpOrigin, Patience
from edge.vod.known_assets import Freshness
from edge.vod.mounts import Mount
from edge.vod.origin import Origin
from edge.vod.s3_origin import S3Origin

_LONGEST_PART = 255


def stocked(config: VodConfig, *, is_sent_plain: bool = True) -> BlockCache:
    """All of it, not started. Nothing is opened or asked yet: origins may come later than this server.

    `is_sent_plain`: no octet is looked at on its way to a socket, as TLS would.
    """
    mounts = [Mount(each.prefix, _origin(each), each.cached) for each in config.origins]
    freshness = Freshness(config.fresh, config.missing, config.stale_while_revalidate, config.stale_if_error)
    rules = CacheRules(
        capacity=config.capacity,
        block_size=config.block_size,
        head_quota=config.head_quota,
        policy=config.policy,
        read_ahead=config.read_ahead,
        fills=config.fills,
        wait_s=config.fill_wait,
        freshness=freshness,
        maps=is_sent_plain,
    )
    return BlockCache(config.cache_folder, mounts, rules)


def _origin(config: AnyOrigin) -> Origin:
    if isinstance(config, FileOriginConfig):
        return FileOrigin(config.label, config.root)
    patience = Patience(
        connect_s=config.connect_timeout,
        answer_s=config.timeout,
        slowest=config.slowest,
        tries=config.tries,
        connections=config.connections,
    )
    if isinstance(config, HttpOriginConfig):
        return HttpOrigin(config.label, config.mirrors, allow=config.allow, patience=patience)
    assert isinstance(config, S3OriginConfig)
    return S3Origin(
        config.label,
        config.bucket,
        endpoint=config.endpoint,
        region=config.region,
        access_key=config.access_key,
        secret_key=config.secret_key,
        folder=config.folder,
        patience=patience,
    )


def missing(config: VodConfig) -> Iterator[tuple[str, bool]]:
    """What is not there, as sentences with key and mend; and whether it is a fault.

    The server starts without the folder of a file origin: it may be mounted later.
    """
    for number, origin in enumerate(config.origins):
        if isinstance(origin, FileOriginConfig) and not origin.root.is_dir():
            told = f"vod.origins.{number}.root: {origin.root} is no folder: make it, or name another"
            yield told, origin != FileOriginConfig()
    if config.is_cached and (fault := _unwritable(config.cache_folder)):
        yield f"vod.cache_dir: {config.cache_folder}: {fault}", True
    elif config.is_cached and config.capacity > (
        room := shutil.disk_usage(_existing(config.cache_folder)).total
    ):
        yield f"vod.capacity: the disk of {config.cache_folder} has {room >> 20} MiB in all: lower it", False


def _existing(folder: Path) -> Path:
    """Itself, or the nearest above it that is there, were it a link to nothing."""
    return next(each for each in (folder, *folder.parents, Path()) if os.path.lexists(each))


def _unwritable(folder: Path) -> str | None:
    if any(len(os.fsencode(part)) > _LONGEST_PART for part in folder.parts):
        return "a name in it is too long: name another"
    existing = _existing(folder)
    if not existing.is_dir():
        return f"{existing} is no folder: name another"
    if not os.access(existing, os.W_OK | os.X_OK):
        return f"{existing} cannot be written: give it to the server's user, or name another"
    return None
