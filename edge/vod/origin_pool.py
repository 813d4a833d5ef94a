"""Connections to origins that are used again, as long as both sides are at the same place."""

import aiohttp
from aiohttp.client_reqrep import ConnectionKey
from aiohttp.connector import Connection
from aiohttp.tracing import Trace


class OriginPool(aiohttp.TCPConnector):
    """What came while nobody had asked is no answer to who asks next (RFC 9112, 9.2). To aiohttp it is one:
    an asset that an origin answers with too much would be the ruin of others.
    """

    async def _get(self, key: ConnectionKey, traces: list[Trace]) -> Connection | None:
        while (found := await super()._get(key, traces)) is not None:
            if found.protocol is not None and not found.protocol.should_close:
                return found
            found.close()
        return None
