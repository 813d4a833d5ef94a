"""Publish a source until it ends, is stopped, or cannot go on: connect, keep connected, say goodbye."""

import asyncio
import contextlib
import random
import socket
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, replace
from ipaddress import ip_address
from urllib.parse import urlsplit

import aiohttp

from edge.publish.aiortc_peer import Peer, PeerStats
from edge.publish.feeds import Source, SourceError
from edge.publish.status import State, Status
from edge.publish.whip import WhipClient, WhipError, WhipSession

CONNECT_S = 10.0
SILENCE_S = 10.0
"""A server reports at least every 5 s or so (RFC 3550, 6.2); one that has been silent this long is gone."""
_TICK_S = 0.5
_FIRST_WAIT_S, _LONGEST_WAIT_S = 0.5, 8.0

_NO_MEDIA = (
    "the server answered, but no media connection came about within {:.0f} s: "
    "open its UDP port, or set webrtc.advertise to an address this machine can reach"
)


@dataclass(frozen=True, slots=True)
class Options:
    url: str
    token: str | None = None
    duration_s: float | None = None
    reconnect: bool = True


class Publisher:
    """`show` hears how it goes, a few times a second. `run` once."""

    def __init__(self, options: Options, source: Source, show: Callable[[Status], None]) -> None:
        self._options, self._source, self._show = options, source, show
        self._status = Status("connecting", options.url)
        self._stop = asyncio.Event()
        self._live_since: float | None = None
        self._lost_before = self._sent_before = 0

    def stop(self) -> None:
        """End soon, cleanly: the session is deleted."""
        self._stop.set()

    async def run(self) -> bool:
        """Whether it went well: the source's end, the wanted duration, or a stop."""
        loopback = await _is_loopback(self._options.url)
        wait_s = _FIRST_WAIT_S
        self._say(self._status)
        async with aiohttp.ClientSession() as http:
            client = WhipClient(http, self._options.url, self._options.token)
            while True:
                try:
                    await self._connection(client, loopback=loopback)
                except SourceError as error:
                    return self._end("failed", str(error))
                except WhipError as error:
                    again = self._options.reconnect and self._live_since is not None and error.passing
                    if not again:
                        return self._end("failed", error.detail)
                    wait_s = _FIRST_WAIT_S if self._status.state == "live" else wait_s
                    self._say(replace(self._status, state="reconnecting", detail=error.detail, bitrate=0.0))
                    if await self._stopped_within(wait_s * random.uniform(0.8, 1.2)):  # noqa: S311
                        return self._end("ended", "stopped")
                    wait_s = min(2 * wait_s, _LONGEST_WAIT_S)
                else:
                    return self._end("ended", "stopped" if self._stop.is_set() else "")

    async def _connection(self, client: WhipClient, *, loopback: bool) -> None:
        """One session from POST to DELETE. Raises what ended it before its time."""
        states: asyncio.Queue[str] = asyncio.Queue()
        peer = Peer(self._source.open(), states.put_nowait)
        session: WhipSession | None = None
        try:
            session = await self._unless_stopped(client.post(await peer.offer(loopback=loopback)))
            if session is None:
                return
            await _accept(peer, session)
            if await self._connected(states):
                await self._live(peer, states)
        finally:
            if session is not None:
                await client.delete(session)
            await peer.close()

    async def _connected(self, states: "asyncio.Queue[str]") -> bool:
        """Wait for media to get through; False when stopped before."""
        deadline = asyncio.get_running_loop().time() + CONNECT_S
        while not self._stop.is_set():
            left = deadline - asyncio.get_running_loop().time()
            if left <= 0:
                raise WhipError(_NO_MEDIA.format(CONNECT_S), passing=True)
            with contextlib.suppress(TimeoutError):
                state = await asyncio.wait_for(states.get(), min(left, _TICK_S))
                if state == "connected":
                    return True
                if state in {"failed", "closed"}:
                    raise WhipError(_NO_MEDIA.format(CONNECT_S), passing=True)
        return False

    async def _live(self, peer: Peer, states: "asyncio.Queue[str]") -> None:
        """Watch over a connection that stands."""
        loop = asyncio.get_running_loop()
        began = last = loop.time()
        self._live_since = self._live_since or began
        before = PeerStats()
        self._say(replace(self._status, state="live", detail=""))
        while not self._over(peer):
            await self._stopped_within(_TICK_S)
            now, stats = loop.time(), await peer.stats()
            rate = 8 * (stats.bytes_sent - before.bytes_sent) / max(now - last, 1e-3)
            self._say(self._with(stats, rate, now))
            before, last = stats, now
            if now - (stats.reported or began) > SILENCE_S:
                raise WhipError(f"nothing was heard from the server for {SILENCE_S:.0f} s", passing=True)
            while not states.empty():
                if states.get_nowait() in {"failed", "closed"}:
                    raise WhipError("the server closed the media connection", passing=True)
        self._sent_before += before.packets_sent
        self._lost_before += before.lost
        if peer.failure is not None:
            raise peer.failure

    def _over(self, peer: Peer) -> bool:
        now, limit = asyncio.get_running_loop().time(), self._options.duration_s
        timed_out = limit is not None and self._live_since is not None and now - self._live_since >= limit
        return self._stop.is_set() or peer.ended or timed_out

    def _with(self, stats: PeerStats, rate: float, now: float) -> Status:
        smooth = rate if not self._status.bitrate else 0.7 * self._status.bitrate + 0.3 * rate
        return replace(
            self._status,
            live_s=now - (self._live_since or now),
            bitrate=smooth,
            packets_sent=self._sent_before + stats.packets_sent,
            lost=self._lost_before + stats.lost,
            rtt_s=stats.rtt_s,
        )

    async def _stopped_within(self, seconds: float) -> bool:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._stop.wait(), seconds)
        return self._stop.is_set()

    async def _unless_stopped(self, post: Coroutine[None, None, WhipSession]) -> WhipSession | None:
        """Await the POST, but not longer than it is wanted. A session made meanwhile ends on the server by
        silence.
        """
        posting = asyncio.create_task(post)
        stopping = asyncio.create_task(self._stop.wait())
        try:
            await asyncio.wait({posting, stopping}, return_when=asyncio.FIRST_COMPLETED)
            return await posting if posting.done() else None
        finally:
            for task in (posting, stopping):
                task.cancel()

    def _end(self, state: State, detail: str) -> bool:
        self._say(replace(self._status, state=state, detail=detail))
        return state == "ended"

    def _say(self, status: Status) -> None:
        self._status = status
        self._show(status)


async def _accept(peer: Peer, session: WhipSession) -> None:
    try:
        await peer.accept(session.answer)
    except (ValueError, KeyError, IndexError, AssertionError) as error:
        raise WhipError(f"the server's SDP answer cannot be used: {error}", passing=False) from error


async def _is_loopback(url: str) -> bool:
    """Whether the server is on this machine's loopback interface."""
    host = urlsplit(url).hostname or ""
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_DGRAM)
    except OSError:
        return False  # the POST will say it better
    return any(ip_address(str(each[4][0]).partition("%")[0]).is_loopback for each in found)
