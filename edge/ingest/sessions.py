"""All WHIP sessions of this node: who may begin, who is found by its address, and the clock of all."""

import asyncio
import logging
import secrets
import time
from collections.abc import Callable
from functools import partial

from edge.config import Address, Config
from edge.errors import NotFound
from edge.ingest.aac import AacPath, AudioPath, Deliver
from edge.ingest.aac_threads import AacThreads
from edge.ingest.addresses import Candidate, candidates
from edge.ingest.dtls import Identities
from edge.ingest.fragment import answer_fragment, parse_fragment
from edge.ingest.intake import Intake
from edge.ingest.mux import Mux
from edge.ingest.opus_path import OpusPath
from edge.ingest.outcome import Created, Patched
from edge.ingest.preconditions import judge
from edge.ingest.pump import Pump
from edge.ingest.reading import until_next
from edge.ingest.room import check_room
from edge.ingest.sdp import AudioPreferences, Negotiated, VideoPreferences, answer, negotiate, parse_offer
from edge.ingest.session import Reason, WhipSession, silence_allowed
from edge.ingest.supervisor import guarded
from edge.ingest.tally import INTERVAL_S, Tally
from edge.live.hub import Hub
from edge.live.publication import Publication
from edge.metrics import INGEST_ANSWERING, INGEST_AUDIO_DROPS
from edge.rtp.timeline import Timeline

logger = logging.getLogger(__name__)

TICK_S = 0.025
GRACE_S = 30.0
"""A session that ended is known for so long: OBS closes DTLS first, then wants its DELETE answered 200."""


