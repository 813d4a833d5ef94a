"""`python -m bench.cache_policies`: traces replayed through the index of the cache, by policy and size.

A request that touches a block that is not there fetches the whole block, as the server does. `miss_requests`: requests that
had to wait for the origin; `miss_bytes`: octets of clients that did; `miss_starts`: of those requests that begin an asset;
`origin_per_client` and `written_per_client`: octets fetched and written to disk for each octet asked for.
"""

import argparse
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from bench import report
from bench.plain_lru import PlainLru
from bench.plot import Panel, svg
from bench.traces import MIB, ShortVideos, Trace, read_csv, short_videos
from edge.vod.asset import BlockKey
from edge.vod.block_index import BlockIndex
from edge.vod.block_policy import S3Fifo, Sieve
from edge.vod.eviction import POLICIES

HEAD = 512 * 1024
HEAD_SHARE = 0.1


class Wanted(NamedTuple):
    """A block that a request touches: `asked` octets of its `size`, from within it or from its beginning."""

    key: BlockKey
    size: int
    is_head: bool
    asked: int
    is_within: bool


Step = tuple[bool, tuple[Wanted, ...]]
"""One request: whether it begins an asset, and its blocks."""


class Contestant(NamedTuple):
    """`index` makes one for a capacity in octets and a quota of heads."""

    name: str
    index: Callable[[int, int], BlockIndex]


def contestant(policy: str, *, heads: bool) -> Contestant:
    """`heads`: those within the quota go last, as in the server."""

    def index(capacity: int, quota: int) -> BlockIndex:
        return BlockIndex(capacity, head_quota=quota * heads, policy=policy)

    return Contestant(policy + (" heads" if heads else ""), index)


POLICIES["plain lru"] = PlainLru
POLICIES.setdefault("sieve", Sieve)
POLICIES.setdefault("s3-fifo", S3Fifo)
CONTESTANTS = [
    contestant(policy, heads=heads)
    for policy in ("plain lru", "lru", "sieve", "s3-fifo")
    for heads in (False, True)
]


def steps(trace: Trace, block: int) -> list[Step]:
    """What the cache makes of each request. Keys are shared, so that a million requests fit in memory."""
    known: dict[tuple[str, int], tuple[BlockKey, int, bool]] = {}

    def touched(asset: str, start: int, stop: int) -> Iterator[Wanted]:
        for number in range(start // block, -(-stop // block)):
            first, place = number * block, (asset, number)
            if place not in known:
                end = min(first + block, trace.sizes[asset])
                moov = trace.moovs.get(asset)
                is_head = first < HEAD or (moov is not None and end > moov)
                known[place] = (BlockKey(asset, '"1"', number), end - first, is_head)
            key, size, is_head = known[place]
            yield Wanted(key, size, is_head, min(stop, first + size) - max(start, first), start > first)

    return [(one.start == 0, tuple(touched(one.asset, one.start, one.stop))) for one in trace.requests]


def replay(requests: Sequence[Step], index: BlockIndex) -> dict[str, float]:
    """What it would have cost."""
    asked = missed = fetched = written = misses = starts = missed_starts = 0
    get, admit = index.get, index.admit
    for is_start, blocks in requests:
        is_miss = False
        for key, size, is_head, octets, is_within in blocks:
            asked += octets
            if get(key, is_going_on=is_within) is not None:
                continue
            is_miss = True
            missed += octets
            fetched += size
            if admit(key, size, is_head=is_head) is not None:
                written += size
        misses += is_miss
        starts += is_start
        missed_starts += is_miss and is_start
    return {
        "miss_requests": misses / max(len(requests), 1),
        "miss_bytes": missed / max(asked, 1),
        "miss_starts": missed_starts / max(starts, 1),
        "origin_per_client": fetched / max(asked, 1),
        "written_per_client": written / max(asked, 1),
    }


def compare(
    requests: Sequence[Step], sizes: Sequence[float], contestants: Sequence[Contestant]
) -> Iterator[dict[str, object]]:
    """A row for each size (GiB) and contestant."""
    for size_gib in sizes:
        capacity = round(size_gib * 1024**3)
        for name, index in contestants:
            began = time.perf_counter()
            figures = replay(requests, index(capacity, round(capacity * HEAD_SHARE)))
            took_s = time.perf_counter() - began
            yield {
                "cache_gib": size_gib,
                "policy": name,
                **figures,
                "requests_per_s": round(len(requests) / took_s),
            }


def drawn(rows: Sequence[dict[str, object]]) -> str:
    """The rows as an SVG: three figures over the size of the cache."""
    sizes = list(dict.fromkeys(str(row["cache_gib"]) for row in rows))
    panels = []
    for figure, title in (
        ("miss_bytes", "octets of clients that wait for the origin"),
        ("miss_starts", "first requests that wait for the origin"),
        ("written_per_client", "octets written to disk per octet asked for"),
    ):
        lines: dict[str, list[float]] = {}
        for row in rows:
            lines.setdefault(str(row["policy"]), []).append(float(str(row[figure])))
        panels.append(Panel(title, "cache, GiB", sizes, dict(lines)))
    return svg(panels)


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m bench.cache_policies",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--trace", type=Path, metavar="CSV", help="time,key,range a row, instead of the model"
    )
    parser.add_argument("--requests", type=int, default=1_000_000, help="of the model")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--zipf", type=float, default=ShortVideos.zipf, help="of the model")
    parser.add_argument("--scanned", type=float, default=ShortVideos.scanned, help="of the model")
    parser.add_argument("--block", type=int, default=MIB, help="vod.block_size in octets")
    parser.add_argument(
        "--sizes", type=float, nargs="+", default=[2, 5, 10, 20, 40], help="of the cache, in GiB"
    )
    parser.add_argument("--policies", nargs="+", choices=[one.name for one in CONTESTANTS], help="all")
    parser.add_argument("--json", type=Path, help="where the result goes (bench/results/cache_policies.json)")
    parser.add_argument("--svg", type=Path, help="draw it too")
    parser.add_argument("--seconds", type=float, help="not used: a replay takes what it takes")
    options = parser.parse_args()
    model = ShortVideos(zipf=options.zipf, scanned=options.scanned)
    trace = read_csv(options.trace) if options.trace else short_videos(options.requests, options.seed, model)
    settings = {
        "trace": str(options.trace) if options.trace else f"{model} seed={options.seed}",
        "requests": len(trace.requests),
        "assets": len(trace.sizes),
        "block": options.block,
        "head_quota": f"{HEAD_SHARE:.0%} of the cache",
    }
    result = report.Result("cache_policies", settings, {"name": "lru"})
    chosen = [one for one in CONTESTANTS if not options.policies or one.name in options.policies]
    result.rows.extend(compare(steps(trace, options.block), options.sizes, chosen))
    result.write(options.json)
    if options.svg:
        options.svg.write_text(drawn(result.rows), "utf-8")


if __name__ == "__main__":
    main()
