"""The control API: what is live, in numbers."""

import dataclasses
import ipaddress
import json
from hmac import compare_digest
from typing import Any

from aiohttp import hdrs, web

from edge.config import Config
from edge.errors import Forbidden, NotFound, Unauthorised
from edge.http.cache_control import NO_STORE
from edge.live.hub import MULTIVARIANT_PLAYLIST, ROOT, Hub
from edge.live.publication import Publication
from edge.live.summary import summarise
from edge.web.openapi import DOCUMENT

_FORWARDED = (hdrs.FORWARDED, hdrs.X_FORWARDED_FOR, hdrs.VIA, "X-Real-IP")


def api_routes(config: Config, hub: Hub) -> list[web.AbstractRouteDef]:
    """Everything below `/api/v1`; off loopback it needs the token `auth.admin`."""

    async def streams(request: web.Request) -> web.Response:
        admit(request, config.auth.admin)
        return _json({"streams": [_describe(each) for each in hub.list()]})

    async def stream(request: web.Request) -> web.Response:
        admit(request, config.auth.admin)
        publication = hub.get(request.match_info["name"])
        if publication is None:
            raise NotFound("Nobody publishes under this name; GET /api/v1/streams lists who does")
        return _json(_describe(publication))

    async def description(request: web.Request) -> web.Response:
        admit(request, config.auth.admin)
        return _json(DOCUMENT)

    return [
        web.get("/api/v1/streams", streams),
        web.get("/api/v1/streams/{name}", stream),
        web.get("/api/v1/openapi.json", description),
    ]


def admit(request: web.Request, admin: str | None) -> None:
    """Let in who has the token, and who sits at this machine and says nothing.

    Unauthorised, Forbidden. What a proxy on this machine forwards comes from elsewhere, and a page whose own
    name was made to mean 127.0.0.1 (DNS rebinding) gives itself away by the Host field.
    """
    credentials = request.headers.get(hdrs.AUTHORIZATION)
    if credentials is not None:
        scheme, _, token = credentials.partition(" ")
        given = token.strip().encode("utf-8", "surrogateescape")
        if scheme.lower() != "bearer" or admin is None or not compare_digest(given, admin.encode()):
            raise Forbidden("The token is not the one of auth.admin")
        return
    if _is_local(request):
        return
    if admin is None:
        raise Forbidden("The API answers on loopback only; set auth.admin to reach it from elsewhere")
    raise Unauthorised("Send the token of auth.admin: Authorization: Bearer TOKEN")


def _is_local(request: web.Request) -> bool:
    if any(name in request.headers for name in _FORWARDED):
        return False
    host = request.url.host or ""
    return _is_loopback(request.remote or "") and (host == "localhost" or _is_loopback(host))


def _is_loopback(address: str) -> bool:
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    mapped = parsed.ipv4_mapped if isinstance(parsed, ipaddress.IPv6Address) else None
    return (mapped or parsed).is_loopback


def _describe(publication: Publication) -> dict[str, Any]:
    playlist = f"{ROOT}{publication.name}/{MULTIVARIANT_PLAYLIST}"
    return {**dataclasses.asdict(summarise(publication)), "playlist": playlist}


def _json(value: object) -> web.Response:
    body = json.dumps(value).encode()
    headers = {"Cache-Control": NO_STORE, "X-Content-Type-Options": "nosniff"}
    return web.Response(body=body, content_type="application/json", headers=headers)
