"""The WHIP endpoint of each stream and the resource of each session (RFC 9725)."""

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable, Iterable
from typing import Protocol

from aiohttp import hdrs, web
from multidict import CIMultiDict

from edge.auth.admission import Admission
from edge.config import STREAM_NAME, Config, IceServer
from edge.errors import BadFragment, BodyTooLarge, EdgeError, NotFound, SlowBody, UnsupportedMediaType
from edge.http.problem import method_not_allowed, problem_of
from edge.ingest.bearer import parse_bearer
from edge.ingest.outcome import Created, Patched
from edge.web.origin import refuse_strangers
from edge.web.rate_limit import RateLimit
from edge.web.reply import SERVER, written

logger = logging.getLogger(__name__)

SDP = "application/sdp"
FRAGMENT = "application/trickle-ice-sdpfrag"
LARGEST_BODY_BYTES = 64 * 1024
BODY_TIMEOUT_S = 10.0

ENDPOINT_METHODS = "OPTIONS, GET, HEAD, POST"
SESSION_METHODS = "OPTIONS, GET, HEAD, PATCH, DELETE"
CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": (
        "Location, ETag, Link, Accept-Post, Accept-Patch, Retry-After, WWW-Authenticate"
    ),
}
"""On every answer, errors included: a page must be able to read why it failed (RFC 9725, 4.2)."""

_PREFLIGHT = {
    "Access-Control-Allow-Methods": "OPTIONS, GET, POST, PATCH, DELETE",
    "Access-Control-Allow-Headers": "Authorization, Content-Type, If-Match, ETag, Link",
    "Access-Control-Max-Age": "86400",
}
_NO_STORE = {"Cache-Control": "no-store"}
_SESSION_ID = re.compile(r"[A-Za-z0-9_-]{1,128}")
_UNPRINTABLE = re.compile(r"[^\x20-\x7e]")

Handler = Callable[[web.Request], Awaitable[web.Response]]


class WhipSessions(Protocol):
    """What the resources need of whoever keeps the sessions. All may raise PublishError and Overloaded."""

    async def create(
        self, stream: str, offer: bytes, *, token: str | None, client: str, base_url: str, now: float
    ) -> Created:
        """A new session from an offer of at most 64 KiB. `token` may publish this stream."""

    async def trickle_or_restart(
        self, stream: str, session_id: str, fragment: bytes, if_match: str | None
    ) -> Patched:
        """More candidates, or new ICE credentials. NotFound: no such session."""

    async def delete(self, stream: str, session_id: str) -> None:
        """End it; again within its grace time is no fault. NotFound: no such session."""


def whip_routes(
    config: Config,
    sessions: WhipSessions,
    *,
    admission: Admission | None = None,
    accepting: Callable[[str], None] = lambda _: None,
    posts: RateLimit | None = None,
    changes: RateLimit | None = None,
) -> list[web.RouteDef]:
    """`/whip/{stream}` and `/whip/{stream}/{session}`.

    `accepting` raises Overloaded where no new publisher of that stream is wanted. `posts` and `changes`
    (PATCH, DELETE: Eyevinn's client sends one for every candidate) limit each address.
    """
    whip = _Whip(
        sessions,
        admission or Admission(config.auth),
        accepting,
        config.webrtc.ice_servers,
        posts=posts or RateLimit(per_second=1, burst=30),
        changes=changes or RateLimit(per_second=10, burst=200),
    )
    endpoint, session = "/whip/{stream}", "/whip/{stream}/{session}"
    return [
        *(web.route(hdrs.METH_ANY, path, _open(whip.nameless)) for path in ("/whip", "/whip/")),
        web.get(endpoint, _open(whip.nothing)),
        web.post(endpoint, _open(whip.post)),
        web.options(endpoint, _open(whip.endpoint_options)),
        web.route(hdrs.METH_ANY, endpoint, _open(_refusing(ENDPOINT_METHODS))),
        web.get(session, _open(whip.nothing)),
        web.patch(session, _open(whip.patch)),
        web.delete(session, _open(whip.delete)),
        web.options(session, _open(whip.session_options)),
        web.route(hdrs.METH_ANY, session, _open(_refusing(SESSION_METHODS))),
    ]


