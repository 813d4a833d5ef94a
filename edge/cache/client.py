"""The API of a running server, asked. What goes wrong becomes a sentence that tells the mend."""

import contextlib
import json
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Any

import aiohttp

from edge.cache.server import TOKEN, URL, Server

_ROOT = "/api/v1/cache"
_LONGEST_LINE = 65_536
_ANSWER_S = 60.0
_FOREVER = aiohttp.ClientTimeout(total=None, sock_connect=10.0)
"""What ends by itself, however much it is."""


class ApiError(Exception):
    """The server does not do what it was asked to. Its text is a sentence for people."""


class Unreachable(ApiError):
    """It does not answer: there is no use in asking again."""


class CacheClient:
    """Use `connected`."""

    def __init__(self, server: Server, http: aiohttp.ClientSession) -> None:
        self._server = server
        self._http = http

    async def stats(self, pattern: str | None = None) -> dict[str, Any]:
        """See GET /api/v1/cache."""
        return await self._json("", "used_bytes", {} if pattern is None else {"pattern": pattern})

    async def assets(self, pattern: str, limit: int) -> dict[str, Any]:
        """See GET /api/v1/cache/assets."""
        return await self._json("/assets", "assets", {"pattern": pattern, "limit": str(limit)})

    async def purge(self, pattern: str) -> int:
        """How many blocks went."""
        async with self._asked("DELETE", "/assets", params={"pattern": pattern}, timeout=_FOREVER) as answer:
            return int(_parsed(await answer.read(), "purged_blocks")["purged_blocks"])

    async def warm(self, asset: str, rate: float | None) -> AsyncGenerator[dict[str, Any]]:
        """Its lines, see POST /api/v1/cache/warm. Closed, it ends the fetch. ApiError: the asset's, too."""
        order = {"asset": asset, "rate_bytes": rate}
        async with self._asked("POST", "/warm", json=order, timeout=_FOREVER) as answer:
            async for text in _lines(answer):
                line = _parsed(text)
                if "fault" in line:
                    raise ApiError(str(line["fault"]))
                yield line
                if "held_bytes" in line:
                    return
        raise ApiError("the server ended before it was done; look at its log")

    async def names(self, pattern: str) -> AsyncGenerator[str]:
        """What origins have, see GET /api/v1/cache/warm. ApiError: there may be more."""
        async with self._asked("GET", "/warm", params={"pattern": pattern}, timeout=_FOREVER) as answer:
            async for text in _lines(answer):
                line = _parsed(text)
                if "fault" in line:
                    raise ApiError(str(line["fault"]))
                if "listed" in line:
                    return
                yield str(line["asset"])
        raise ApiError("the server ended before it had listed all; look at its log")

    async def _json(self, path: str, member: str, query: dict[str, str]) -> dict[str, Any]:
        async with self._asked("GET", path, params=query) as answer:
            return _parsed(await answer.read(), member)

    @contextlib.asynccontextmanager
    async def _asked(self, method: str, path: str, **more: Any) -> AsyncIterator[aiohttp.ClientResponse]:
        token = self._server.token
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        base = self._server.base
        try:
            async with self._http.request(
                method, f"{base}{_ROOT}{path}", headers=headers, allow_redirects=False, **more
            ) as answer:
                if answer.status != 200:
                    raise await _refusal(answer, base)
                yield answer
        except aiohttp.ClientConnectorCertificateError as error:
            raise Unreachable(
                f"{base}: its certificate is not for this name; give its own with --url"
            ) from error
        except aiohttp.ClientConnectorSSLError as error:
            raise Unreachable(f"{base} does not speak TLS ({error.strerror}): is it http://?") from error
        except aiohttp.ClientConnectorError as error:
            raise Unreachable(
                f"nobody answers at {base} ({error.strerror or error}): start the server, or say where it "
                f"is with --url or {URL}"
            ) from error
        except TimeoutError as error:
            raise Unreachable(f"{base} did not answer in time; look at its log and its load") from error
        except (aiohttp.ClientError, ConnectionError) as error:
            raise Unreachable(
                f"{base} broke off ({error}): is it an edge server, and still running?"
            ) from error


@contextlib.asynccontextmanager
async def connected(server: Server) -> AsyncIterator[CacheClient]:
    """Connects when something is asked."""
    timeout = aiohttp.ClientTimeout(total=_ANSWER_S, sock_connect=10.0)
    async with aiohttp.ClientSession(timeout=timeout) as http:
        yield CacheClient(server, http)


async def _refusal(answer: aiohttp.ClientResponse, base: str) -> ApiError:
    problem: Any = {}
    with contextlib.suppress(ValueError):
        problem = json.loads(await answer.content.read(_LONGEST_LINE))
    has_sentence = isinstance(problem, dict) and isinstance(problem.get("detail"), str)
    sentence = problem["detail"] if has_sentence else f"{answer.status} {answer.reason}"
    if answer.status in {401, 403}:
        return Unreachable(
            f"{base} does not let us in: {sentence} (here: --token, {TOKEN}, or -c its configuration)"
        )
    if not has_sentence:
        return Unreachable(f"{base} answers {sentence}: is it an edge server, and as new as this command?")
    return ApiError(sentence)


async def _lines(answer: aiohttp.ClientResponse) -> AsyncIterator[bytes]:
    while line := await answer.content.readline():
        yield line


def _parsed(text: bytes, member: str | None = None) -> dict[str, Any]:
    """An object that has `member`."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Unreachable("the answer is not JSON: is it an edge server?") from error
    if not isinstance(value, dict) or (member is not None and member not in value):
        raise Unreachable("the answer is not what was asked for: is it an edge server?")
    return value
