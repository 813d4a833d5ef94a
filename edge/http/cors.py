"""Media are open to pages of every origin (Fetch standard, CORS protocol). hls.js needs to read Age."""

from edge.http.message import Headers, Response

EXPOSED = (
    "Accept-Ranges, Age, Cache-Control, Cache-Status, Content-Encoding, Content-Length, Content-Range, Date, "
    "ETag, Last-Modified, Retry-After"
)

OPEN: Headers = (
    ("Access-Control-Allow-Origin", "*"),
    ("Access-Control-Expose-Headers", EXPOSED),
    ("Timing-Allow-Origin", "*"),
)
"""On every answer below a media address, errors included: a page must be able to read why it failed."""

READ_METHODS = "GET, HEAD, OPTIONS"


def preflight() -> Response:
    """The answer to OPTIONS on a media address: a page may read it with any header it likes, for a day."""
    return Response(
        204,
        (
            ("Allow", READ_METHODS),
            ("Access-Control-Allow-Origin", "*"),
            ("Access-Control-Allow-Methods", READ_METHODS),
            ("Access-Control-Allow-Headers", "*, Authorization"),
            ("Access-Control-Max-Age", "86400"),
        ),
    )
