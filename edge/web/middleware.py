"""The door of the house: whatever goes wrong behind it becomes an answer with a sentence, and is counted."""

import logging

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler

from edge.errors import EdgeError
from edge.http.cors import OPEN
from edge.http.message import Headers
from edge.http.problem import internal_error, problem, problem_of
from edge.http.token_path import for_log
from edge.metrics import WEB_FAILURES, WEB_REQUESTS
from edge.web.reply import written

logger = logging.getLogger(__name__)

_ROOMS = frozenset({"api", "clock", "healthz", "metrics", "readyz", "static", "vod", "whip"})
_MEDIA = ("/live/", "/vod/")
_DETAILS = {
    404: "There is nothing at this address; see / for what is live",
    413: "The body is larger than anything that is expected here; send less",
    417: "Only 100-continue may be expected here; leave the Expect field out",
}


@web.middleware
async def counted(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Count every answer by kind and status. Has to stand outside `problems`."""
    response = await handler(request)
    WEB_REQUESTS.labels(kind_of(request.path), response.status).inc()
    return response


@web.middleware
async def problems(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Errors to problem documents (RFC 9457): ours, aiohttp's, and those that nobody thought of."""
    try:
        return await handler(request)
    except EdgeError as error:
        return written(problem_of(error, headers=_open(request)))
    except web.HTTPException as error:
        if error.status < 400:
            raise
        return foreign(error, _open(request))
    except web.RequestPayloadError:
        answer = written(
            problem(400, "Bad request", "The body is not framed as its head says (RFC 9112, 6 and 7)")
        )
        answer.force_close()  # nobody knows where the next request would begin
        return answer
    except ConnectionError:
        raise  # the client left: aiohttp knows what to do, and it is no fault
    except Exception:
        WEB_FAILURES.inc()
        facts = {"method": request.method, "path": for_log(request.rel_url.raw_path)}
        logger.exception("web.request_failed", extra=facts)
        return written(internal_error(_open(request)))


def _open(request: web.Request) -> Headers:
    """Pages of every origin must be able to read why media do not come."""
    return OPEN if request.path.startswith(_MEDIA) else ()


def foreign(error: web.HTTPException, headers: Headers = ()) -> web.Response:
    """A refusal of aiohttp's in our words, not in its own."""
    detail = _DETAILS.get(error.status, f"{error.reason}; see the documentation for what works here")
    if allow := error.headers.get(hdrs.ALLOW):
        headers = (("Allow", allow), *headers)
        detail = f"Use one of {allow}"
    return written(problem(error.status, error.reason, detail, headers=headers))


def kind_of(path: str) -> str:
    """A label from a closed set: which kind of thing the path names."""
    room, _, rest = path.removeprefix("/").partition("/")
    if room != "live":
        return room if room in _ROOMS else "page"
    file = rest.rpartition("/")[2]
    if file.endswith(".m3u8"):
        return "multivariant" if file == "index.m3u8" else "playlist"
    if file.endswith(".m4s"):
        return "part" if file.startswith("part") else "segment"
    return "init" if file.startswith("init") else "other"
