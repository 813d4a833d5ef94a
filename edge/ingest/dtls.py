"""DTLS and SRTP of one publisher: aiortc's RTCDtlsTransport, fed by hand.

No other file knows aiortc. The private names that this one relies on are `_do_handshake`, `_set_role`,
`_ssl`, `_rx_srtp` and `_tx_srtp` of RTCDtlsTransport, `_create_ssl_context`, `_key` and `_cert` of
RTCCertificate, `_recv` and `_send` of the transport below it, `Context._context` and `_util` of pyOpenSSL,
`Session._srtp` and `_binding` of pylibsrtp (in slot.py too); tests/contract/test_aiortc.py holds them to
what we believe.
"""

import asyncio
import ctypes
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, cast

from aiortc import RTCCertificate, RTCDtlsFingerprint, RTCDtlsParameters, RTCDtlsTransport, RTCIceTransport
from OpenSSL import SSL
from OpenSSL._util import ffi as openssl_ffi
from OpenSSL._util import lib as openssl
from pylibsrtp import Session
from pylibsrtp._binding import lib

from edge.ingest.slot import Slot, filled
from edge.rtp.arrivals import Piece

HANDSHAKE_S = 10.0
"""A peer that has not finished its handshake by then is given up (RFC 9725, 5)."""

IDENTITY_LIFE_S = 24 * 3600.0
"""A certificate serves new sessions for a day; aiortc makes it good for thirty."""

_VERIFY = SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT
_CIPHERS = (
    b"ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-CHACHA20-POLY1305:"
    b"ECDHE-ECDSA-AES128-SHA:ECDHE-ECDSA-AES256-SHA"
)
_MOST_QUEUED = 64
_REPLAYED = frozenset({9, 10})  # srtp_err_status_replay_fail, _replay_old
_WRONG_CURVE = "wrong curve"
_unprotect_rtp = lib.srtp_unprotect

Fingerprints = Sequence[tuple[str, str]]
"""Hash function and value of each a=fingerprint (RFC 8122, 5)."""


