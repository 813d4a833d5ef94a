"""A connection that the fast lane gave to the strict one, for good."""

import asyncio
from collections.abc import Callable


class Handed(asyncio.Protocol):
    """Passes everything on, and tells when the connection is gone: who counts connections must know."""

    __slots__ = ("_gone", "_handler")

    def __init__(self, handler: asyncio.Protocol, gone: Callable[[], None]) -> None:
        self._handler = handler
        self._gone = gone

    def data_received(self, data: bytes) -> None:
        """See asyncio.Protocol."""
        self._handler.data_received(data)

    def eof_received(self) -> bool | None:
        """See asyncio.Protocol."""
        return self._handler.eof_received()

    def pause_writing(self) -> None:
        """See asyncio.BaseProtocol."""
        self._handler.pause_writing()

    def resume_writing(self) -> None:
        """See asyncio.BaseProtocol."""
        self._handler.resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        """See asyncio.BaseProtocol."""
        self._handler.connection_lost(exc)
        self._gone()


def hand_over(
    transport: asyncio.Transport, handler: asyncio.Protocol, buffered: bytes, gone: Callable[[], None]
) -> None:
    """`handler` goes on from here as if it had been there from the first octet of `buffered`."""
    transport.set_protocol(Handed(handler, gone))
    handler.connection_made(transport)
    handler.data_received(buffered)
