"""The aiohttp application: media, control, health and metrics, and whatever routes it is given besides."""

from collections.abc import Iterable

from aiohttp import hdrs, web
from prometheus_client import REGISTRY
from prometheus_client.exposition import choose_encoder

from edge.config import Config
from edge.errors import Overloaded
from edge.http.cache_control import NO_STORE
from edge.live.hub import Hub
from edge.web.api import api_routes
from edge.web.media import media_routes
from edge.web.middleware import counted, problems

MAX_BODY_BYTES = 256 * 1024
"""An SDP offer of a browser has some 10 kB."""


class Readiness:
    """Whether new work may be sent here: not while starting, not while draining."""

    def __init__(self) -> None:
        self._is_ready = False

    def set(self, is_ready: bool) -> None:
        """Told by whoever starts and stops the server."""
        self._is_ready = is_ready

    def __bool__(self) -> bool:
        return self._is_ready


def make_app(
    config: Config, hub: Hub, *, ready: Readiness, routes: Iterable[web.AbstractRouteDef] = ()
) -> web.Application:
    """Compose. `routes`: those of other files (WHIP, pages); `/live`, `/api`, `/metrics` and health are here.

    Nothing ticks here: whoever runs the application calls `hub.tick`.
    """
    app = web.Application(middlewares=[counted, problems], client_max_size=MAX_BODY_BYTES)
    app.add_routes(media_routes(hub))
    app.add_routes(api_routes(config, hub))
    app.add_routes(_operating_routes(ready))
    app.add_routes(routes)
    return app


def _operating_routes(ready: Readiness) -> list[web.AbstractRouteDef]:
    async def healthz(_: web.Request) -> web.Response:
        """The process answers: it is alive."""
        return _text("ok\n")

    async def readyz(_: web.Request) -> web.Response:
        if not ready:
            raise Overloaded("The server is starting or draining; send requests elsewhere", retry_after_s=1)
        return _text("ready\n")

    return [
        web.get("/healthz", healthz),
        web.get("/readyz", readyz),
        web.get("/metrics", metrics),
    ]


async def metrics(request: web.Request) -> web.Response:
    """Prometheus text, or OpenMetrics where the Accept field asks for it."""
    encode, content_type = choose_encoder(request.headers.get(hdrs.ACCEPT, ""))
    headers = {"Content-Type": content_type, "Cache-Control": NO_STORE}
    return web.Response(body=encode(REGISTRY), headers=headers)


def _text(text: str) -> web.Response:
    return web.Response(text=text, headers={"Cache-Control": NO_STORE})
