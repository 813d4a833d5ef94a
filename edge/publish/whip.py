"""The client's side of WHIP (RFC 9725): POST an offer, DELETE the session. Refusals become sentences."""

import json
import os
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import urljoin

import aiohttp

from edge.errors import EdgeError

_POST_S, _DELETE_S = 15.0, 3.0
_LARGEST_ANSWER = 256 << 10

_MENDS = {
    400: "the server does not take this offer",
    401: "the server wants a token: give one with --token",
    403: "the token is not valid for this stream: ask for one that is",
    404: "there is no WHIP endpoint at this address: check the URL",
    405: "this address takes no WHIP: check the URL",
    409: "the stream is live already: stop the other publisher, or choose another name",
    413: "the offer is too large for this server",
    415: "this address takes no SDP: check the URL",
    422: "the server cannot use what is offered (H.264 and Opus)",
    429: "too many attempts: wait a little",
    500: "the server has a fault: look into its log",
    502: "the server behind the proxy is away: is it running?",
    503: "the server is overloaded: try again later",
}
_PASSING = {408, 409, 425, 429, 500, 502, 503, 504}


class WhipError(EdgeError):
    """What failed, why, and what to do. `passing`: trying again may help."""

    title = "Cannot publish"

    def __init__(self, detail: str, *, passing: bool) -> None:
        super().__init__(detail)
        self.passing = passing


@dataclass(frozen=True, slots=True)
class WhipSession:
    """A session of ours on the server. `url` is absolute and secret."""

    url: str
    answer: str
    etag: str | None


class WhipClient:
    """One endpoint, one token. The HTTP session belongs to the caller."""

    def __init__(self, http: aiohttp.ClientSession, url: str, token: str | None) -> None:
        self._http, self._url = http, url
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}

    async def post(self, offer: str) -> WhipSession:
        """Open a session (RFC 9725, 4.2). Raises WhipError."""
        headers = {**self._headers, "Content-Type": "application/sdp", "Accept": "application/sdp"}
        timeout = aiohttp.ClientTimeout(total=_POST_S)
        try:
            async with self._http.post(self._url, data=offer, headers=headers, timeout=timeout) as response:
                body = await response.content.read(_LARGEST_ANSWER)
                if response.status != HTTPStatus.CREATED:
                    raise _refusal(response.status, body)
                location = response.headers.get("Location")
                if location is None:
                    raise WhipError("the server's 201 has no Location: it is no WHIP server", passing=False)
                url = urljoin(str(response.url), location)
                return WhipSession(url, body.decode("utf-8", "replace"), response.headers.get("ETag"))
        except TimeoutError:
            raise WhipError(f"{self._url} did not answer within {_POST_S:.0f} s", passing=True) from None
        except aiohttp.ClientError as error:
            raise WhipError(_unreachable(self._url, error), passing=True) from error

    async def delete(self, session: WhipSession) -> bool:
        """End the session; whether the server confirmed. Nobody is helped by an error here."""
        timeout = aiohttp.ClientTimeout(total=_DELETE_S)
        try:
            async with self._http.delete(session.url, headers=self._headers, timeout=timeout) as response:
                return response.status < 400
        except (aiohttp.ClientError, TimeoutError):
            return False


def _refusal(status: int, body: bytes) -> WhipError:
    mend = _MENDS.get(status, "that is not what WHIP answers: check the URL")
    detail = _detail(body)
    said = f' ("{detail}")' if detail else ""
    return WhipError(f"the server answered {status}{said}: {mend}", passing=status in _PASSING)


def _detail(body: bytes) -> str:
    """From application/problem+json (RFC 9457), if that is what it is."""
    try:
        problem = json.loads(body)
    except ValueError:
        return ""
    detail = problem.get("detail") if isinstance(problem, dict) else None
    return detail[:300] if isinstance(detail, str) else ""


def _unreachable(url: str, error: aiohttp.ClientError) -> str:
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return f"the certificate of {url} is not trusted: {error.certificate_error}"
    if isinstance(error, aiohttp.InvalidURL):
        return f"{url} is no URL"
    if isinstance(error, aiohttp.ClientConnectorError):
        number = error.os_error.errno
        reason = os.strerror(number) if number and number > 0 else str(error.os_error)
        return f"{url} cannot be reached ({reason}): is the server running, and the address right?"
    return f"the connection to {url} broke: {error or type(error).__name__}"
