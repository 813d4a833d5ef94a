"""How often one address may ask (RFC 9725, 5: endpoints should limit the rate of POST, PATCH and DELETE)."""

import math
from collections import OrderedDict

from edge.config import LimitsConfig
from edge.errors import TooManyRequests
from edge.http.network import network_of


class RateLimit:
    """A token bucket for each address: `burst` requests at once, `per_second` in the long run.

    At most `capacity` addresses are remembered; the one that was silent longest is forgotten first, and most
    of those have full buckets anyway. Addresses of this machine are never limited: a reverse proxy is one.
    """

    def __init__(self, *, per_second: float, burst: int, capacity: int = 10_000) -> None:
        self._per_second = per_second
        self._burst = float(burst)
        self._capacity = capacity
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, address: str, now: float) -> None:
        """Count one request. TooManyRequests (429) says after how many seconds the next is welcome."""
        key = network_of(address)
        if key is None:
            return
        tokens, since = self._buckets.pop(key, (self._burst, now))
        tokens = min(self._burst, tokens + (now - since) * self._per_second)
        refused = tokens < 1
        self._buckets[key] = (tokens if refused else tokens - 1, now)
        if len(self._buckets) > self._capacity:
            self._buckets.popitem(last=False)
        if refused:
            wait = max(1, math.ceil((1 - tokens) / self._per_second))
            raise TooManyRequests(f"Too many requests from {key}: wait {wait} s", retry_after_s=wait)


def rate_of(limits: LimitsConfig) -> RateLimit | None:
    """`requests_per_address`, with ten seconds' worth at once; None: not limited."""
    per_second = limits.requests_per_address
    return RateLimit(per_second=per_second, burst=10 * per_second) if per_second else None
