"""How many connections and held requests there may be: in all, and of one address."""

import logging
import time
from collections import Counter
from collections.abc import Callable

from edge.config import LimitsConfig
from edge.errors import Overloaded
from edge.http.cors import OPEN
from edge.http.message import Response
from edge.http.network import network_of
from edge.http.problem import problem_of
from edge.metrics import WEB_CONNECTIONS, WEB_TURNED_AWAY
from edge.web.client_address import Networks, client_address

logger = logging.getLogger(__name__)

LATELY_S = 60.0
"""Players that open a connection for each request are no newcomers, nor are those that paused."""

_MOST_LATELY = 50_000

FULL = (
    b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 2\r\nConnection: close\r\nContent-Length: 0\r\n"
    b"Cache-Control: no-store\r\nAccess-Control-Allow-Origin: *\r\n\r\n"
)

_TURNED_AWAY = {reason: WEB_TURNED_AWAY.labels(reason) for reason in ("full", "address", "late")}


def _nobody(_: str) -> bool:
    """There is room."""
    return False


class Doors:
    """Counts who is in. This machine and trusted proxies stand for many: only the sum counts."""

    def __init__(
        self, limits: LimitsConfig, trusted: Networks, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.turns_away: Callable[[str], bool] = _nobody
        """Whether a newcomer of this address would cost those who are here too much. Addresses that have a
        connection, or had one lately, are no newcomers and let in.
        """
        self._clock = clock
        self._left: dict[str, float] = {}
        """When its last connection went, the oldest first."""
        self._limits = limits
        self._trusted = trusted
        self._count = 0
        self._of_address: Counter[str] = Counter()

    def enter(self, address: str) -> bool:
        """Whether there is room. Who is let in leaves once, by `leave`."""
        key = self._key(address)
        if self._count >= self._limits.connections:
            return self._turn_away("full", address)
        if key is not None and self._of_address[key] >= self._limits.connections_per_address:
            return self._turn_away("address", address)
        if key is not None and self.turns_away(address) and self._is_new(key):
            return self._turn_away("late", address)
        self._count += 1
        WEB_CONNECTIONS.set(self._count)
        if key is not None:
            self._of_address[key] += 1
        return True

    def _turn_away(self, reason: str, address: str) -> bool:
        _TURNED_AWAY[reason].inc()
        logger.warning("web.turned_away", extra={"reason": reason, "client": address, "open": self._count})
        return False

    def leave(self, address: str) -> None:
        """The connection is gone."""
        self._count -= 1
        WEB_CONNECTIONS.set(self._count)
        key = self._key(address)
        if key is not None:
            self._of_address[key] -= 1
            if self._of_address[key] <= 0:
                del self._of_address[key]
                self._remember(key)

    def _is_new(self, key: str) -> bool:
        if key in self._of_address:
            return False
        left = self._left.get(key)
        return left is None or self._clock() - left >= LATELY_S

    def _remember(self, key: str) -> None:
        now = self._clock()
        self._left.pop(key, None)
        self._left[key] = now
        while len(self._left) > _MOST_LATELY or now - next(iter(self._left.values())) >= LATELY_S:
            del self._left[next(iter(self._left))]

    def _key(self, address: str) -> str | None:
        is_proxy = client_address(address, ["192.0.2.1"], self._trusted) != address
        return None if is_proxy else network_of(address)


def no_seat() -> Response:
    """Of one address so many wait already."""
    return _NO_SEAT


_NO_SEAT = problem_of(
    Overloaded(
        "Too many requests of one address wait here (the operator's key: limits.waiters_per_address)",
        retry_after_s=1,
    ),
    headers=OPEN,
)


class Seats:
    """Counts who waits, by client. This machine is not limited; proxies are seen through before."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._of_client: Counter[str] = Counter()

    def take(self, client: str) -> bool:
        """Whether one more of this address may wait. Who may leaves once, by `leave`."""
        key = network_of(client)
        if key is None:
            return True
        if self._of_client[key] >= self._limit:
            return False
        self._of_client[key] += 1
        return True

    def leave(self, client: str) -> None:
        """The request is held no more."""
        key = network_of(client)
        if key is not None:
            self._of_client[key] -= 1
            if self._of_client[key] <= 0:
                del self._of_client[key]