class HandshakeFailed(Exception):
    """`reason` is one of a closed set; `detail` tells what can be done about it."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


_accept = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int, ctypes.c_void_p)(lambda _ok, _store: 1)
"""Who the peer is, the fingerprint in its offer says, not whoever signed its certificate (RFC 8827, 6.5)."""


class _Certificate(RTCCertificate):
    """As aiortc's, but for the callback: pyOpenSSL has cffi make one at run time, in memory that is written
    and executed, which a sandbox (MemoryDenyWriteExecute=) refuses.
    """

    def _create_ssl_context(self, srtp_profiles: Sequence[Any]) -> SSL.Context:
        context = SSL.Context(SSL.DTLS_METHOD)
        context.set_options(SSL.OP_NO_TICKET)
        address = ctypes.cast(_accept, ctypes.c_void_p).value
        callback = openssl_ffi.cast("int (*)(int, X509_STORE_CTX *)", address)
        openssl.SSL_CTX_set_verify(context._context, _VERIFY, callback)  # noqa: SLF001
        context.use_certificate(self._cert)
        context.use_privatekey(self._key)
        context.set_cipher_list(_CIPHERS)
        context.set_tlsext_use_srtp(b":".join(one.openssl_profile for one in srtp_profiles))
        return context


@dataclass(frozen=True, slots=True)
class Identity:
    """A certificate of ours, and its sha-256 fingerprint as SDP writes it."""

    certificate: RTCCertificate
    fingerprint: str

    @classmethod
    def generate(cls) -> "Identity":
        """A new key on the curve P-256, which every peer takes."""
        certificate = _Certificate.generateCertificate()
        fingerprint = next(one for one in certificate.getFingerprints() if one.algorithm == "sha-256")
        return cls(certificate, fingerprint.value)


class Identities:
    """One identity for all sessions that begin within a day: making one costs as much as a handshake."""

    def __init__(self) -> None:
        self._current: Identity | None = None
        self._since = 0.0

    def current(self, now: float) -> Identity:
        """For a session that begins now."""
        if self._current is None or now - self._since >= IDENTITY_LIFE_S:
            self._current = Identity.generate()
            self._since = now
        return self._current


class _Pipe:
    """What RTCDtlsTransport takes for an ICE transport."""

    role = "controlled"
    state = "completed"

    def __init__(self, send: Callable[[bytes], None]) -> None:
        self._outgoing = send
        self._queue: asyncio.Queue[bytes] = asyncio.Queue(_MOST_QUEUED)

    def feed(self, datagram: bytes) -> bool:
        """Who sends more than the handshake can take loses it (False), and sends again (RFC 6347, 4.2.4)."""
        try:
            self._queue.put_nowait(datagram)
        except asyncio.QueueFull:
            return False
        return True

    async def _recv(self) -> bytes:
        return await self._queue.get()

    async def _send(self, datagram: bytes) -> None:
        self._outgoing(datagram)


class _Recorder:
    """An SSL connection that remembers why it failed: RTCDtlsTransport only tells that it did."""

    def __init__(self, connection: SSL.Connection) -> None:
        self._connection = connection
        self.faults: list[str] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    def do_handshake(self) -> None:
        self._recording(self._connection.do_handshake)

    def recv(self, size: int) -> Any:
        return self._recording(self._connection.recv, size)

    def _recording(self, call: Callable[..., Any], *arguments: Any) -> Any:
        try:
            return call(*arguments)
        except (SSL.WantReadError, SSL.ZeroReturnError):
            raise
        except SSL.Error as error:
            errors = error.args[0] if error.args and isinstance(error.args[0], list) else []
            self.faults.extend(str(one[-1]) for one in errors)
            raise


class _Transport(RTCDtlsTransport):
    faults: Sequence[str] = ()

    async def _do_handshake(self) -> None:
        recorder = _Recorder(cast("SSL.Connection", self._ssl))
        self._ssl = cast("SSL.Connection", recorder)
        try:
            await super()._do_handshake()
        finally:
            self.faults = recorder.faults


class Dtls:
    """One DTLS association: a handshake, then SRTP in both directions.

    `send` takes datagrams for the peer. `closed` is called once, when the peer says close_notify after the
    handshake.
    """

    def __init__(
        self,
        identity: Identity,
        fingerprints: Fingerprints,
        *,
        is_server: bool,
        send: Callable[[bytes], None],
        closed: Callable[[], None],
    ) -> None:
        self.unauthentic = 0
        """Packets that were not made with the peer's key."""
        self.replayed = 0
        """Packets that had come before."""
        self.keyless = 0
        """Packets that came while there were no keys."""
        self._pipe = _Pipe(send)
        self._closed = closed
        self._fingerprints = [RTCDtlsFingerprint(algorithm=kind, value=value) for kind, value in fingerprints]
        self._transport = _Transport(cast("RTCIceTransport", self._pipe), [identity.certificate])
        self._transport._set_role("server" if is_server else "client")  # noqa: SLF001
        self._incoming: Session | None = None
        self._outgoing: Session | None = None
        (self._report,) = filled([b""])

    @property
    def is_connected(self) -> bool:
        """Whether there are keys, so that media can come."""
        return self._incoming is not None

    def receive(self, datagram: bytes) -> bool:
        """A DTLS datagram from a validated path. False: it is dropped, too many wait before it."""
        return self._pipe.feed(datagram)

    async def handshake(self) -> None:
        """Until there are keys. Raises HandshakeFailed."""
        transport = self._transport
        try:
            async with asyncio.timeout(HANDSHAKE_S):
                await transport.start(RTCDtlsParameters(fingerprints=self._fingerprints))
        except TimeoutError:
            detail = (
                f"the DTLS handshake was not finished after {HANDSHAKE_S:.0f} s: is UDP blocked on the way?"
            )
            raise HandshakeFailed("timeout", detail) from None
        if transport.state != "connected":
            raise _explain(transport.faults)
        self._incoming = transport._rx_srtp  # noqa: SLF001
        self._outgoing = transport._tx_srtp  # noqa: SLF001
        transport.on("statechange", self._state_changed)

    def unprotect_rtp(self, packets: Sequence[Slot]) -> list[Piece]:
        """The RTP packets in those that are authentic and new; the others are counted.

        SRTP is undone in the slots: what comes out lies there, and nothing else in them may be used any more.
        At most 1500 bytes each.
        """
        if self._incoming is None:
            self.keyless += len(packets)
            return []
        context = self._incoming._srtp[0]  # noqa: SLF001
        opened: list[Piece] = []
        for packet in packets:
            length = packet.length
            status = _unprotect_rtp(context, packet.memory, length)
            if status:
                self._refused(status)
            else:
                begin = packet.begin
                opened.append((packet.octets, begin, begin + length[0]))
        return opened

    def unprotect_rtcp(self, packet: Slot) -> bytes | None:
        """The same for a compound RTCP packet."""
        if self._incoming is None:
            self.keyless += 1
            return None
        status = lib.srtp_unprotect_rtcp(self._incoming._srtp[0], packet.memory, packet.length)  # noqa: SLF001
        if status:
            self._refused(status)
            return None
        return packet.data

    def protect_rtcp(self, packet: bytes) -> bytes | None:
        """An SRTCP packet to send; None before the handshake is done or after libsrtp refused. At most 1500
        bytes.
        """
        if self._outgoing is None:
            return None
        slot = self._report
        slot.put(packet)
        status = lib.srtp_protect_rtcp(self._outgoing._srtp[0], slot.memory, slot.length)  # noqa: SLF001
        return None if status else slot.data

    async def close(self) -> None:
        """Say close_notify, and forget the peer."""
        self._incoming = self._outgoing = None
        self._closed = _nothing
        await self._transport.stop()

    def _refused(self, status: int) -> None:
        if status in _REPLAYED:
            self.replayed += 1
        else:
            self.unauthentic += 1

    def _state_changed(self) -> None:
        if self._transport.state == "closed":
            self._incoming = self._outgoing = None
            closed, self._closed = self._closed, _nothing
            closed()


def _nothing() -> None:
    """Nobody wants to know any more."""


def _explain(faults: Sequence[str]) -> HandshakeFailed:
    if _WRONG_CURVE in faults:
        return HandshakeFailed(
            "wrong_curve",
            "the publisher's DTLS certificate is on a curve that OpenSSL refuses (FFmpeg with GnuTLS makes "
            "P-224): give it one on P-256 with -cert_file and -key_file",
        )
    why = ", ".join(faults) or "its certificate is not the one of the offer, or no SRTP profile is in common"
    return HandshakeFailed("refused", f"the DTLS handshake failed: {why}")
