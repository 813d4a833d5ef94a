"""How often one address may ask (RFC 9725, 5: endpoints should limit the rate of POST, PATCH and DELETE), and
all together.
"""

import math
from collections import OrderedDict

from edge.config import LimitsConfig
from edge.errors import Overloaded, TooManyRequests
from edge.http.network import network_of


class Bucket:
    """Of tokens: `burst` at once, `per_second` in the long run."""

    __slots__ = ("_burst", "_per_second", "_since", "_tokens")

    def __init__(self, per_second: float, burst: float, now: float) -> None:
        self._per_second = per_second
        self._burst = self._tokens = burst
        self._since = now

    def take(self, now: float) -> int:
        """0: there was a token, and it is gone. Else after how many seconds there will be one."""
        self._tokens = min(self._burst, self._tokens + (now - self._since) * self._per_second)
        self._since = now
        if self._tokens < 1:
            return max(1, math.ceil((1 - self._tokens) / self._per_second))
        self._tokens -= 1
        return 0


class RateLimit:
    """A bucket for each address, and one for all.

    At most `capacity` addresses are remembered; the one that was silent longest is forgotten first, and most
    of those have full buckets anyway. Addresses of this machine count in all only: a reverse proxy is one.
    """

    def __init__(
        self, *, per_second: float, burst: int, in_all_per_second: float = 0, capacity: int = 10_000
    ) -> None:
        """`per_second`, `in_all_per_second`: 0 is no limit. In all one second's worth may come at once."""
        self._per_second = per_second
        self._burst = float(burst)
        self._in_all_per_second = in_all_per_second
        self._in_all: Bucket | None = None
        self._capacity = capacity
        self._buckets: OrderedDict[str, Bucket] = OrderedDict()

    def take(self, address: str, now: float) -> None:
        """Count one request. TooManyRequests (429) and, where all together ask too often, Overloaded (503)
        say after how many seconds the next is welcome. Who is refused for himself takes nothing from others.
        """
        if self._per_second and (key := network_of(address)) is not None:
            self._take_of(key, now)
        if self._in_all_per_second:
            self._take_in_all(now)

    def _take_of(self, key: str, now: float) -> None:
        bucket = self._buckets.pop(key, None) or Bucket(self._per_second, self._burst, now)
        wait = bucket.take(now)
        self._buckets[key] = bucket
        if len(self._buckets) > self._capacity:
            self._buckets.popitem(last=False)
        if wait:
            raise TooManyRequests(f"Too many requests from {key}: wait {wait} s", retry_after_s=wait)

    def _take_in_all(self, now: float) -> None:
        if self._in_all is None:
            self._in_all = Bucket(self._in_all_per_second, max(1.0, self._in_all_per_second), now)
        if wait := self._in_all.take(now):
            raise Overloaded(
                f"This server is asked {self._in_all_per_second:g} times a second and more, its limit "
                "(the operator's key: limits.requests)",
                retry_after_s=wait,
            )


def rate_of(limits: LimitsConfig) -> RateLimit | None:
    """`requests_per_address`, with ten seconds' worth at once, and `requests`; None: neither is limited."""
    of_one, in_all = limits.requests_per_address, limits.requests
    if not (of_one or in_all):
        return None
    return RateLimit(per_second=of_one, burst=10 * of_one, in_all_per_second=in_all)
