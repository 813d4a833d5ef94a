"""The control API: what is live, in numbers, and the few things an operator does to it."""

import asyncio
import dataclasses
import json
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from aiohttp import hdrs, web

from edge.auth.admission import Admission
from edge.errors import BadQuery, Forbidden, NotFound, Unauthorised
from edge.http.cache_control import NO_STORE
from edge.live.hub import MULTIVARIANT_PLAYLIST, ROOT, Hub
from edge.live.publication import Publication
from edge.live.summary import summarise
from edge.web.openapi import DOCUMENT
from edge.web.origin import is_local_name, is_of_this_machine, refuse_foreign_pages

_LONGEST_NAME = 256
_LISTED, _MOST_LISTED = 1_000, 100_000
"""Rows in one answer."""
_AT_ONCE = 20
"""Streams that are described in one turn of the loop."""


class Control(Protocol):
    """What an operator may do to the server, and see of it besides streams."""

    def sessions(self) -> list[dict[str, Any]]:
        """Of publishers, as plain values without secrets."""

    def kick(self, stream: str) -> int:
        """End the sessions of a stream; its viewers are kept for the reconnect window. How many ended."""

    def end(self, stream: str) -> None:
        """End the stream for its viewers too."""

    async def revoke(self, name: str) -> None:
        """The `jti`, `sub` or `kid` of tokens, or `stream:NAME`: void at once, and written down when this
        returns. Forbidden: too many are.
        """

    def drain(self) -> None:
        """As SIGTERM."""

    def settings(self) -> dict[str, Any]:
        """The configuration in force, without secrets."""

    def history(self) -> list[dict[str, Any]]:
        """Some numbers for each ten seconds of the last hour, the oldest first."""


Route = Callable[[web.Request], Awaitable[web.Response]]


def api_routes(hub: Hub, admission: Admission, control: Control | None = None) -> list[web.AbstractRouteDef]:
    """Everything below `/api/v1`; off loopback it needs `auth.admin`. Less without `control`."""

    def guarded(route: Route) -> Route:
        async def admitted(request: web.Request) -> web.Response:
            await admit(request, admission)
            return await route(request)

        return admitted

    routes = [web.get(f"/api/v1{path}", guarded(route)) for path, route in _reading(hub).items()]
    if control is not None:
        routes += [
            web.route(method, f"/api/v1{path}", guarded(route))
            for method, path, route in _controlling(hub, control)
        ]
    return [*routes]


def _reading(hub: Hub) -> dict[str, Route]:
    async def streams(_: web.Request) -> web.Response:
        described = []
        for number, each in enumerate(hub.list(), 1):
            described.append(_describe(each))
            if not number % _AT_ONCE:  # 200 would hold the loop for 9 ms
                await asyncio.sleep(0)
        return _json({"streams": described})

    async def stream(request: web.Request) -> web.Response:
        return _json(_describe(_found(hub, request)))

    async def description(_: web.Request) -> web.Response:
        return _json(DOCUMENT)

    return {"/streams": streams, "/streams/{name}": stream, "/openapi.json": description}


def _controlling(hub: Hub, control: Control) -> list[tuple[str, str, Route]]:
    async def sessions(_: web.Request) -> web.Response:
        return _json({"sessions": control.sessions()})

    async def settings(_: web.Request) -> web.Response:
        return _json(control.settings())

    async def history(_: web.Request) -> web.Response:
        return _json({"history": control.history()})

    async def kick(request: web.Request) -> web.Response:
        return _json({"ended_sessions": control.kick(_found(hub, request).name)})

    async def end(request: web.Request) -> web.Response:
        control.end(_found(hub, request).name)
        return _done()

    async def drain(_: web.Request) -> web.Response:
        asyncio.get_running_loop().call_soon(control.drain)
        return _done(202)

    async def revoke(request: web.Request) -> web.Response:
        await control.revoke(await _name(request))
        return _done()

    return [
        ("GET", "/sessions", sessions),
        ("GET", "/config", settings),
        ("GET", "/history", history),
        ("POST", "/streams/{name}/kick", kick),
        ("DELETE", "/streams/{name}", end),
        ("POST", "/drain", drain),
        ("POST", "/revocations", revoke),
    ]


async def _name(request: web.Request) -> str:
    try:
        body = json.loads(await request.read())
        name = body["name"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise BadQuery(
            'Send {"name": the jti, sub or kid, or stream:NAME, of what is to be revoked}'
        ) from error
    if not isinstance(name, str) or not 0 < len(name) <= _LONGEST_NAME:
        raise BadQuery(f"A name has 1 to {_LONGEST_NAME} characters")
    return name


async def admit(request: web.Request, admission: Admission) -> None:
    """Let in who has the token, and who sits at this machine and says nothing.

    Unauthorised, Forbidden. What a proxy on this machine forwards comes from elsewhere; a page whose own
    name was made to mean 127.0.0.1 (DNS rebinding) gives itself away by the Host field, one of another site
    by Origin or Sec-Fetch-Site.
    """
    admin = admission.config.admin
    credentials = request.headers.get(hdrs.AUTHORIZATION)
    if credentials is not None:
        scheme, _, token = credentials.partition(" ")
        if scheme.lower() != "bearer" or admin is None:
            raise Forbidden("The token is not the one of auth.admin")
        await admission.admit("admin", "", token.strip(), request.remote or "")
        return
    if _is_local(request):
        refuse_foreign_pages(request)
        return
    if admin is None:
        raise Forbidden("The API answers on loopback only; set auth.admin to reach it from elsewhere")
    raise Unauthorised("Send the token of auth.admin: Authorization: Bearer TOKEN")


def limit_of(request: web.Request) -> int:
    """How many rows are wanted (`?limit=`). BadQuery."""
    text = request.query.get("limit", str(_LISTED))
    if not (text.isascii() and text.isdecimal() and len(text) < 10 and 1 <= int(text) <= _MOST_LISTED):
        raise BadQuery(f"limit is a number from 1 to {_MOST_LISTED}")
    return int(text)


def _is_local(request: web.Request) -> bool:
    return is_of_this_machine(request) and is_local_name(request.url.host or "")


def _found(hub: Hub, request: web.Request) -> Publication:
    publication = hub.get(request.match_info["name"])
    if publication is None:
        raise NotFound("Nobody publishes under this name; GET /api/v1/streams lists who does")
    return publication


def _describe(publication: Publication) -> dict[str, Any]:
    playlist = f"{ROOT}{publication.name}/{MULTIVARIANT_PLAYLIST}"
    return {**dataclasses.asdict(summarise(publication)), "playlist": playlist}


def _json(value: object) -> web.Response:
    body = json.dumps(value).encode()
    headers = {"Cache-Control": NO_STORE, "X-Content-Type-Options": "nosniff"}
    return web.Response(body=body, content_type="application/json", headers=headers)


def _done(status: int = 204) -> web.Response:
    return web.Response(status=status, headers={"Cache-Control": NO_STORE})
