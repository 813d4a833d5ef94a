"""Live media over aiohttp: the correct lane, whose answers are the hub's own."""

import asyncio
from typing import Protocol

from aiohttp import hdrs, web

from edge.http.conditional import revalidated
from edge.http.message import RequestHead, Response
from edge.live.hub import ROOT
from edge.live.waiters import Wait
from edge.metrics import WEB_SENDING, WEB_SENT
from edge.web.doors import Seats, no_seat
from edge.web.middleware import kind_of
from edge.web.reply import head_of, send
from edge.web.timing import HELD_S


class Answering(Protocol):
    """The hub, or the gate in front of it."""

    def answer(self, head: RequestHead, now: float) -> Response | Wait: ...


def media_routes(hub: Answering, seats: Seats | None = None) -> list[web.AbstractRouteDef]:
    """Every method below `/live/` goes to the hub, which knows what to refuse. `seats`: who may wait."""

    async def media(request: web.Request) -> web.StreamResponse:
        head = head_of(request)
        answer = hub.answer(head, asyncio.get_running_loop().time())
        if isinstance(answer, Response):
            return await _reply(request, head, answer)
        if seats is not None and not seats.take(head.client):
            return await _reply(request, head, no_seat())
        since = asyncio.get_running_loop().time()
        try:
            response, came_at = await _held(answer)
        finally:
            if seats is not None:
                seats.leave(head.client)
        request[HELD_S] = came_at - since
        sent = await _reply(request, head, response)
        WEB_SENDING.observe(asyncio.get_running_loop().time() - came_at)
        return sent

    return [web.route(hdrs.METH_ANY, ROOT + "{address:.*}", media)]


async def _held(wait: Wait) -> tuple[Response, float]:
    """The answer, and when it came.

    A viewer who left is struck from the list if the server cancels us for it. Else his answer goes nowhere,
    and soon: no request is held long.
    """
    viewer = _Held()
    queue = wait.subscribe(viewer, asyncio.get_running_loop().time())
    try:
        return await viewer.came
    finally:
        queue.leave(viewer)


class _Held:
    """A viewer of this lane (edge.live.waiters.Viewer)."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self.came: asyncio.Future[tuple[Response, float]] = self._loop.create_future()

    def answered(self, response: Response) -> None:
        if not self.came.done():
            self.came.set_result((response, self._loop.time()))


async def _reply(request: web.Request, head: RequestHead, response: Response) -> web.StreamResponse:
    answer = revalidated(head, response)
    sent = await send(request, answer)
    if answer.status == 200 and request.method != hdrs.METH_HEAD:
        WEB_SENT.labels(kind_of(request.path)).inc(answer.content_length)
    return sent
