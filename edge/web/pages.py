"""The browser pages: what is live, publish, watch, and the files they are made of.

Everything is read once and answered from memory, so a request never names a file of the disk. A page
asks for its files below `/static/{version}/`, where the version is a digest of all of them: those
addresses never change their bytes and are kept for a year, while the page is asked for again each time.
"""

import gzip
import hashlib
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from aiohttp import web

from edge.errors import NotFound
from edge.http.accept import accepts_gzip
from edge.http.cache_control import NO_STORE, REVALIDATE
from edge.http.conditional import revalidated
from edge.http.message import Headers, RequestHead, Response
from edge.http.problem import problem_of
from edge.http.token_path import with_token

FOLDER = Path(__file__).with_name("pages")

IMMUTABLE = "public, max-age=31536000, immutable"

MEDIA_TYPES: Mapping[str, str] = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".webmanifest": "application/manifest+json",
}
"""Files of any other kind are not served."""

_POLICY: Mapping[str, str] = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "connect-src": "'self'",
    "media-src": "'self' blob:",  # Media Source Extensions and a file's preview are blobs of the page itself
    "manifest-src": "'self'",
    "base-uri": "'none'",
    "form-action": "'none'",
    "frame-ancestors": "'self'",
}
CONTENT_SECURITY_POLICY = "; ".join(f"{directive} {sources}" for directive, sources in _POLICY.items())
"""Only what this server itself serves: a page that tries to load from elsewhere is broken, and shows it."""

_SAFE: Headers = (
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
)
_PAGE: Headers = (
    ("Content-Security-Policy", CONTENT_SECURITY_POLICY),
    ("Permissions-Policy", "camera=(self), microphone=(self), display-capture=(self), geolocation=()"),
    *_SAFE,
)

_VERSION_MARK = b"/static/@/"
_STREAM = r"{stream:[A-Za-z0-9_-]{1,64}}"

routes = web.RouteTableDef()


@dataclass(frozen=True, slots=True)
class StaticFile:
    """One file as it is sent: `packed` is the gzip coding, or None where it saves too little."""

    media_type: str
    plain: bytes
    packed: bytes | None
    digest: str

    @classmethod
    def of(cls, media_type: str, plain: bytes) -> "StaticFile":
        packed = gzip.compress(plain, 9, mtime=0)
        worth_it = len(packed) < 0.9 * len(plain)
        return cls(media_type, plain, packed if worth_it else None, hashlib.sha256(plain).hexdigest()[:16])

    def response(self, head: RequestHead, cache_control: str, headers: Headers = _SAFE) -> Response:
        """200, or 304 for a client that has it. Each coding has its own entity-tag (RFC 9110, 8.8.3.3)."""
        body, coding = self.plain, ""
        if self.packed is not None and accepts_gzip(head.headers.get("accept-encoding")):
            body, coding = self.packed, "-gzip"
        fields = (
            ("Content-Type", self.media_type),
            ("Cache-Control", cache_control),
            ("ETag", f'"{self.digest}{coding}"'),
            ("Vary", "Accept-Encoding"),
            *headers,
        )
        if coding:
            fields += (("Content-Encoding", "gzip"),)
        return revalidated(head, Response(200, fields, (body,)))


@dataclass(frozen=True, slots=True)
class Shelf:
    """All files by their path below the folder (`watch.js`, `vendor/x.mjs`), the version filled in."""

    version: str
    files: Mapping[str, StaticFile]

    @classmethod
    def read(cls, folder: Path = FOLDER) -> "Shelf":
        """Reads the folder and what is installed below it. Raises OSError where it cannot be read."""
        found = {
            path.relative_to(folder).as_posix(): path.read_bytes()
            for path in sorted(folder.rglob("*"))
            if path.suffix in MEDIA_TYPES and path.is_file()
        }
        whole = hashlib.sha256()
        for name, plain in found.items():
            whole.update(f"{name}\0{len(plain)}\0".encode() + plain)
        version = whole.hexdigest()[:12]
        here = f"/static/{version}/".encode()
        return cls(
            version,
            {
                name: StaticFile.of(MEDIA_TYPES[Path(name).suffix], plain.replace(_VERSION_MARK, here))
                for name, plain in found.items()
            },
        )


@cache
def shelf() -> Shelf:
    """The one shelf of the process, read at the first request for a page."""
    return Shelf.read()


@routes.get("/", name="page-index")
async def index(request: web.Request) -> web.Response:
    """What is live."""
    return _page(request, "index.html")


@routes.get("/admin", name="page-admin")
async def admin(request: web.Request) -> web.Response:
    """How the server is. What the page shows comes from /api/v1, which asks for the token."""
    return _page(request, "admin.html")


@routes.get(f"/publish/{_STREAM}", name="page-publish")
async def publish(request: web.Request) -> web.Response:
    """Publish from camera, screen or a file."""
    return _page(request, "publish.html")


@routes.get(f"/watch/{_STREAM}", name="page-watch")
async def watch(request: web.Request) -> web.Response:
    """Watch, with the live latency shown. The browser asks for the playlist while it still reads the page."""
    playlist = f"/live/{request.match_info['stream']}/index.m3u8"
    token = request.query.get("token")
    if token:
        playlist = with_token(playlist, token, "")
    preload = f"<{playlist}>; rel=preload; as=fetch; crossorigin=anonymous"
    return _page(request, "watch.html", ("Link", preload))


@routes.get("/{page:(?:watch|publish)}{rest:(?:/.*)?}", name="page-nameless")
async def nameless(request: web.Request) -> web.Response:
    """404: whoever typed the address by hand is told what is wrong with it."""
    page = request.match_info["page"]
    sentence = (
        f"This address names no stream: write /{page}/NAME, with 1 to 64 letters, digits, hyphens and "
        "underscores (A-Z a-z 0-9 - _) for the name; / lists what is live"
    )
    return _written(problem_of(NotFound(sentence)))


@routes.get("/static/{path:.+}", name="static")
async def static(request: web.Request) -> web.Response:
    """A file of the pages; below its version it may be kept for good, under its bare name not."""
    version, _, versioned = request.match_info["path"].partition("/")
    current = version == shelf().version
    file = shelf().files.get(versioned if current else request.match_info["path"])
    if file is None or file.media_type.startswith("text/html"):
        raise web.HTTPNotFound
    return _written(file.response(_head(request), IMMUTABLE if current else REVALIDATE))


@routes.get("/clock", name="clock")
async def clock(_: web.Request) -> web.Response:
    """`{"unix_ms": 1732400000123.4}`: our wall clock, which the watch page measures live latency against.

    The Date field has whole seconds only. A page asks a few times and believes the quickest answer.
    """
    body = json.dumps({"unix_ms": round(time.time() * 1000, 1)}).encode()
    headers = {"Cache-Control": NO_STORE, **dict(_SAFE)}
    return web.Response(body=body, content_type="application/json", headers=headers)


def _page(request: web.Request, name: str, *more: tuple[str, str]) -> web.Response:
    return _written(shelf().files[name].response(_head(request), REVALIDATE, (*_PAGE, *more)))


def _head(request: web.Request) -> RequestHead:
    kept = ("accept-encoding", "if-none-match")
    asked = {name: value for name in kept if (value := ", ".join(request.headers.getall(name, ())))}
    return RequestHead(request.method, request.path, request.query_string, asked)


def _written(response: Response) -> web.Response:
    return web.Response(status=response.status, headers=dict(response.headers), body=b"".join(response.body))
