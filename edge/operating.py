"""A running server in an operator's hands: look at it, reload it, drain it."""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from edge import log
from edge.auth.admission import STREAM, Admission
from edge.config import Config
from edge.errors import ConfigError, EdgeError, MediaError, Overloaded
from edge.hls.past import Past, pack, unpack
from edge.host.certificates import Certificates
from edge.host.heart import Heart
from edge.host.reload import changed_keys, in_force
from edge.host.state import keep, kept, recall, recall_revoked, remember, remember_revoked
from edge.host.watchdog import status_line
from edge.http.network import network_of
from edge.ingest.session import WhipSession
from edge.ingest.sessions import WhipSessions
from edge.live.hub import Hub, Numbers
from edge.live.publication import Publication
from edge.live.summary import recent_bitrate
from edge.metrics import HOST_LAG, INGEST_PACKETS, WEB_SENT
from edge.web.readiness import Readiness

logger = logging.getLogger(__name__)

HISTORY_EVERY_S = 10.0
HISTORY_S = 3600.0
CERTIFICATES_EVERY_S = 60.0
_QUIET_S = 1.0
_ADDRESSES = ("jwks_url", "webhook_url")
_SECRET = frozenset({"publish", "play", "admin", "token_secrets", "webhook_secret"})


async def _nobody() -> None:
    """Serves."""


