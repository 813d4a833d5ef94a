"""The aiohttp application: media, control, health and metrics, and whatever routes it is given besides."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from functools import partial

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler, Middleware
from prometheus_client import REGISTRY, CollectorRegistry
from prometheus_client.registry import Collector

from edge.auth.admission import Admission
from edge.config import Config
from edge.errors import Overloaded
from edge.host.process_metrics import ProcessCollector
from edge.http.cache_control import NO_STORE
from edge.live.hub import Hub
from edge.web.access_log import AccessLog, Line
from edge.web.api import Control, admit, api_routes
from edge.web.client_address import Networks, client_address, trusted_networks
from edge.web.doors import Seats
from edge.web.exposition import metrics_route
from edge.web.gate import Gate
from edge.web.media import media_routes
from edge.web.middleware import counted, problems
from edge.web.rate_limit import RateLimit, rate_of
from edge.web.readiness import Readiness
from edge.web.reply import SERVER
from edge.web.stream_metrics import stream_registry
from edge.web.timing import tell_time, timed
from edge.web.viewing import Viewing

MAX_BODY_BYTES = 256 * 1024
"""An SDP offer of a browser has some 10 kB."""

_HEALTH = frozenset({"/healthz", "/readyz"})
"""Asked by who would end a server that does not answer; cheaper than a refusal."""


def make_app(
    config: Config,
    hub: Hub,
    *,
    ready: Readiness,
    routes: Iterable[web.AbstractRouteDef] = (),
    admission: Admission | None = None,
    control: Control | None = None,
    gate: Gate | None = None,
    seats: Seats | None = None,
    rate: RateLimit | None = None,
    access_log: AccessLog | None = None,
    collectors: Iterable[Collector] = (),
) -> web.Application:
    """Compose. `routes`: those of other files (WHIP, pages); `/live`, `/api`, `/metrics` and health are here.
    `gate`, `seats`, `rate` and `access_log` are those of the fast lane beside this, if any; `collectors`
    are asked before any metric is read.

    Nothing ticks here: whoever runs the application calls `hub.tick`.
    """
    admission = admission or Admission(config.auth)
    trusted = trusted_networks(config.server.trusted_proxies)
    app = web.Application(
        middlewares=[
            timed,
            _behind(trusted),
            _draining(ready),
            counted,
            _noted(access_log or AccessLog(0)),
            problems,
            _limited(rate or rate_of(config.limits)),
        ],
        client_max_size=MAX_BODY_BYTES,
    )
    app.on_response_prepare.append(_moving_on(ready))
    app.on_response_prepare.append(tell_time)
    gate = gate or Gate(hub, admission, Viewing(capacity=2 * config.live.max_publications))
    app.add_routes(media_routes(gate, seats))
    process = ProcessCollector()
    registries = (_of([*collectors, process]), REGISTRY, stream_registry(hub, gate.viewing))
    app.add_routes([metrics_route(registries, partial(_before_metrics, admission, process))])
    app.add_routes(api_routes(hub, admission, control))
    app.add_routes(_operating_routes(ready))
    app.add_routes(routes)
    return app


async def _before_metrics(admission: Admission, process: ProcessCollector, request: web.Request) -> None:
    if admission.config.metrics == "admin":
        await admit(request, admission)
    await process.look()


def _of(collectors: Iterable[Collector]) -> CollectorRegistry:
    registry = CollectorRegistry()
    for one in collectors:
        registry.register(one)
    return registry


def _noted(access_log: AccessLog) -> Middleware:
    @web.middleware
    async def written_down(request: web.Request, handler: Handler) -> web.StreamResponse:
        loop = asyncio.get_running_loop()
        began = loop.time()
        answer = await handler(request)
        if access_log.is_on:
            octets = 0 if request.method == hdrs.METH_HEAD else answer.content_length or 0
            seconds = round(loop.time() - began, 4)
            access_log.note(
                Line(
                    request.remote or "",
                    request.method,
                    request.rel_url.raw_path,
                    answer.status,
                    octets,
                    seconds,
                )
            )
        return answer

    return written_down


def _draining(ready: Readiness) -> Middleware:
    @web.middleware
    async def in_flight(request: web.Request, handler: Handler) -> web.StreamResponse:
        ready.requests += 1
        try:
            return await handler(request)
        finally:
            ready.requests -= 1

    return in_flight


def _moving_on(ready: Readiness) -> Callable[[web.Request, web.StreamResponse], Awaitable[None]]:
    async def told(_: web.Request, response: web.StreamResponse) -> None:
        """`Connection: close` sends whoever is here to another server (RFC 9112, 9.6).

        Nobody is told which versions of what we are made of.
        """
        response.headers[SERVER[0]] = SERVER[1]
        if ready.is_draining:
            response.force_close()
            response.headers[hdrs.CONNECTION] = "close"

    return told


def _limited(limit: RateLimit | None) -> Middleware:
    @web.middleware
    async def in_measure(request: web.Request, handler: Handler) -> web.StreamResponse:
        if limit is not None and request.path not in _HEALTH:
            limit.take(request.remote or "", asyncio.get_running_loop().time())
        return await handler(request)

    return in_measure


def _behind(trusted: Networks) -> Middleware:
    @web.middleware
    async def seen_through(request: web.Request, handler: Handler) -> web.StreamResponse:
        """The address of the client, where a proxy that we trust tells it."""
        peer = request.remote or ""
        client = client_address(peer, request.headers.getall(hdrs.X_FORWARDED_FOR, []), trusted)
        return await handler(request if client == peer else request.clone(remote=client))

    return seen_through


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
    ]


def _text(text: str) -> web.Response:
    return web.Response(text=text, headers={"Cache-Control": NO_STORE})
