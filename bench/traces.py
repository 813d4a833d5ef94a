"""Who asks for what, as a list: a model of short videos from a seed, or a CSV of time, key, range."""

import csv
import random
import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import NamedTuple

KIB, MIB = 1024, 1024**2
_RANGE = re.compile(r"(?:bytes=)?(\d{1,18})-(\d{1,18})")


class Request(NamedTuple):
    """One range of one asset: octets from `start` to before `stop`."""

    at_s: float
    asset: str
    start: int
    stop: int


@dataclass(frozen=True)
class Trace:
    """In the order of time. `sizes`: of each asset; `moovs`: where its index starts, of those that have it at the end."""

    requests: list[Request]
    sizes: dict[str, int]
    moovs: dict[str, int]


@dataclass(frozen=True)
class ShortVideos:
    """A feed of clips. Sizes are octets, shares 0..1.

    Which clip: Zipf over `assets` places; `churn` times in the whole trace a new upload takes a place, any place. How long:
    some swipe on within seconds, of the others most see less than the whole. A player asks for 512 KiB, then for 1 MiB at a
    time, a few seconds ahead of what it shows; of a clip with its index at the end that too, before all else. `scanned`: the
    share of visits that read a whole clip, whichever (crawlers, copies).
    """

    assets: int = 20_000
    zipf: float = 0.9
    churn: int = 5_000
    views_per_s: float = 20.0
    bitrate_bytes: int = 312_500
    median_s: float = 20.0
    swiped: float = 0.4
    ahead_s: float = 4.0
    moov_at_end: float = 0.2
    scanned: float = 0.03


def short_videos(requests: int, seed: int, model: ShortVideos = ShortVideos()) -> Trace:
    """The same for the same seed."""
    chance = random.Random(seed)
    places = [f"clips/{number}.mp4" for number in range(model.assets)]
    chance.shuffle(places)
    weights = list(accumulate((rank + 1) ** -model.zipf for rank in range(model.assets)))
    trace = Trace([], {}, {})
    at_s, uploads = 0.0, 0
    while len(trace.requests) < requests:
        at_s += chance.expovariate(model.views_per_s)
        if len(trace.requests) * model.churn >= (uploads + 1) * requests:
            places[chance.randrange(model.assets)] = f"clips/new-{uploads}.mp4"
            uploads += 1
        is_scan = chance.random() < model.scanned
        asset = chance.choice(places) if is_scan else chance.choices(places, cum_weights=weights)[0]
        trace.requests.extend(_visit(trace, chance, model, at_s, asset, is_scan=is_scan))
    trace.requests.sort()
    del trace.requests[requests:]
    return trace


def _visit(
    trace: Trace, chance: random.Random, model: ShortVideos, at_s: float, asset: str, *, is_scan: bool
) -> Iterable[Request]:
    size = trace.sizes.get(asset) or _upload(trace, chance, model, asset)
    length_s = size / model.bitrate_bytes
    if is_scan:
        seen_s = length_s
    elif chance.random() < model.swiped:
        seen_s = chance.expovariate(1 / 2.0)
    else:
        seen_s = chance.expovariate(1 / (0.6 * length_s))
    wanted = min(size, round((min(seen_s, length_s) + model.ahead_s) * model.bitrate_bytes))
    start, stop = 0, min(512 * KIB, size)
    while start < wanted:
        ahead_s = max(0.0, start / model.bitrate_bytes - model.ahead_s)
        yield Request(at_s + ahead_s, asset, start, stop)
        if start == 0 and asset in trace.moovs:
            yield Request(at_s + 0.1, asset, trace.moovs[asset], size)
        start, stop = stop, min(stop + MIB, size)


def _upload(trace: Trace, chance: random.Random, model: ShortVideos, asset: str) -> int:
    length_s = min(max(chance.lognormvariate(0, 0.7) * model.median_s, 3.0), 300.0)
    size = trace.sizes[asset] = round(length_s * model.bitrate_bytes)
    if chance.random() < model.moov_at_end:
        trace.moovs[asset] = size - min(128 * KIB, size // 8)
    return size


def read_csv(path: Path) -> Trace:
    """Rows of `time,key,range`: seconds, any text, `0-1023` or `bytes=0-1023`; a first row of names may be there.

    The size of an asset is the end of its furthest range. ValueError names the line.
    """
    trace = Trace([], {}, {})
    with path.open(newline="", encoding="utf-8") as file:
        for number, row in enumerate(csv.reader(file), 1):
            if not row or (number == 1 and row[0].strip().lower() == "time"):
                continue
            request = _row(row, f"{path}:{number}")
            trace.requests.append(request)
            trace.sizes[request.asset] = max(request.stop, trace.sizes.get(request.asset, 0))
    trace.requests.sort(key=lambda request: request.at_s)
    return trace


def _row(row: list[str], place: str) -> Request:
    if len(row) != 3:
        raise ValueError(f"{place}: write time,key,range")
    match = _RANGE.fullmatch(row[2].strip())
    if match is None or int(match[1]) > int(match[2]):
        raise ValueError(f"{place}: {row[2]!r} is no range: write first-last octet, like 0-1048575")
    try:
        at_s = float(row[0])
    except ValueError as error:
        raise ValueError(f"{place}: {row[0]!r} is no time in seconds") from error
    return Request(at_s, row[1], int(match[1]), int(match[2]) + 1)
