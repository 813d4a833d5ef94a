"""Who watches, told to an operator: addresses by stream."""

import asyncio
import json
from collections.abc import Iterable
from heapq import nsmallest
from typing import Any

from aiohttp import web

from edge.auth.admission import Admission
from edge.http.cache_control import NO_STORE
from edge.live.hub import ROOT
from edge.web.api import admit, limit_of
from edge.web.lane import Lane, Seen

_AT_ONCE = 250
"""Connections that are looked at in one turn of the loop."""
_HEADERS = {"Cache-Control": NO_STORE, "X-Content-Type-Options": "nosniff"}


class Register:
    """Connections, added up by stream and client."""

    def __init__(self, now: int, stream: str | None = None) -> None:
        """`now`: see Lane.now. `stream`: no other."""
        self._now = now
        self._stream = stream
        self._rows: dict[tuple[str, str], dict[str, Any]] = {}

    def add(self, connections: Iterable[Seen | None]) -> None:
        """More of them; those that ask for no stream do not count."""
        for one in connections:
            if one is None or not one.path.startswith(ROOT):
                continue
            stream = one.path[len(ROOT) :].partition("/")[0]
            if self._stream in {None, stream}:
                self._add(stream, one)

    def _add(self, stream: str, one: Seen) -> None:
        quiet_s = max(0, self._now - one.since)
        fresh = {"stream": stream, "client": one.client, "connections": 0, "waiting": 0, "quiet_s": quiet_s}
        row = self._rows.setdefault((stream, one.client), fresh)
        row["connections"] += 1
        row["waiting"] += one.is_held
        row["quiet_s"] = min(row["quiet_s"], quiet_s)

    def listed(self, limit: int) -> bytes:
        """JSON: `viewers`, those with the most connections, `limit` rows at most; `matched`, how many are.

        For a thread: nothing in it takes long at a time, so that the loop has its turns.
        """
        rows = nsmallest(limit, self._rows.values(), key=_place)
        listed = ", ".join(json.dumps(row) for row in rows)
        return f'{{"viewers": [{listed}], "matched": {len(self._rows)}}}'.encode()


def _place(row: dict[str, Any]) -> tuple[int, str, str]:
    return -row["connections"], row["stream"], row["client"]


def viewer_routes(lane: Lane, admission: Admission) -> list[web.AbstractRouteDef]:
    """`GET /api/v1/viewers`; who is let in: see `admit`."""

    async def viewers(request: web.Request) -> web.Response:
        await admit(request, admission)
        limit, stream = limit_of(request), request.query.get("stream")
        register, connections = Register(lane.now, stream), list(lane.wheel)
        for at in range(0, len(connections), _AT_ONCE):
            register.add(one.seen() for one in connections[at : at + _AT_ONCE])
            await asyncio.sleep(0)
        body = await asyncio.to_thread(register.listed, limit)
        return web.Response(body=body, content_type="application/json", headers=_HEADERS)

    return [web.get("/api/v1/viewers", viewers)]
