"""Questions a player seldom asks, once each: positions of the past, of the far future, and faulty ones."""

import asyncio
import math
from collections.abc import AsyncIterator, Callable
from urllib.parse import urljoin, urlsplit

from edge.errors import MediaError
from edge.hls.position import Position
from edge.watch.exchange import PLAIN, Asked, Exchange
from edge.watch.fetch import Fetcher, FetchError, with_query
from edge.watch.findings import Finding, advice
from edge.watch.judge import PlaylistJudge
from edge.watch.playlist import MediaPlaylist
from edge.watch.playlist_reader import parse_media_playlist
from edge.watch.rules_http import availability

_SOON_S = 1.5
"""What is answered "at once" is answered within this, network and all."""

Findings = AsyncIterator[Finding]


class Probes:
    """Asks about one playlist that a `judge` follows meanwhile."""

    def __init__(self, judge: PlaylistJudge, fetcher: Fetcher) -> None:
        self._judge, self._fetcher, self._tell = judge, fetcher, judge.tell
        self.asked = 0

    async def run(self) -> None:
        """All of them, one after another, a moment apart."""
        probes: tuple[Callable[[MediaPlaylist], Findings], ...] = (
            self._part_without_msn,
            self._far_msn,
            self._far_part,
            self._old_position,
            self._rollover,
            self._foreign_parameter,
            self._uncompressed,
            self._unknown_uri,
            self._oldest_segment,
            self._whole_segment,
        )
        for probe in probes:
            playlist = self._judge.current
            if playlist is None or playlist.ended:
                return
            await self._hear(probe(playlist))
            await asyncio.sleep(0.05)

    async def after_end(self, playlist: MediaPlaylist) -> None:
        """LL 36, when EXT-X-ENDLIST has come."""
        await self._hear(self._ended(playlist))

    async def removed(self, old: MediaPlaylist, new: MediaPlaylist) -> None:
        """LL 14, 23: what has just left the playlist is still there."""
        await self._hear(self._removed(old, new))

    async def _hear(self, findings: Findings) -> None:
        self.asked += 1
        try:
            self._tell([finding async for finding in findings], self._judge.name)
        except FetchError as error:
            self._tell([advice("LL 31", "probe-unanswered", str(error))], self._judge.name)

    async def _ask(self, asked: Asked, timeout_s: float = 10.0, url: str | None = None) -> Exchange:
        return await self._fetcher.get(url or self._judge.url, "probe", timeout_s=timeout_s, asked=asked)

    async def _part_without_msn(self, _playlist: MediaPlaylist) -> Findings:
        exchange = await self._ask(Asked(part=0))
        if exchange.status != 400:
            yield Finding(
                "LL 38", "part-without-msn", f"_HLS_part without _HLS_msn was answered {exchange.status}"
            )

    async def _far_msn(self, playlist: MediaPlaylist) -> Findings:
        async for finding in self._far(Asked(playlist.last_complete_msn + 20, 0)):
            yield finding

    async def _far_part(self, playlist: MediaPlaylist) -> Findings:
        target = playlist.part_target or 1.0
        beyond = 2 * math.ceil(3 / target if target < 1 else 3) + 1
        position = playlist.next_position
        async for finding in self._far(Asked(position.msn, position.part + beyond)):
            yield finding

    async def _far(self, asked: Asked) -> Findings:
        """LL 37 SHOULD be 400; an answer with a playlist is a breach, for it lacks what was asked (LL 32,
        33).
        """
        wanted = f"a position far ahead ({asked.query.replace('&', ', ')})"
        try:
            exchange = await self._ask(asked, timeout_s=_SOON_S)
        except FetchError:
            yield advice("LL 37", "far-ahead-held", f"{wanted} was held instead of answered 400")
            return
        if exchange.ok:
            answer = self._parsed(exchange)
            if answer is not None and (answer.ended or answer.contains(asked.position or Position(0, 0))):
                return  # the segment was completed meanwhile: now it is the next one's first part
            yield Finding(
                "LL 37", "far-ahead-answered", f"{wanted} was answered {exchange.status}, 400 is right"
            )
        elif exchange.status != 400:
            yield advice(
                "LL 37", "far-ahead-status", f"{wanted} was answered {exchange.status}, 400 is right"
            )

    async def _old_position(self, playlist: MediaPlaylist) -> Findings:
        exchange = await self._ask(Asked(max(0, playlist.media_sequence - 1), 0))
        if not exchange.ok:
            yield Finding("LL 35", "old-position", f"an old position was answered {exchange.status}")
        elif exchange.took_s > _SOON_S:
            yield Finding(
                "LL 35", "old-position-held", f"an old position was held for {exchange.took_s:.1f} s"
            )
        elif self._parsed(exchange) is None:
            yield Finding("LL 35", "old-position-body", "an old position was not answered with a playlist")

    async def _rollover(self, playlist: MediaPlaylist) -> Findings:
        segment = playlist.complete[-1] if playlist.complete else None
        if segment is None or not segment.parts:
            return
        beyond = len(segment.parts)
        exchange = await self._ask(Asked(segment.msn, beyond))
        wanted = f"part {segment.msn}.{beyond}, one more than the segment has,"
        if not exchange.ok:
            yield Finding("LL 34", "rollover-refused", f"{wanted} was answered {exchange.status}")
            return
        answer = self._parsed(exchange)
        if answer is not None and not answer.ended and answer.next_position <= Position(segment.msn + 1, 0):
            yield Finding(
                "LL 34", "rollover-early", f"{wanted} was answered before {segment.msn + 1}.0 was there"
            )

    async def _foreign_parameter(self, _playlist: MediaPlaylist) -> Findings:
        exchange = await self._ask(PLAIN, url=with_query(self._judge.url, "edge_watch=1"))
        if not exchange.ok:
            yield Finding("LL 31", "foreign-parameter", f"a foreign query parameter led to {exchange.status}")

    async def _uncompressed(self, _playlist: MediaPlaylist) -> Findings:
        exchange = await self._fetcher.get(self._judge.url, "probe", timeout_s=10.0, plain=True)
        if exchange.encoding not in {"", "identity"}:
            yield Finding("LL 72", "gzip-unasked", "gzip was not accepted, and the playlist came gzipped")

    async def _unknown_uri(self, playlist: MediaPlaylist) -> Findings:
        hint = playlist.hint()
        if hint is None:
            return
        folder = urlsplit(urljoin(self._judge.url, hint.uri))._replace(query="").geturl().rpartition("/")[0]
        exchange = await self._ask(PLAIN, url=f"{folder}/no-such-part.m4s")
        if exchange.status != 404:
            yield advice(
                "LL 46", "unknown-uri", f"an unknown part was answered {exchange.status}, 404 is right"
            )

    async def _oldest_segment(self, playlist: MediaPlaylist) -> Findings:
        segment = playlist.segments[0] if playlist.segments else None
        if segment is None or segment.uri is None or segment.gap:
            return
        url = urljoin(self._judge.url, segment.uri)
        for finding in availability(await self._fetcher.get(url, "segment", timeout_s=10.0)):
            yield finding

    async def _whole_segment(self, playlist: MediaPlaylist) -> Findings:
        """LL 32: _HLS_msn alone waits for the complete segment."""
        msn = playlist.next_position.msn
        exchange = await self._ask(Asked(msn), timeout_s=3.0 * (playlist.target_duration or 1) + 5)
        answer = self._parsed(exchange) if exchange.ok else None
        if self._judge.stalled(exchange.done_at):
            return
        if answer is None:
            yield Finding(
                "LL 32", "segment-refused", f"waiting for segment {msn} was answered {exchange.status}"
            )
        elif answer.last_complete_msn < msn and not answer.ended:
            yield Finding(
                "LL 32", "segment-early", f"_HLS_msn={msn} was answered before the segment was complete"
            )

    async def _ended(self, playlist: MediaPlaylist) -> Findings:
        exchange = await self._ask(Asked(playlist.last_complete_msn + 20, 0, skip=True), timeout_s=_SOON_S)
        answer = self._parsed(exchange) if exchange.ok else None
        if answer is None:
            yield Finding(
                "LL 36", "directives-after-end", f"after the end they were answered {exchange.status}"
            )
        elif answer.skip is not None:
            yield Finding(
                "LL 36", "skip-after-end", "after the end _HLS_skip was answered with a delta update"
            )

    async def _removed(self, old: MediaPlaylist, new: MediaPlaylist) -> Findings:
        gone = old.segments[0]
        if gone.uri is not None and not gone.gap and gone.msn < new.media_sequence:
            exchange = await self._fetcher.get(urljoin(self._judge.url, gone.uri), "probe", timeout_s=10.0)
            if not exchange.ok:
                sentence = f"segment {gone.msn} left the playlist and was answered {exchange.status} at once"
                yield Finding("LL 14", "removed-segment", sentence)
        for segment in old.complete:
            after = new.segment(segment.msn)
            if segment.parts and not segment.parts[0].gap and after is not None and not after.parts:
                exchange = await self._fetcher.get(
                    urljoin(self._judge.url, segment.parts[0].uri),
                    "probe",
                    timeout_s=10.0,
                    byte_range=segment.parts[0].byte_range,
                )
                if not exchange.ok:
                    sentence = (
                        f"part {segment.msn}.0 left the playlist and was answered {exchange.status} at once"
                    )
                    yield Finding("LL 23", "removed-part", sentence)
                return

    def _parsed(self, exchange: Exchange) -> MediaPlaylist | None:
        try:
            return parse_media_playlist(exchange.body, self._judge.variables)
        except MediaError:
            return None
