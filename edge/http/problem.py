"""An error as an answer: `application/problem+json` (RFC 9457)."""

import json

from edge.errors import EdgeError
from edge.http.cache_control import NO_STORE
from edge.http.message import Headers, Response

CONTENT_TYPE = "application/problem+json"


def problem(
    status: int, title: str, detail: str, *, cache_control: str = NO_STORE, headers: Headers = ()
) -> Response:
    """A problem document. `detail` names the fault and the mend, and is meant for the eyes of the client."""
    document = {"type": "about:blank", "title": title, "status": status, "detail": detail}
    body = json.dumps(document, ensure_ascii=False).encode("utf-8", "replace")
    head = (("Content-Type", CONTENT_TYPE), ("Cache-Control", cache_control), *headers)
    return Response(status, head, (body,))


def problem_of(error: EdgeError, *, cache_control: str = NO_STORE, headers: Headers = ()) -> Response:
    """The answer that an error of ours becomes; Retry-After (RFC 9110, 10.2.3) where the error knows it."""
    retry: Headers = ()
    if error.retry_after_s is not None:
        retry = (("Retry-After", str(error.retry_after_s)),)
    challenge: Headers = (("WWW-Authenticate", "Bearer"),) if error.status == 401 else ()
    return problem(
        error.status,
        error.title,
        error.detail,
        cache_control=cache_control,
        headers=(*retry, *challenge, *headers),
    )


def internal_error(headers: Headers = ()) -> Response:
    """To a fault that nobody thought of."""
    return problem(500, "Internal error", "This is a fault of the server; its log says more", headers=headers)


def method_not_allowed(method: str, allow: str, *, headers: Headers = ()) -> Response:
    """405 with the methods that are (RFC 9110, 15.5.6). Only a known-looking method is named back."""
    named = method if method.isascii() and method.isalpha() and len(method) <= 16 else "This method"
    return problem(
        405,
        "Method not allowed",
        f"{named} does nothing here; use one of {allow}",
        headers=(("Allow", allow), *headers),
    )