class Operating:
    """What signals and the control API do. Its methods do not wait, but `drained`."""

    def __init__(
        self,
        config: Config,
        hub: Hub,
        sessions: WhipSessions,
        *,
        admission: Admission,
        ready: Readiness,
        heart: Heart,
    ) -> None:
        self.config = config
        self.address = config.server.address
        self.told_to_stop = asyncio.Event()
        self.certificates: Certificates | None = None
        self.last_call: Callable[[], Awaitable[None]] = _nobody
        self._hub, self._sessions, self._admission = hub, sessions, admission
        self._ready, self._heart = ready, heart
        admission.keys_changed = self._judge_again
        self._is_hurried = asyncio.Event()
        self._holes: dict[str, int] = {}
        self._history: deque[dict[str, Any]] = deque(maxlen=int(HISTORY_S / HISTORY_EVERY_S))
        self._remembering: asyncio.Future[None] | None = None
        self._next_history = self._next_certificates = 0.0
        self._lost_before = _lost_packets()
        self._sent_bytes = {"status": _sent_bytes(), "history": _sent_bytes()}

    # Health

    def is_well(self) -> bool:
        """Whether the loop does its work: what the watchdog is fed by."""
        return self._heart.is_well(asyncio.get_running_loop().time())

    def accept_publisher(self, stream: str) -> None:
        """Overloaded where no new one is wanted: while draining, and while the loop is late. Who returns to
        viewers who are kept for him is not new.
        """
        if self._ready.is_draining:
            raise Overloaded("The server is going down; publish again in a moment", retry_after_s=2)
        publication = self._hub.get(stream)
        if publication is not None and publication.is_awaited:
            return
        try:
            self._heart.refuse_new_work()
        except Overloaded:
            logger.warning("load.publisher_refused", extra={"lag_ms": round(self._heart.lag_s * 1000)})
            raise

    def turns_away(self, client: str) -> bool:
        """Whether the loop has been so late that only who is here is served; a publisher is here by UDP."""
        if not self._heart.is_hurt:
            return False
        network = network_of(client)
        return all(network_of(one.client) != network for one in self._sessions.list())

    @property
    def waiting(self) -> int:
        """Requests that are answered or held at this moment."""
        return self._ready.requests + self._hub.waiting

    def status(self, seconds: float) -> str:
        """For the service manager: over the last `seconds`."""
        streams = self._hub.list()
        viewers = sum(each.rendition.audience.viewers for each in streams)
        return status_line(len(streams), viewers, self._bits_since("status") / max(seconds, 0.001))

    def tick(self, now: float) -> None:
        """Some ten times a second (monotonic seconds)."""
        HOST_LAG.set(self._heart.lag_s)
        if now >= self._next_history:
            self._next_history = now + HISTORY_EVERY_S
            self._history.append(self._moment())
            if self._remembering is None or self._remembering.done():
                self._remembering = asyncio.ensure_future(self._remember())
        self._admission.tick(now)
        if now >= self._next_certificates:
            self._next_certificates = now + CERTIFICATES_EVERY_S
            self._renew_certificates()

    async def _remember(self) -> None:
        await asyncio.to_thread(remember, self.config.server.state_dir, self._hub.next_numbers())

    async def recall(self) -> None:
        """What whoever served before us left behind."""
        folder, now = self.config.server.state_dir, asyncio.get_running_loop().time()
        for name in await asyncio.to_thread(recall_revoked, folder):
            self._admission.revoke(name)
        window_s = self.config.live.reconnect_window
        numbers = await asyncio.to_thread(recall, folder, within_s=window_s, now=time.time())
        pasts = await asyncio.to_thread(_pasts, folder)
        for name, (msn, discontinuities) in numbers.items():
            self._hub.expect(name, Numbers(msn, discontinuities), now, pasts.get(name))
        if numbers:
            logger.info("streams.expected", extra={"streams": len(numbers), "with_media": len(pasts)})

    async def hand_over(self) -> None:
        """For whoever serves after us. Sources are gone."""
        folder = self.config.server.state_dir
        if self._remembering is not None:
            await asyncio.gather(self._remembering, return_exceptions=True)
        pasts = [(name, pack(past)) for name, past in self._hub.pasts()] if folder else []
        await asyncio.to_thread(keep, folder, pasts)
        await asyncio.to_thread(remember, folder, self._hub.next_numbers(), is_last=True)

    # Reload

    def reload(self, read: Callable[[], Config]) -> None:
        """Take what can be taken; say what could not. A faulty configuration changes nothing."""
        try:
            new = read()
            if self.certificates is not None:
                self.certificates.reload()
            self._admission.replace(new.auth)
            self._hub.end_leases()
        except ConfigError as error:
            for fault in error.detail.splitlines():
                logger.error("reload.refused", extra={"fault": fault})  # noqa: TRY400
            return
        taken, left = changed_keys(self.config, new)
        self.config = in_force(self.config, new)
        log.set_up(self.config.server.log_level, self.config.server.log_format)
        self._judge_again()
        logger.info("reload.done", extra={"taken": ", ".join(taken) or "nothing"})
        if left:
            logger.warning("reload.needs_restart", extra={"keys": ", ".join(left)})

    def _renew_certificates(self) -> None:
        if self.certificates is None:
            return
        try:
            if self.certificates.reload_if_changed():
                logger.info("tls.renewed")
        except ConfigError as error:
            logger.warning("tls.not_renewed", extra={"fault": error.detail})

    # Control

    def sessions(self) -> list[dict[str, Any]]:
        """See Control."""
        now = time.monotonic()
        return [
            {
                "id": one.id[:8],  # enough to tell them apart; the whole would let its reader end it
                "stream": one.stream,
                "client": one.client,
                "connected": one.is_connected,
                "age_s": round(now - one.began_at, 1),
            }
            for one in self._sessions.list()
        ]

    def kick(self, stream: str) -> int:
        """See Control."""
        theirs = [one for one in self._sessions.list() if one.stream == stream]
        logger.info("operator.kicked", extra={"stream": stream, "sessions": len(theirs)})
        for one in theirs:
            one.end("kicked", "an operator ended it")
        return len(theirs)

    def end(self, stream: str) -> None:
        """See Control."""
        publication = self._hub.get(stream)
        if publication is not None:
            logger.info("operator.ended", extra={"stream": stream})
            publication.end(asyncio.get_running_loop().time(), "an operator ended it")

    async def revoke(self, name: str) -> None:
        """See Control."""
        self._admission.revoke(name)
        self._judge_again()
        if name.startswith(STREAM):
            self.end(name.removeprefix(STREAM))
            self._hub.end_leases()
        logger.info("auth.revoked", extra={"name_length": len(name)})
        await asyncio.to_thread(remember_revoked, self.config.server.state_dir, self._admission.revoked)

    def settings(self) -> dict[str, Any]:
        """See Control."""
        values = self.config.model_dump(mode="json")
        auth = values["auth"]
        for key in _SECRET & set(auth):
            auth[key] = _hidden(auth[key])
        for key in _ADDRESSES:
            auth[key] = auth[key] and _bare(auth[key])
        for server in values["webrtc"]["ice_servers"]:
            server["credential"] = _hidden(server["credential"])
        self.config.vod.hidden(values["vod"])
        return values

    def history(self) -> list[dict[str, Any]]:
        """See Control."""
        return list(self._history)

    def _judge_again(self) -> None:
        """End publishers who would not be let in now."""
        self._judging = asyncio.ensure_future(
            asyncio.gather(*(self._judge(one) for one in self._sessions.list()))
        )

    async def _judge(self, session: WhipSession) -> None:
        try:
            await self._admission.admit("publish", session.stream, session.token, session.client)
        except Overloaded:
            return  # nobody could be asked: who was let in stays
        except EdgeError:
            session.end("revoked", "its key is void")

    # The end

    def drain(self) -> None:
        """SIGTERM: nothing new, and an end. Once more: at once."""
        if self.told_to_stop.is_set():
            self._is_hurried.set()
        self._ready.drain()
        self.told_to_stop.set()

    def stop_now(self) -> None:
        """SIGINT: somebody sits in front of it and waits."""
        self._is_hurried.set()
        self.drain()

    async def drained(self, *, keeps_listening: bool) -> None:
        """Until nobody asks any more, for `server.drain` at the longest.

        Where another holds the sockets our successor begins when we have ended, and whoever connects after we
        stopped accepting waits for him: players do for some seconds. So we accept while somebody is in the
        middle of a long answer, and stop at the very last, while publishers still send: whoever is held has
        the part that he waits for.
        """
        loop, ready, drain_s = asyncio.get_running_loop(), self._ready, self.config.server.drain
        deadline = loop.time() + drain_s
        if keeps_listening:
            await self._quiet(deadline, lambda: self.waiting, patience_s=_QUIET_S)
            return
        last_s = min(_QUIET_S, drain_s / 2)
        await self._quiet(deadline - last_s, lambda: ready.requests - self._hub.waiting)
        left = ready.requests - self._hub.waiting
        await self.last_call()
        await self._quiet(loop.time() + last_s, lambda: max(0, ready.requests - left))

    async def _quiet(self, deadline: float, busy: Callable[[], int], *, patience_s: float = 0.0) -> None:
        """Until nobody was `busy` for so long, until the deadline, or until somebody is in a hurry."""
        loop = asyncio.get_running_loop()
        quiet_since = loop.time()
        while not self._is_hurried.is_set() and (now := loop.time()) < deadline:
            if busy():
                quiet_since = now
            elif now - quiet_since >= patience_s:
                return
            await asyncio.sleep(0.02)

    def _moment(self) -> dict[str, Any]:
        """Few values of each: whole summaries of 200 streams would hold the loop for 10 ms."""
        streams = self._hub.list()
        live = [each for each in streams if each.state == "live"]
        latencies = [latency for each in live if (latency := each.latency_s) is not None]
        return {
            "unix_s": round(time.time()),
            "streams": len(streams),
            "viewers": sum(each.rendition.audience.viewers for each in streams),
            "bits_in": sum(recent_bitrate(each.rendition.window) for each in live),
            "bits_out": round(self._bits_since("history") / HISTORY_EVERY_S),
            "latency_s": round(max(latencies), 3) if latencies else None,
            "reconnecting": sum(each.state == "reconnecting" for each in streams),
            "lost_packets": round(self._lost_since()),
            "holes": self._holes_since(streams),
            "lag_ms": round(self._heart.lag_s * 1000, 2),
        }

    def _holes_since(self, streams: Sequence[Publication]) -> int:
        """Discontinuities since the last moment, of streams that were there then."""
        before = self._holes
        self._holes = {one.rendition.prefix: one.rendition.window.discontinuities for one in streams}
        return sum(count - before.get(prefix, count) for prefix, count in self._holes.items())

    def _lost_since(self) -> float:
        now = _lost_packets()
        before, self._lost_before = self._lost_before, now
        return now - before

    def _bits_since(self, reader: str) -> float:
        now = _sent_bytes()
        before, self._sent_bytes[reader] = self._sent_bytes[reader], now
        return 8 * (now - before)


def _pasts(folder: Path | None) -> dict[str, Past]:
    found = {}
    for name, data in kept(folder):
        try:
            found[name] = unpack(data)
        except MediaError:
            logger.warning("state.unreadable", extra={"stream": name})
    return found


def _lost_packets() -> float:
    (family,) = INGEST_PACKETS.collect()
    return sum(
        sample.value
        for sample in family.samples
        if sample.name.endswith("_total") and sample.labels["result"] == "lost"
    )


def _sent_bytes() -> float:
    (family,) = WEB_SENT.collect()
    return sum(sample.value for sample in family.samples if sample.name.endswith("_total"))


def _bare(url: str) -> str:
    """Without what may be a secret: a name with a password, a query."""
    parts = urlsplit(url)
    query = "(hidden)" if parts.query else ""
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit((parts.scheme, host, parts.path, query, ""))


def _hidden(value: object) -> object:
    """Whether there is a secret, and how many, but never which."""
    if value is None or value == [] or value in ("open", "tokens", "webhook"):
        return value
    return [f"({len(value)} hidden)"] if isinstance(value, list) else "(hidden)"
