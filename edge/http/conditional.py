"""Conditional GET: a client that has the bytes does not get them again (RFC 9110, 13.1.2)."""

from edge.http.message import RequestHead, Response

_KEPT = frozenset({"cache-control", "content-location", "etag", "expires", "vary"})
_LONGEST_LIST = 2000


def revalidated(head: RequestHead, response: Response) -> Response:
    """`response`, or 304 where If-None-Match names its entity-tag. Every lane passes each 200 through here.

    The 304 carries what the 200 would have for a cache (RFC 9110, 15.4.5) and CORS fields, and no body.
    """
    asked = head.headers.get("if-none-match")
    if asked is None or response.status != 200 or not _names(asked, _entity_tag(response)):
        return response
    kept = tuple(
        item for item in response.headers if item[0].lower() in _KEPT or item[0].startswith("Access-Control-")
    )
    return Response(304, kept)


def _entity_tag(response: Response) -> str | None:
    return next((value for name, value in response.headers if name == "ETag"), None)


def _names(asked: str, entity_tag: str | None) -> bool:
    """Weak comparison with a list of entity-tags, or `*`; an absurdly long list matches nothing."""
    if entity_tag is None or len(asked) > _LONGEST_LIST:
        return False
    if asked.strip() == "*":
        return True
    own = entity_tag.removeprefix("W/")
    return any(tag.strip().removeprefix("W/") == own for tag in asked.split(","))