class WhipSessions:
    """What the WHIP resources of edge.web.whip are answered by."""

    def __init__(self, config: Config, hub: Hub, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.mux = Mux(clock=clock)
        self.candidates: list[Candidate] = []
        self._config = config
        self._hub = hub
        self._clock = clock
        self._identities = Identities()
        self._live: dict[str, WhipSession] = {}
        self._ended: dict[str, tuple[str, float]] = {}
        self._tally = Tally(self.mux)
        self._threads = AacThreads()
        self._timer: asyncio.TimerHandle | None = None
        self._next_flush = 0.0

    async def open(self, address: Address) -> None:
        """Listen for media, and begin to tick. OSError where the address cannot be had; ConfigError."""
        listening = self.mux.open(address)
        self.candidates += await candidates(listening, self._config.webrtc.advertise)
        if self._timer is None:
            self._wait_for_tick()

    async def close(self) -> None:
        """End all sessions, and let go of sockets and threads."""
        if self._timer is not None:
            self._timer.cancel()
        sessions = list(self._live.values())
        for session in sessions:
            session.end("shutdown", "the server stops")
        for session in sessions:
            await session.closed()
        self.mux.close()
        self._threads.close()

    def list(self) -> list[WhipSession]:
        """Those that have not ended."""
        return list(self._live.values())

    async def create(
        self, stream: str, offer: bytes, *, token: str | None, client: str, base_url: str, now: float
    ) -> Created:
        """A session from an offer (RFC 9725, 4.2). BadOffer, UnsupportedOffer, NameTaken, Overloaded,
        TooManyRequests.
        """
        del base_url
        with INGEST_ANSWERING.time():
            staying = [one for one in self._live.values() if not self._gives_way(one, stream)]
            check_room(self._config, staying, client)
            audio = AudioPreferences(bitrate=self._config.audio.bitrate)
            video = VideoPreferences(max_bitrate=self._config.webrtc.max_bitrate)
            negotiated = negotiate(parse_offer(offer), audio=audio, video=video)
            publication = self._hub.claim(stream, now, takeover=self._config.live.takeover)
            session = self._make(stream, negotiated, client, publication)
            session.token = token
            try:
                text = self._answer(session)
            except BaseException:
                session.end("refused", "the offer cannot be answered")
                raise
            logger.info("publisher.coming", extra={"stream": stream, "client": client})
            return Created(session.id, text, session.entity_tag)

    async def trickle_or_restart(
        self, stream: str, session_id: str, fragment: bytes, if_match: str | None
    ) -> Patched:
        """RFC 9725, 4.3: candidates are not needed by a lite agent; new credentials are a restart."""
        session = self._find(stream, session_id)
        parsed = parse_fragment(fragment)
        ufrag, password = session.remote_credentials
        wish = judge(parsed, if_match=if_match, entity_tag=session.entity_tag, ufrag=ufrag, password=password)
        if wish == "trickle":
            return Patched()
        session.restart(parsed.ufrag, parsed.password)
        ours = session.credentials
        body = answer_fragment(
            session.negotiated, ufrag=ours.ufrag, pwd=ours.password, candidates=self.candidates
        )
        return Patched(200, body, session.entity_tag)

    async def delete(self, stream: str, session_id: str) -> None:
        """RFC 9725, 4.2. Of one that has just ended: nothing is left to do, and that is fine."""
        ended = self._ended.get(session_id)
        if ended is not None and ended[0] == stream:
            return
        self._find(stream, session_id).end("deleted", "the publisher asked for it")

    def _gives_way(self, session: WhipSession, stream: str) -> bool:
        """Whether it ends when another one takes this stream, who then needs no further place: a publisher
        that dropped and is back must not wait until it is missed.
        """
        if session.stream != stream or session.intake is None or not session.intake.pump.tracks:
            return False
        publication = self._hub.get(stream)
        return self._config.live.takeover or (publication is not None and publication.is_awaited)

    def _find(self, stream: str, session_id: str) -> WhipSession:
        session = self._live.get(session_id)
        if session is None or session.stream != stream:
            raise NotFound("There is no such session; it may have ended: publish again")
        return session

    def _make(
        self, stream: str, negotiated: Negotiated, client: str, publication: Publication
    ) -> WhipSession:
        session = WhipSession(
            stream,
            negotiated,
            client=client,
            mux=self.mux,
            identity=self._identities.current(self._clock()),
            clock=self._clock,
            ended=self._on_end,
            silence_s=silence_allowed(self._config.live.reconnect_window),
        )
        self._live[session.id] = session
        timeline = Timeline(time.time() - time.monotonic())
        pump = Pump(
            session,
            publication,
            timeline,
            partial(self._audio_path, session),
            has_video=negotiated.video is not None,
            has_audio=negotiated.audio is not None,
        )
        intake = Intake(
            negotiated,
            pump,
            timeline,
            ssrc=secrets.randbits(32),
            max_bitrate=self._config.webrtc.max_bitrate,
            send=session.send_rtcp,
        )
        session.feed(publication, intake, pump.close)
        return session

    def _audio_path(self, session: WhipSession, deliver: Deliver) -> AudioPath:
        if self._config.audio.codec == "opus":
            return OpusPath(deliver)
        return AacPath(
            self._threads,
            self._config.audio.bitrate,
            deliver,
            crashed=session.crashed,
            dropped=INGEST_AUDIO_DROPS.inc,
        )

    def _answer(self, session: WhipSession) -> str:
        ours = session.credentials
        return answer(
            session.negotiated,
            ufrag=ours.ufrag,
            pwd=ours.password,
            fingerprint=session.fingerprint,
            candidates=self.candidates,
            session_id=secrets.randbits(62),
        )

    def _on_end(self, session: WhipSession, reason: Reason) -> None:
        del reason
        self._live.pop(session.id, None)
        self._ended[session.id] = (session.stream, self._clock())
        self._tally.last(session)

    def _wait_for_tick(self) -> None:
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(until_next(TICK_S, loop.time()), self._tick)

    def _tick(self) -> None:
        self._wait_for_tick()
        self.mux.catch_up()
        now = self._clock()
        for session in list(self._live.values()):
            guarded(partial(session.tick, now), session.crashed)
        if now >= self._next_flush:
            self._next_flush = now + INTERVAL_S
            self._tally.flush(self._live.values())
            while self._ended and now - next(iter(self._ended.values()))[1] > GRACE_S:
                del self._ended[next(iter(self._ended))]
