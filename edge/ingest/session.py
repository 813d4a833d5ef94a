"""One publisher's WebRTC resource, from the answer to the end: connectivity, keys, media, liveness."""

import asyncio
import logging
import secrets
from collections.abc import Callable, Sequence
from typing import Literal, Protocol

from edge.errors import PublishError
from edge.ingest.dtls import Dtls, HandshakeFailed, Identity
from edge.ingest.ice import IceCredentials, IceLite
from edge.ingest.intake import Intake
from edge.ingest.mux import Mux, Path
from edge.ingest.preconditions import new_entity_tag
from edge.ingest.sdp import Negotiated
from edge.ingest.slot import Slot
from edge.ingest.stun import StunMessage
from edge.ingest.supervisor import supervised
from edge.live.publication import LOST_AFTER_S
from edge.metrics import INGEST_CONNECTING

logger = logging.getLogger(__name__)

CONNECT_S = 10.0
"""From the answer to the first valid check, and from there to the end of the handshake."""

SILENT_S = 12.0
"""Without any authentic packet for so long, the publisher is gone, however long its viewers are kept."""

MOST_SSRCS = 32
"""libsrtp keeps a context for each; eight layers of simulcast with their retransmissions are 16. Only
packets that came together can bring more."""

Reason = Literal[
    "deleted",
    "closed",
    "silent",
    "unreachable",
    "handshake",
    "replaced",
    "refused",
    "fault",
    "shutdown",
    "kicked",
    "revoked",
]


def silence_allowed(reconnect_window_s: float) -> float:
    """How many seconds a publisher that has sent media may be silent: as long as its viewers are kept, and at
    least until another may take its place.
    """
    return max(LOST_AFTER_S, min(SILENT_S, reconnect_window_s))


class Attachment(Protocol):
    """What a session asks of the publication that it holds the claim to."""

    def detach(self, source: "WhipSession", now: float, heard_at: float | None = None) -> None: ...