class _Whip:
    def __init__(
        self,
        sessions: WhipSessions,
        admission: Admission,
        accepting: Callable[[str], None],
        ice_servers: Iterable[IceServer],
        *,
        posts: RateLimit,
        changes: RateLimit,
    ) -> None:
        servers = tuple(ice_servers)
        self._sessions = sessions
        self._admission = admission
        self._accepting = accepting
        self._links = [ice_server_link(server) for server in servers]
        self._open_links = [ice_server_link(server) for server in servers if server.credential is None]
        self._posts = posts
        self._changes = changes

    async def nothing(self, request: web.Request) -> web.Response:
        """4.1: a GET is answered, with no content."""
        _names(request)
        return web.Response(status=204, headers=_NO_STORE)

    async def nameless(self, _: web.Request) -> web.Response:
        """Whoever forgot the name shall be able to read that, in a page of another site, too."""
        raise NotFound("The address names no stream: publish to /whip/NAME, with a name of your own")

    async def endpoint_options(self, request: web.Request) -> web.Response:
        """4.2. Needs no token, so ICE servers with a password are only told in the 201 (4.6)."""
        is_preflight = hdrs.ACCESS_CONTROL_REQUEST_METHOD in request.headers
        headers = CIMultiDict({**_PREFLIGHT, hdrs.ALLOW: ENDPOINT_METHODS, "Accept-Post": SDP})
        _add_links(headers, [] if is_preflight else self._open_links)
        return web.Response(status=200, headers=headers)

    async def session_options(self, _: web.Request) -> web.Response:
        headers = {**_PREFLIGHT, hdrs.ALLOW: SESSION_METHODS, "Accept-Patch": FRAGMENT, "Accept-Post": SDP}
        return web.Response(status=200, headers=headers)

    async def post(self, request: web.Request) -> web.Response:
        """4.2: an offer for an answer. The Location is a path without a query: OBS reads no other."""
        stream, _ = _names(request)
        now = asyncio.get_running_loop().time()
        client = request.remote or ""
        self._posts.take(client, now)
        token = parse_bearer(request.headers.get(hdrs.AUTHORIZATION))
        if self._admission.config.publish is None:
            refuse_strangers(request)
        offer = await self._admitted(request, stream, token, client)
        try:
            created = await self._sessions.create(
                stream, offer, token=token, client=client, base_url=str(request.url.origin()), now=now
            )
        except EdgeError as error:  # encoders show their users less of it than the operator is asked
            facts = {"stream": stream, "client": client, "status": error.status, "detail": error.detail}
            logger.info("publisher.refused", extra=facts)
            raise
        headers = CIMultiDict(
            {**_NO_STORE, hdrs.LOCATION: f"/whip/{stream}/{created.session_id}", hdrs.ETAG: created.etag}
        )
        _add_links(headers, self._links)
        return _with_body(201, created.answer, SDP, headers)

    async def _admitted(self, request: web.Request, stream: str, token: str | None, client: str) -> bytes:
        """The offer of who may publish now: while it came, his key may have been taken away."""
        await self._admission.admit("publish", stream, token, client)
        self._accepting(stream)
        lease = self._admission.lease
        offer = await _body(request, SDP)
        while not lease.holds:
            lease = self._admission.lease
            await self._admission.admit("publish", stream, token, client)
        return offer

    async def patch(self, request: web.Request) -> web.Response:
        """4.3: candidates (204, never an ETag), or an ICE restart (200)."""
        stream, session_id = _names(request)
        self._changes.take(request.remote or "", asyncio.get_running_loop().time())
        fragment = await _body(request, FRAGMENT)
        if not fragment:
            raise BadFragment("The body is empty: send an SDP fragment (RFC 8840)")
        tags = request.headers.getall(hdrs.IF_MATCH, [])
        if_match = ", ".join(tags) if tags else None
        patched = await self._sessions.trickle_or_restart(stream, session_id, fragment, if_match)
        if patched.body is None:
            return web.Response(status=204, headers=_NO_STORE)
        headers = CIMultiDict(_NO_STORE)
        if patched.etag is not None:
            headers[hdrs.ETAG] = patched.etag
        return _with_body(patched.status, patched.body, FRAGMENT, headers)

    async def delete(self, request: web.Request) -> web.Response:
        """4.2: the end. 200, which OBS insists on; If-Match is ignored (4.3.1), and no token is asked for:
        Eyevinn's client sends none, and who knows the address of a session was given it.
        """
        stream, session_id = _names(request)
        self._changes.take(request.remote or "", asyncio.get_running_loop().time())
        await self._sessions.delete(stream, session_id)
        return web.Response(status=200, headers=_NO_STORE)


