"""Conditional GET of what has no date: a client that has the bytes gets no more (RFC 9110, 13.1)."""

from edge.http.cors import OPEN
from edge.http.message import RequestHead, Response
from edge.http.precondition import failed
from edge.http.problem import problem

CONDITIONS = frozenset({"if-match", "if-none-match"})

_CHANGED = problem(412, "Precondition failed", "What is at this address is another version", headers=OPEN)

_KEPT = frozenset({"cache-control", "content-location", "etag", "expires", "vary"})


def revalidated(head: RequestHead, response: Response) -> Response:
    """`response`, or 304 where If-None-Match names its entity-tag, or 412 where If-Match does not. Every lane
    passes each 200 through here.

    The 304 carries what the 200 would have for a cache (RFC 9110, 15.4.5) and CORS fields, and no body.
    """
    if response.status != 200 or CONDITIONS.isdisjoint(head.headers):
        return response
    tag = _entity_tag(response)
    status = None if tag is None else failed(head.headers, tag, None)
    if status is None:
        return response
    if status == 412:
        return _CHANGED
    kept = tuple(
        item for item in response.fields if item[0].lower() in _KEPT or item[0].startswith("Access-Control-")
    )
    return Response(304, kept)


def _entity_tag(response: Response) -> str | None:
    return next((value for name, value in response.fields if name == "ETag"), None)
