"""How many connections there may be: in all, and of one address. Beyond, a connection is told and closed."""

import asyncio
import logging
from collections import Counter

from aiohttp import web

from edge.config import LimitsConfig
from edge.metrics import WEB_CONNECTIONS, WEB_TURNED_AWAY
from edge.web.client_address import Networks, client_address
from edge.web.rate_limit import network_of

logger = logging.getLogger(__name__)

FULL = (
    b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 2\r\nConnection: close\r\nContent-Length: 0\r\n"
    b"Cache-Control: no-store\r\nAccess-Control-Allow-Origin: *\r\n\r\n"
)


class Doors:
    """Counts who is in. This machine and trusted proxies stand for many: only the sum counts."""

    def __init__(self, limits: LimitsConfig, trusted: Networks) -> None:
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
        self._count += 1
        WEB_CONNECTIONS.set(self._count)
        if key is not None:
            self._of_address[key] += 1
        return True

    def _turn_away(self, reason: str, address: str) -> bool:
        WEB_TURNED_AWAY.labels(reason).inc()
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

    def _key(self, address: str) -> str | None:
        is_proxy = client_address(address, ["192.0.2.1"], self._trusted) != address
        return None if is_proxy else network_of(address)


def guard(server: web.Server, doors: Doors) -> None:
    """Put the doors in front of aiohttp's server."""
    inside: dict[web.RequestHandler, str] = {}
    made, lost = server.connection_made, server.connection_lost

    def connection_made(handler: web.RequestHandler, transport: asyncio.Transport) -> None:
        made(handler, transport)
        peer = transport.get_extra_info("peername")
        address = peer[0] if isinstance(peer, tuple) else ""
        if doors.enter(address):
            inside[handler] = address
        else:
            transport.write(FULL)
            transport.close()

    def connection_lost(handler: web.RequestHandler, exc: BaseException | None = None) -> None:
        lost(handler, exc)
        address = inside.pop(handler, None)
        if address is not None:
            doors.leave(address)

    server.connection_made = connection_made  # type: ignore[method-assign]
    server.connection_lost = connection_lost  # type: ignore[method-assign]