class WhipSession:
    """A Peer of the mux and a Source of its publication.

    `ended` is called once, when the session is over, whoever ended it. Whatever is raised while it works
    ends this session and no other.
    """

    def __init__(
        self,
        stream: str,
        negotiated: Negotiated,
        *,
        client: str,
        mux: Mux,
        identity: Identity,
        clock: Callable[[], float],
        ended: "Callable[[WhipSession, Reason], None]",
        silence_s: float = SILENT_S,
    ) -> None:
        """`silence_s`: see silence_allowed."""
        now = clock()
        self.id = secrets.token_urlsafe(24)
        self.stream = stream
        self.client = client
        self.entity_tag = new_entity_tag()
        self.negotiated = negotiated
        self.remote_credentials = (negotiated.ufrag, negotiated.password)
        self.heard_at = now
        self.began_at = now
        self.token: str | None = None
        """With which it was let in: judged again when keys change. Never shown."""
        self.connected_at: float | None = None
        self.reason: Reason | None = None
        """Why it is over; None while it is not."""
        self.intake: Intake | None = None
        self.unknown_ssrcs = 0
        """Packets of sources beyond MOST_SSRCS."""
        self._publication: Attachment | None = None
        self._on_close: Callable[[], None] | None = None
        self._mux = mux
        self._clock = clock
        self._ended = ended
        self._silence_s = silence_s
        self._ice: IceLite[Path] = IceLite(IceCredentials.generate(), negotiated.ufrag)
        self.fingerprint = identity.fingerprint
        self.dtls = Dtls(
            identity,
            [(one.algorithm, one.value) for one in negotiated.fingerprints],
            is_server=negotiated.setup == "passive",
            send=self._send,
            closed=self._peer_closed,
        )
        self._handshake: asyncio.Task[None] | None = None
        self._goodbye: asyncio.Task[None] | None = None
        mux.register(self._ice.local.ufrag, self)

    @property
    def credentials(self) -> IceCredentials:
        """Ours, the newest."""
        return self._ice.local

    @property
    def is_connected(self) -> bool:
        return self.connected_at is not None and self.reason is None

    @property
    def bitrate(self) -> float:
        """In bit/s, of the last seconds; of one that has just come: as much as it may send."""
        return self.intake.bitrate if self.intake is not None else 0.0

    def feed(self, publication: Attachment, intake: Intake, close: Callable[[], None]) -> None:
        """Where media goes. `close` is called at the end, before the publication is left."""
        self._publication = publication
        self.intake = intake
        self._on_close = close

    # A peer of the mux

    def receive_check(self, message: StunMessage, path: Path, now: float) -> None:
        """See Peer."""
        check = self._ice.check(message, path, path.source[:2], now)
        if check.is_valid:
            self.heard_at = now
            self._mux.route(path, self)
            if check.evicted is not None:
                self._mux.unroute(check.evicted, self)
            if check.retired_ufrag is not None:
                self._mux.unregister(check.retired_ufrag)
        if check.refused is not None:
            self._mux.counts.drop(check.refused)
        if check.reply is not None:
            path.send(check.reply)
        if self._handshake is None and check.is_valid:
            self._handshake = asyncio.create_task(supervised(self._shake_hands(), self.crashed))

    def receive_dtls(self, datagram: bytes, now: float) -> None:
        """See Peer."""
        del now  # not authentic before OpenSSL has said so
        if not self.dtls.receive(datagram):
            self._mux.counts.drop("dtls_queue_full")

    def receive_media(self, datagrams: Sequence[Slot], now: float) -> None:
        """See Peer. The hot path: every packet of every publisher."""
        intake = self.intake
        if intake is None:
            return
        if len(intake.ssrcs) >= MOST_SSRCS:
            datagrams = self._without_strangers(datagrams, intake)
        packets = self.dtls.unprotect_rtp(datagrams)
        if not packets:
            return
        self.heard_at = now
        try:
            intake.rtp(packets, now)
        except PublishError as error:
            self.end("refused", error.detail)

    def receive_report(self, datagram: Slot, now: float) -> None:
        """See Peer."""
        if self.intake is None:
            return
        report = self.dtls.unprotect_rtcp(datagram)
        if report is not None:
            self.heard_at = now
            self.intake.rtcp(report, now)

    def _without_strangers(self, datagrams: Sequence[Slot], intake: Intake) -> list[Slot]:
        known = [one for one in datagrams if one.number_at(8) in intake.ssrcs]
        self.unknown_ssrcs += len(datagrams) - len(known)
        return known

    def crashed(self, error: Exception) -> None:
        """See Peer. Called while the exception is handled."""
        logger.error("publisher.failed_by_us", exc_info=error, extra=self._facts())
        self.end("fault", "internal error")

    # A source of its publication

    def request_key_frame(self) -> None:
        """See Source."""
        if self.intake is not None:
            self.intake.request_key_frame(self._clock())

    def close(self, reason: str) -> None:
        """See Source."""
        self.end("replaced", reason)

    # Its own life

    def tick(self, now: float) -> None:
        """Every 25 ms."""
        if self.reason is not None:
            return
        if self.connected_at is None:
            if self._handshake is None and now - self.began_at > CONNECT_S:
                self.end(
                    "unreachable", "no connectivity check came: can the publisher reach webrtc.advertise?"
                )
            return
        assert self.intake is not None
        # Viewers of one that has sent nothing yet have nothing to lose: it may take its time.
        allowed_s = self._silence_s if self.intake.ssrcs else SILENT_S
        if now - self.heard_at > allowed_s:
            self.end("silent", f"nothing was heard for {allowed_s:g} s")
            return
        try:
            self.intake.tick(now, self.heard_at)
        except PublishError as error:
            self.end("refused", error.detail)

    def restart(self, ufrag: str, password: str) -> None:
        """The peer begins ICE anew: `credentials` and `entity_tag` are new, the old ones good for a while."""
        void = self._ice.restart(IceCredentials.generate(), ufrag)
        if void is not None:
            self._mux.unregister(void)
        self._mux.register(self._ice.local.ufrag, self)
        self.remote_credentials = (ufrag, password)
        self.entity_tag = new_entity_tag()

    def end(self, reason: Reason, detail: str = "") -> None:
        """Leave the publication and the network; again is no fault."""
        if self.reason is not None:
            return
        self.reason = reason
        for ufrag in self._ice.ufrags:
            self._mux.unregister(ufrag)
        facts = {"reason": reason, "detail": detail, "seconds": round(self._clock() - self.began_at, 1)}
        logger.info("publisher.gone", extra=self._facts() | facts)
        try:
            if self._on_close is not None:
                self._on_close()
            if self._publication is not None:
                self._publication.detach(self, self._clock(), self.heard_at)
        finally:
            self._goodbye = asyncio.create_task(supervised(self._say_goodbye(), self._goodbye_failed))
            self._ended(self, reason)
            self.intake = None

    async def closed(self) -> None:
        """Until everything is let go of."""
        if self._goodbye is not None:
            await asyncio.shield(self._goodbye)

    async def _say_goodbye(self) -> None:
        """close_notify goes the way that media came; only then is the way forgotten."""
        if self._handshake is not None:
            self._handshake.cancel()
        await self.dtls.close()
        for path in self._ice.paths:
            self._mux.unroute(path, self)

    def _goodbye_failed(self, error: Exception) -> None:
        logger.error("publisher.ended_badly", exc_info=error, extra=self._facts())

    async def _shake_hands(self) -> None:
        try:
            await self.dtls.handshake()
        except HandshakeFailed as failure:
            if self.reason is None:
                logger.warning("publisher.handshake_failed", extra=self._facts() | {"detail": failure.detail})
                self.end("handshake", failure.reason)
            return
        if self.reason is None:
            self.connected_at = self.heard_at = self._clock()
            took_ms = round((self.connected_at - self.began_at) * 1000)
            INGEST_CONNECTING.observe(self.connected_at - self.began_at)
            logger.info("publisher.connected", extra=self._facts() | {"took_ms": took_ms})

    def _peer_closed(self) -> None:
        self.end("closed", "the publisher closed the connection")

    def _send(self, datagram: bytes) -> None:
        if self._ice.selected is not None:
            self._ice.selected.send(datagram)

    def send_rtcp(self, packet: bytes) -> None:
        """To the publisher, encrypted; lost where there are no keys."""
        protected = self.dtls.protect_rtcp(packet)
        if protected is not None:
            self._send(protected)

    def _facts(self) -> dict[str, str]:
        return {"stream": self.stream, "client": self.client}
