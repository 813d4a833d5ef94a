"""Percentiles out of a Prometheus histogram: the upper bound of the bucket, so never flattering."""

import re

_BOUND = re.compile(r'le="([^"]+)"')


def quantile(before: dict[str, float], after: dict[str, float], name: str, share: float) -> float | None:
    """Seconds that `share` of the observations between two scrapes did not exceed; None of none."""
    buckets: dict[float, float] = {}
    for key, value in after.items():
        if key.startswith(f"{name}_bucket{{") and (match := _BOUND.search(key)):
            bound = float(match[1])
            buckets[bound] = buckets.get(bound, 0) + value - before.get(key, 0)
    total = max(buckets.values(), default=0)
    return next((bound for bound in sorted(buckets) if total and buckets[bound] >= share * total), None)


def difference(before: dict[str, float], after: dict[str, float], name: str, **labels: str) -> float:
    """How much a counter grew, all of it that has these labels together."""
    wanted = [f'{label}="{value}"' for label, value in labels.items()]
    return sum(
        value - before.get(key, 0)
        for key, value in after.items()
        if key.partition("{")[0] == name and all(one in key for one in wanted)
    )
