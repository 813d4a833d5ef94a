"""What the API says, as text for a terminal."""

from collections.abc import Iterator
from typing import Any

from edge.http.asset_path import ODD

_NOTHING = "nothing that matches is in the cache"
_UNITS = ("B", "KiB", "MiB", "GiB", "TiB")


def shown(name: str) -> str:
    """As it is, so that it can be copied; what a terminal would obey is quoted."""
    return repr(name) if ODD.search(name) else name


def size(octets: float) -> str:
    """Such as "3.2 GiB", in three figures or so."""
    at = 0
    while octets >= 1024 and at < len(_UNITS) - 1:
        octets, at = octets / 1024, at + 1
    return f"{octets:.0f} {_UNITS[at]}" if at == 0 or octets >= 100 else f"{octets:.1f} {_UNITS[at]}"


def stats_text(stats: dict[str, Any]) -> str:
    """Of GET /api/v1/cache."""
    used, capacity = stats["used_bytes"], stats["capacity_bytes"]
    heads = f", {stats['head_blocks']:,} of them heads (let go last)" if "head_blocks" in stats else ""
    ahead = stats.get("read_ahead", 0)
    asked = stats["hits"] + stats["joined"] + ahead + stats["misses"]
    ratio = "nothing was asked for yet" if stats["hit_ratio"] is None else f"{stats['hit_ratio']:.1%}"
    rows = [
        ("used", f"{size(used)} of {size(capacity)} ({used / max(capacity, 1):.0%})"),
        ("blocks", f"{stats['blocks']:,}{heads}"),
        ("on their way", f"{stats['fills']:,}"),
        ("hit ratio", ratio + (f" of {asked:,} blocks since the server started" if asked else "")),
        ("misses", f"{stats['misses']:,}, {ahead:,} read ahead, {stats['joined']:,} joined one on its way"),
        ("evicted", f"{stats['evicted_blocks']:,} blocks; {size(stats['written_bytes'])} written"),
    ]
    return "\n".join(f"{name:<14}{value}" for name, value in rows)


def matched_text(stats: dict[str, Any]) -> str:
    """Of GET /api/v1/cache?pattern=."""
    some, used = stats["matched"], stats["used_bytes"]
    heads = f", {some['head_blocks']:,} of them heads (let go last)" if some["head_blocks"] else ""
    rows = [
        ("assets", f"{some['assets']:,}, {some['whole_assets']:,} of them whole"),
        ("held", f"{size(some['held_bytes'])} ({some['held_bytes'] / max(used, 1):.0%} of what is used)"),
        ("blocks", f"{some['blocks']:,}{heads}"),
    ]
    return "\n".join(f"{name:<14}{value}" for name, value in rows)


def assets_text(listed: dict[str, Any]) -> str:
    """Of GET /api/v1/cache/assets: size, what is held of it, blocks and name; nothing for nothing."""
    return "\n".join(_rows(listed)) if listed["assets"] else _NOTHING


def purged_text(purged: dict[str, Any]) -> str:
    """Of DELETE /api/v1/cache/assets."""
    count = purged["purged_blocks"]
    return f"{count:,} block{'s' * (count != 1)} dropped" if count else _NOTHING


def _rows(listed: dict[str, Any]) -> Iterator[str]:
    yield f"{'size':>10} {'held':>10} {'':>5} {'blocks':>7}  asset"
    for one in listed["assets"]:
        whole = one["size_bytes"]
        share = "?" if whole is None else f"{100 * one['held_bytes'] // max(whole, 1)} %"
        told = "?" if whole is None else size(whole)
        yield f"{told:>10} {size(one['held_bytes']):>10} {share:>5} {one['blocks']:>7}  {shown(one['asset'])}"
    more = listed["matched"] - len(listed["assets"])
    if more > 0:
        yield f"and {more:,} more: narrow the pattern, or raise --limit"
