"""Where the time of one answer went (Server-Timing), for whoever asks on this machine with `?debug`."""

import asyncio

from aiohttp import web
from aiohttp.typedefs import Handler

from edge.web.origin import is_of_this_machine

HELD_S = web.RequestKey("held", float)
"""Seconds for which an answer was waited for; set by whoever waits."""

_BEGAN = web.RequestKey("began", float)


def wants_timing(query: str) -> bool:
    """`query` is raw. The fast lane leaves these to aiohttp."""
    return "debug" in query.split("&")


@web.middleware
async def timed(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Time counts from here: stands outside all others."""
    if wants_timing(request.rel_url.raw_query_string) and is_of_this_machine(request):
        request[_BEGAN] = asyncio.get_running_loop().time()
    return await handler(request)


async def tell_time(request: web.Request, response: web.StreamResponse) -> None:
    """A signal of aiohttp's: the head is about to go out. `held` is waiting for the publisher, `answer` the
    rest up to here, the origin's part of it among it.
    """
    began = request.get(_BEGAN)
    if began is not None:
        held = request.get(HELD_S, 0.0)
        rest = asyncio.get_running_loop().time() - began - held
        response.headers["Server-Timing"] = f"held;dur={held * 1000:.1f}, answer;dur={rest * 1000:.1f}"
