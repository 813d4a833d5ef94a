"""Between aiohttp and our own words for requests and answers."""

from contextlib import suppress

from aiohttp import hdrs, web
from multidict import CIMultiDict

from edge.http.cmcd import FIELDS
from edge.http.message import RequestHead, Response

SERVER = ("Server", "edge")
_CONDITIONS = (
    "if-match",
    "if-modified-since",
    "if-none-match",
    "if-range",
    "if-unmodified-since",
    "range",
)
READ = ("accept-encoding", "authorization", *_CONDITIONS, *FIELDS)
"""The fields that rooms know; lanes hand in no others."""


def head_of(request: web.Request) -> RequestHead:
    """What the rooms below may read of a request: its address and the fields that they know."""
    fields = {}
    for name in READ:
        values = request.headers.getall(name, None)
        if values:
            fields[name] = values[0] if len(values) == 1 else ", ".join(values)
    return RequestHead(
        request.method, request.path, request.raw_path.partition("?")[2], fields, request.remote or ""
    )


def written(response: Response) -> web.Response:
    """For answers of one buffer or none; aiohttp leaves the body out where the method is HEAD."""
    headers = CIMultiDict((*response.fields, SERVER))
    body = response.body[0] if len(response.body) == 1 else b"".join(response.body)
    return web.Response(status=response.status, headers=headers, body=body or None)


async def send(request: web.Request, response: Response) -> web.StreamResponse:
    """Hand an answer to the socket, each shared buffer as it is. To a client that left: nothing."""
    if len(response.body) <= 1:
        whole = written(response)
        with suppress(ConnectionError):
            await whole.prepare(request)
            await whole.write_eof()
        return whole
    fields = CIMultiDict((*response.fields, SERVER))
    stream = web.StreamResponse(status=response.status, headers=fields)
    stream.content_length = response.content_length
    with suppress(ConnectionError):
        await stream.prepare(request)
        if request.method != hdrs.METH_HEAD:
            for buffer in response.body:
                await stream.write(buffer)
        await stream.write_eof()
    return stream
