"""Every error of ours: what went wrong, the HTTP status it becomes, and a sentence that tells the mend."""

from typing import ClassVar


class EdgeError(Exception):
    """A fault with an HTTP status and a sentence that names the fault and the mend."""

    status: ClassVar[int] = 500
    title: ClassVar[str] = "Internal error"

    def __init__(self, detail: str, *, retry_after_s: int | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.retry_after_s = retry_after_s


class ConfigError(EdgeError):
    """The operator's: the process ends with exit code 2; `detail` lists all faults, one a line."""

    title = "Configuration is wrong"


class PublishError(EdgeError):
    """The publisher's."""

    status = 400
    title = "Cannot publish"


class BadOffer(PublishError):
    title = "The SDP offer is malformed"


class BadFragment(PublishError):
    title = "The SDP fragment is malformed"


class UnsupportedOffer(PublishError):
    """A well-formed offer that asks for what we do not do (RFC 9725, 4.4)."""

    status = 422
    title = "The SDP offer cannot be accepted"


class UnsupportedCodec(UnsupportedOffer):
    title = "No usable codec is offered"


class UnsupportedMediaType(PublishError):
    status = 415
    title = "Wrong Content-Type"


class NameTaken(PublishError):
    status = 409
    title = "The stream is already live"


class Unauthorised(PublishError):
    status = 401
    title = "A bearer token is needed"


class Forbidden(PublishError):
    status = 403
    title = "The token is not valid for this"


class ForeignPage(Forbidden):
    """Not a matter of tokens."""

    title = "A page of another site may not ask this"


class FromElsewhere(Forbidden):
    """Not a matter of tokens, either: without any this machine alone is let in."""

    title = "Only this machine may ask this"


class PreconditionRequired(PublishError):
    status = 428
    title = "If-Match is needed"


class PreconditionFailed(PublishError):
    status = 412
    title = "The entity-tag does not match"


class SlowBody(PublishError):
    status = 408
    title = "The body did not arrive"


class BodyTooLarge(PublishError):
    status = 413
    title = "The body is too large"


class TooManyRequests(PublishError):
    """Of one address; 429 with Retry-After."""

    status = 429
    title = "Too many requests"


class RequestError(EdgeError):
    """The viewer's."""

    status = 400
    title = "Bad request"


class BadDirective(RequestError):
    title = "A delivery directive is malformed"


class BadQuery(RequestError):
    title = "The request cannot be understood"


class TooFarAhead(RequestError):
    """LL-HLS, draft-pantos-hls-rfc8216bis 6.2.5.2: a position that is not coming soon."""

    title = "The position is too far ahead"


class NotFound(RequestError):
    status = 404
    title = "Not found"


class RangeNotSatisfiable(RequestError):
    """RFC 9110, 15.5.17: nothing of what was asked for is there."""

    status = 416
    title = "The range is not satisfiable"


class BadAddress(RequestError):
    title = "The address is malformed"


class OriginError(EdgeError):
    """A third party: an origin of assets did not give what was asked of it. Never kept by a cache."""

    status = 502
    title = "The origin failed"

    def __init__(self, detail: str, *, retry_after_s: int | None = None, logged: str = "") -> None:
        """`logged`: what is for the operator only, such as addresses and paths."""
        super().__init__(detail, retry_after_s=retry_after_s)
        self.logged = logged or detail


class OriginUnavailable(OriginError):
    """Not reached, or it answered 5xx."""

    title = "The origin is not available"


class OriginTimeout(OriginError):
    """Nothing came in time."""

    status = 504
    title = "The origin is too slow"


class OriginChanged(OriginError):
    """The asset is another one than it was when it was opened."""

    title = "The asset changed at its origin"


class OriginLied(OriginError):
    """Not the octets that were asked for: another range, another length, another version."""

    title = "The origin answered wrongly"


class Overloaded(EdgeError):
    """Ours: 503 with Retry-After."""

    status = 503
    title = "Overloaded"


class Stalled(EdgeError):
    """A blocked request was held for three target durations (draft-pantos-hls-rfc8216bis 6.2.5.2)."""

    status = 503
    title = "The stream stands still"


class MediaError(EdgeError):
    """Bytes are wrong (RTP, STUN, H.264, Opus, boxes): dropped and counted, never fatal to a session."""

    title = "Malformed media"
