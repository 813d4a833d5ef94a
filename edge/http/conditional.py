"""Conditional GET: a client that has the bytes does not get them again (RFC 9110, 13.1.2)."""

from edge.http.entity_tag import matches
from edge.http.message import RequestHead, Response

_KEPT = frozenset({"cache-control", "content-location", "etag", "expires", "vary"})


def revalidated(head: RequestHead, response: Response) -> Response:
    """`response`, or 304 where If-None-Match names its entity-tag. Every lane passes each 200 through here.

    The 304 carries what the 200 would have for a cache (RFC 9110, 15.4.5) and CORS fields, and no body.
    """
    asked = head.headers.get("if-none-match")
    if asked is None or response.status != 200 or not matches(asked, _entity_tag(response) or ""):
        return response
    kept = tuple(
        item for item in response.fields if item[0].lower() in _KEPT or item[0].startswith("Access-Control-")
    )
    return Response(304, kept)


def _entity_tag(response: Response) -> str | None:
    return next((value for name, value in response.fields if name == "ETag"), None)
