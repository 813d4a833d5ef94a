"""Both lanes behind the same sockets: the fast one first, aiohttp behind it for everything else."""

import asyncio
import socket
import ssl
from collections.abc import Callable, Iterable, Mapping
from functools import partial

from aiohttp import web

from edge.auth.admission import Admission
from edge.config import Address, Config
from edge.live.hub import Hub
from edge.web.access_log import AccessLog
from edge.web.api import Control
from edge.web.app import make_app
from edge.web.doors import Seats
from edge.web.express import Express
from edge.web.gate import Gate
from edge.web.lane import Answerer, Lane
from edge.web.readiness import Readiness
from edge.web.strict import strict_lane
from edge.web.viewers_api import viewer_routes
from edge.web.viewing import Viewing

BACKLOG = 4096
_NO_ROOMS: Mapping[str, Answerer] = {}
_PATIENCE_S = 1.0
"""For answers that are on their way when the server goes down."""


def _nobody() -> None:
    """Waits."""


class Serving:
    """Made by `begin`; `tick` is called some ten times a second."""

    def __init__(self, runner: web.AppRunner, lane: Lane) -> None:
        self.lane = lane
        self._runner = runner
        self._servers: list[asyncio.AbstractServer] = []

    @classmethod
    async def begin(
        cls,
        config: Config,
        hub: Hub,
        *,
        ready: Readiness,
        admission: Admission,
        control: Control | None = None,
        routes: Iterable[web.AbstractRouteDef] = (),
        rooms: Mapping[str, Answerer] = _NO_ROOMS,
    ) -> "Serving":
        """Compose both; nothing listens yet. `routes`: see make_app; `rooms`: see Lane, beside `live`."""
        gate = Gate(hub, admission, Viewing(capacity=2 * config.live.max_publications))
        seats = Seats(config.limits.waiters_per_address)
        access_log = AccessLog(config.server.access_log)
        lane = Lane(config, {"live": gate, **rooms}, ready=ready, seats=seats, access_log=access_log)
        app = make_app(
            config,
            hub,
            ready=ready,
            routes=[*routes, *viewer_routes(lane, admission)],
            admission=admission,
            control=control,
            gate=gate,
            seats=seats,
            rate=lane.rate,
            access_log=access_log,
            collectors=(lane.tally,),
        )
        runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=_PATIENCE_S)
        await runner.setup()
        assert runner.server is not None
        lane.strict = strict_lane(
            runner.server,
            access_log=None,
            keepalive_timeout=config.limits.idle,
            auto_decompress=False,  # no body here may be compressed: a stranger's gzip must not cost anything
        )
        return cls(runner, lane)

    async def listen(self, one: socket.socket, tls: ssl.SSLContext | None) -> Address:
        """Serve a socket that is bound; it is ours from now on. A Unix socket has no address to return."""
        loop = asyncio.get_running_loop()
        create = loop.create_unix_server if one.family == socket.AF_UNIX else loop.create_server
        server = await create(
            partial(Express, self.lane),
            sock=one,
            ssl=tls,
            backlog=BACKLOG,
            ssl_handshake_timeout=self.lane.limits.slow_head if tls is not None else None,
        )
        self._servers.append(server)
        name = one.getsockname()
        return Address(name[0], name[1]) if isinstance(name, tuple) else Address("", 0)

    def stop_listening(self) -> None:
        """Whoever is here stays."""
        for server in self._servers:
            server.close()
        self._servers.clear()

    async def last_call(self) -> None:
        """Nobody comes any more; who asks now is heard, and whoever asks nothing goes."""
        self.stop_listening()
        self.lane.end_idle()
        await self.lane.hear_out()

    def tick(self, now: float) -> None:
        """See Lane.tick."""
        self.lane.tick(now)

    async def close(self, let_go: Callable[[], None] = _nobody) -> None:
        """Say what is to say, and end. `let_go` answers whoever waits then."""
        self.stop_listening()
        await self.lane.hear_out()
        let_go()
        await asyncio.gather(self.lane.close(_PATIENCE_S), self._runner.cleanup())
