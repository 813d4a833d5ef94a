"""The other end of a DTLS association: aiortc's own transport over a link in memory."""

import asyncio
from collections.abc import Callable

from aiortc import RTCCertificate, RTCDtlsFingerprint, RTCDtlsParameters, RTCDtlsTransport

from edge.ingest.dtls import Dtls, Identity


class Link:
    """What the peer's transport takes for ICE; `deliver` is what our side is given to receive."""

    role = "controlling"
    state = "completed"

    def __init__(self) -> None:
        self.incoming: asyncio.Queue[bytes] = asyncio.Queue()
        self.deliver: Callable[[bytes], None] = lambda _datagram: None

    async def _recv(self) -> bytes:
        return await self.incoming.get()

    async def _send(self, datagram: bytes) -> None:
        self.deliver(datagram)


class Pair:
    """Our Dtls and the peer's transport, joined."""

    def __init__(self, *, is_server: bool = True, fingerprints: list[tuple[str, str]] | None = None) -> None:
        self.closed = 0
        self.link = Link()
        certificate = RTCCertificate.generateCertificate()
        self.peer = RTCDtlsTransport(self.link, [certificate])
        self.peer._set_role("client" if is_server else "server")
        self.identity = Identity.generate()
        told = [(one.algorithm, one.value) for one in certificate.getFingerprints()]
        self.ours = Dtls(
            self.identity,
            told if fingerprints is None else fingerprints,
            is_server=is_server,
            send=self.link.incoming.put_nowait,
            closed=self._count_closed,
        )
        self.link.deliver = lambda datagram: self.ours.receive(datagram)

    async def connect(self) -> None:
        expected = RTCDtlsParameters([RTCDtlsFingerprint("sha-256", self.identity.fingerprint)])
        peer = asyncio.create_task(self.peer.start(expected))
        try:
            await self.ours.handshake()
            await peer
        finally:
            peer.cancel()

    async def close(self) -> None:
        await self.ours.close()
        await self.peer.stop()

    def _count_closed(self) -> None:
        self.closed += 1
