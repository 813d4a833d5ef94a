"""A line on disk of what an origin said about an asset: what is torn or altered says nothing."""

import hashlib
import json
import os
import time
from dataclasses import asdict
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import NamedTuple

from edge.http.storing import UNSAID, Storing
from edge.vod.asset import Asset

_FORMAT = b"edge assets 1"
_UNSAID = asdict(UNSAID)
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


class Moment(NamedTuple):
    """`wall_s`: since 1970, as far as anybody knows; `up_s`: since this machine's start `boot`, by a clock
    that nobody sets.
    """

    wall_s: float
    up_s: float
    boot: str

    def since(self, then: "Moment") -> float | None:
        """Seconds, rather too many than too few; None: the clock was set back, nobody knows."""
        wall_s = self.wall_s - then.wall_s
        if self.boot and self.boot == then.boot:
            return max(wall_s, self.up_s - then.up_s, 0.0)
        return wall_s if wall_s >= 0 else None


def moment() -> Moment:
    """Now."""
    clock = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)  # Linux has one that counts sleep too
    return Moment(time.time(), time.clock_gettime(clock), _boot())


@cache
def _boot() -> str:
    """The machine's start by its name; our unit tells it, for it hides the files of /proc/sys."""
    try:
        return _BOOT_ID.read_text("ascii").strip()
    except OSError:
        return os.environ.get("BOOT_ID", "")


def row(asset: Asset, said: Moment) -> str:
    """One line, ASCII: a checksum, the name of the asset, what was said and when; between tabs."""
    modified = asset.modified and asset.modified.isoformat()
    storing = {name: value for name, value in asdict(asset.storing).items() if value != _UNSAID[name]}
    told = [asset.size, asset.etag, modified, asset.content_type, asset.origin, storing, said]
    return _sealed(quoted(asset.key), json.dumps(told))


def forgotten(key: str) -> str:
    """The line that says: what stands above about this asset is not so any more."""
    return _sealed(quoted(key), "")


def quoted(key: str) -> str:
    """The name as it stands in a row: without a tab, without the end of a line."""
    return json.dumps(key)


def parsed(line: str) -> tuple[Asset, Moment] | None:
    """The inverse of `row`; None: not every bit is as it was written."""
    seal, _, text = line.strip("\n").partition("\t")
    name, _, rest = text.partition("\t")
    if not rest or seal != _seal(text):
        return None
    try:
        size, etag, modified, content_type, origin, storing, said = json.loads(rest)
        then = datetime.fromisoformat(modified) if modified else None
        asset = Asset(json.loads(name), size, etag, then, content_type, origin, Storing(**storing))
        return asset, Moment(*said)
    except (ValueError, TypeError):
        return None  # of a version of ours that knew other words


def _sealed(name: str, rest: str) -> str:
    text = f"{name}\t{rest}"
    return f"{_seal(text)}\t{text}"


def _seal(text: str) -> str:
    return hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=8, person=_FORMAT).hexdigest()