def ice_server_link(server: IceServer) -> str:
    """A Link field value (4.6). Characters that no field may carry are left out of name and password."""
    parts = [f"<{server.urls}>", 'rel="ice-server"']
    if server.username is not None:
        parts.append(f"username={_quoted(server.username)}")
    if server.credential is not None:
        parts += [f"credential={_quoted(server.credential)}", 'credential-type="password"']
    return "; ".join(parts)


def _quoted(text: str) -> str:
    printable = _UNPRINTABLE.sub("", text).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{printable}"'


def _add_links(headers: CIMultiDict[str], links: Iterable[str]) -> None:
    for link in links:
        headers.add(hdrs.LINK, link)


def _names(request: web.Request) -> tuple[str, str]:
    """Stream and session (empty where the path has none). NotFound for what can be neither."""
    stream = request.match_info["stream"]
    session_id = request.match_info.get("session", "")
    if not STREAM_NAME.fullmatch(stream):
        raise NotFound("A stream name has 1 to 64 characters of A-Z a-z 0-9 _ -: choose such a one")
    if session_id and not _SESSION_ID.fullmatch(session_id):
        raise NotFound("There is no such session: use the Location of the answer to your POST")
    return stream, session_id


async def _body(request: web.Request, media_type: str) -> bytes:
    """The body, if it is of the right kind (415), small (413) and soon there (408)."""
    given = request.headers.get(hdrs.CONTENT_TYPE, "").partition(";")[0].strip().lower()
    if given != media_type:
        raise UnsupportedMediaType(f"The body is {given[:64] or 'of no kind'}: send it as {media_type}")
    if request.headers.get(hdrs.CONTENT_ENCODING, "identity").lower() != "identity":
        raise UnsupportedMediaType("The body is compressed: send it as it is")
    too_large = BodyTooLarge(
        f"The body has more than {LARGEST_BODY_BYTES // 1024} KiB: send one SDP document"
    )
    if (request.content_length or 0) > LARGEST_BODY_BYTES:
        raise too_large
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_TIMEOUT_S):
            async for chunk in request.content.iter_any():
                body += chunk
                if len(body) > LARGEST_BODY_BYTES:
                    raise too_large
    except TimeoutError as error:
        raise SlowBody("The body took too long: check the network and try again") from error
    return bytes(body)


def _with_body(status: int, text: str, media_type: str, headers: CIMultiDict[str]) -> web.Response:
    headers[hdrs.CONTENT_TYPE] = media_type
    return web.Response(status=status, body=text.encode(), headers=headers)


def _refusing(allow: str) -> Handler:
    async def refuse(request: web.Request) -> web.Response:
        return written(method_not_allowed(request.method, allow))

    return refuse


def _open(handler: Handler) -> Handler:
    """Errors become problem documents here, so that they too carry the fields of CORS."""

    async def answered(request: web.Request) -> web.Response:
        try:
            response = await handler(request)
        except EdgeError as error:
            response = written(problem_of(error))
        response.headers.update(CORS)
        response.headers[SERVER[0]] = SERVER[1]
        return response

    return answered
