"""Loads a playlist's media as a low-latency player would: hinted parts ahead of time, all in order."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, replace
from urllib.parse import urljoin, urlsplit

from edge.fmp4.inspect import ParsedTrack
from edge.hls.position import Position
from edge.watch import rules_http
from edge.watch.exchange import Exchange, Kind
from edge.watch.fetch import Fetcher, FetchError
from edge.watch.findings import Finding, advice, note
from edge.watch.judge import PlaylistJudge
from edge.watch.media import MediaJudge
from edge.watch.player import Player
from edge.watch.playlist import ByteRange, MapTag, MediaPlaylist, PartTag, SegmentTag

_BITRATE_SLACK = 0.1
_Loading = asyncio.Task[Exchange | None]


@dataclass(frozen=True, slots=True)
class _Part:
    position: Position
    tag: PartTag
    segment: SegmentTag
    before_s: float
    """Of the segment's parts before this one."""
    loading: "_Loading"
    live: bool


class MediaFeed:
    """`follow` hears each playlist. Findings go to `tell`, parts to `player`; close it in the end."""

    def __init__(self, judge: PlaylistJudge, fetcher: Fetcher, player: Player, target_duration: int) -> None:
        self._judge, self._fetcher, self._player, self._tell = judge, fetcher, player, judge.tell
        self._url, self._target = judge.url, target_duration
        self._media = MediaJudge()
        self._next: Position | None = None
        self._hinted: dict[str, _Loading] = {}
        self._queue: asyncio.Queue[_Part | SegmentTag] = asyncio.Queue()
        self._worker = asyncio.create_task(self._work())
        self._map: MapTag | None = None
        self._ends: dict[str, int] = {}
        self._refused: dict[str, tuple[Exchange, bool]] = {}
        self._bodies: dict[Position, bytes] = {}
        self._date_end: float | None = None
        self.on_tracks: Callable[[list[ParsedTrack]], Awaitable[None]] | None = None
        self.on_segment_rate: Callable[[float, float], None] = lambda _rate, _duration: None
        self.parts = self.segments = 0

    def follow(self, playlist: MediaPlaylist) -> None:
        """Load what is new in `playlist`, and what it hints at."""
        if self._worker.done():
            self._worker.result()  # it works for ever: this raises what ended it
        live = self._next is not None
        start = self._next if self._next is not None else _start(playlist)
        for segment in playlist.segments:
            if segment.msn < start.msn:
                continue
            for part in self._new_parts(segment, start, live=live):
                self._queue.put_nowait(part)
            if segment.uri is not None and segment.msn >= start.msn:
                self._queue.put_nowait(segment)
                start = Position(segment.msn + 1, 0)
            else:
                start = max(start, Position(segment.msn, len(segment.parts)))
        self._next = start
        self._judge_refusals(playlist)
        self._follow_hint(playlist)

    async def drain(self) -> None:
        """Wait until all that was listed is judged."""
        waiting = asyncio.create_task(self._queue.join())
        await asyncio.wait({waiting, self._worker}, timeout=10.0, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()

    async def close(self) -> None:
        """Stop loading."""
        tasks: list[asyncio.Task[object]] = [self._worker, *self._hinted.values()]
        while not self._queue.empty():
            item = self._queue.get_nowait()
            if isinstance(item, _Part):
                tasks.append(item.loading)
        for task in tasks:
            task.cancel()
        for error in await asyncio.gather(*tasks, return_exceptions=True):
            if isinstance(error, Exception):
                raise error

    def _new_parts(self, segment: SegmentTag, start: Position, *, live: bool) -> Iterator[_Part]:
        before_s = 0.0
        for index, tag in enumerate(segment.parts):
            position = Position(segment.msn, index)
            resolved = replace(tag, byte_range=self._resolved(tag))
            if position >= start:
                yield _Part(position, resolved, segment, before_s, self._load_part(resolved), live)
            before_s += tag.duration

    def _resolved(self, tag: PartTag) -> ByteRange | None:
        """A range without an offset begins where the last one of the same resource ended (4.4.4.9)."""
        span = tag.byte_range
        if span is None or span.length is None:
            return None
        offset = span.offset if span.offset is not None else self._ends.get(tag.uri, 0)
        self._ends = {tag.uri: offset + span.length}
        return ByteRange(span.length, offset)

    def _load_part(self, tag: PartTag) -> _Loading:
        early = self._hinted.pop(tag.uri, None) if tag.byte_range is None else None
        if early is not None and not _failed(early):
            return early
        return asyncio.create_task(self._load(tag.uri, "part", byte_range=tag.byte_range, gap=tag.gap))

    def _follow_hint(self, playlist: MediaPlaylist) -> None:
        """Ask for the hinted part now. Hinted ranges of unknown length are asked for when they are listed."""
        hint = None if playlist.ended else playlist.hint()
        wanted = hint.uri if hint is not None and hint.byte_range is None else None
        for uri in [uri for uri in self._hinted if uri != wanted]:
            self._hinted.pop(uri).cancel()
        loading = self._hinted.get(wanted) if wanted is not None else None
        if wanted is not None and (loading is None or _failed(loading)):
            self._hinted[wanted] = asyncio.create_task(self._load(wanted, "part", hinted=True))

    async def _load(
        self,
        uri: str,
        kind: Kind,
        *,
        byte_range: ByteRange | None = None,
        hinted: bool = False,
        gap: bool = False,
    ) -> Exchange | None:
        """The answer, judged as HTTP; None where there was none, or an error."""
        if gap:
            return None
        timeout_s = 4.0 * self._target + 2
        url = urljoin(self._url, uri)
        try:
            exchange = await self._fetcher.get(
                url, kind, timeout_s=timeout_s, byte_range=byte_range, hinted=hinted
            )
        except FetchError as error:
            missing = Finding("LL 12", "media-unloadable", str(error))
            self._tell([note("LL 46", "hint-unanswered", str(error)) if hinted else missing], _name(uri))
            return None
        for check in rules_http.CHECKS:
            self._tell(check(exchange), _name(uri))
        self._tell(rules_http.cache_lifetime(exchange, self._target), _name(uri))
        if hinted and not exchange.ok:
            self._refused[uri] = exchange, self._judge.stalled(exchange.done_at)
        self._tell(rules_http.byte_range_status(exchange, ranged=byte_range is not None), _name(uri))
        return exchange if exchange.ok else None

    def _judge_refusals(self, playlist: MediaPlaylist) -> None:
        """A hint that was refused (LL 46): was it withdrawn, does the stream stand still, or is that a
        breach?
        """
        refused, self._refused = self._refused, {}
        hint = playlist.hint()
        listed = {part.uri for segment in playlist.segments[-3:] for part in segment.parts}
        for uri, (exchange, stalled) in refused.items():
            finding = Finding(
                "LL 46", "hint-refused", f"{_name(uri)} was hinted and answered {exchange.status}"
            )
            wanted = uri in listed or (hint is not None and hint.uri == uri)
            if not wanted or stalled:
                finding = replace(finding, level="note")
            self._tell([finding], _name(uri))

    async def _work(self) -> None:
        while True:
            item = await self._queue.get()
            try:
                if isinstance(item, _Part):
                    await self._judge_part(item)
                else:
                    await self._judge_segment(item)
            finally:
                self._queue.task_done()

    async def _judge_part(self, part: _Part) -> None:
        exchange = await part.loading
        if part.position.part == 0 and part.segment.discontinuity:
            self._media.restart()
        await self._follow_map(part.segment)
        name = f"{part.position.msn}.{part.position.part}"
        if part.tag.gap:
            self._media.gap(part.tag.duration)
            return
        if exchange is None:
            self._media.restart()
            return
        self.parts += 1
        self._bodies[part.position] = exchange.body
        self._tell(self._media.part(exchange.body, part.tag, name), _name(part.tag.uri))
        least_s = self._fetcher.least_s(len(exchange.body))
        self._tell(rules_http.whole_parts(exchange, part.tag.duration, least_s), _name(part.tag.uri))
        self._play(part, exchange)

    def _play(self, part: _Part, exchange: Exchange) -> None:
        if part.segment.date is not None:
            self._date_end = part.segment.date.timestamp() + part.before_s
        if self._date_end is not None:
            self._date_end += part.tag.duration
        wall = exchange.done_at + (time.time() - time.monotonic())
        if not part.live:
            self._player.preload(part.tag.duration)
            return
        self._player.arrived(part.tag.duration, exchange.done_at, wall, self._date_end)

    async def _follow_map(self, segment: SegmentTag) -> None:
        if segment.map is None or segment.map == self._map:
            return
        span = segment.map.byte_range
        exchange = await self._load(segment.map.uri, "init", byte_range=span)
        if exchange is not None:
            self._map = segment.map
            findings = self._media.init(exchange.body, discontinuity=segment.discontinuity)
            self._tell(findings, _name(segment.map.uri))
            if self.on_tracks is not None:
                await self.on_tracks(self._media.tracks)

    async def _judge_segment(self, segment: SegmentTag) -> None:
        """A segment is complete: it must be what its parts were."""
        bodies = [self._bodies.get(Position(segment.msn, index)) for index in range(len(segment.parts))]
        self._bodies = {at: body for at, body in self._bodies.items() if at.msn > segment.msn}
        if segment.uri is None or segment.gap:
            return
        exchange = await self._load(segment.uri, "segment", byte_range=segment.byte_range)
        if exchange is None:
            return
        self.segments += 1
        await self._follow_map(segment)
        parts = [body for body in bodies if body is not None]
        whole = parts if parts and len(parts) == len(bodies) else None
        self._tell(self._media.segment(segment, exchange.body, whole), _name(segment.uri))
        if whole is not None:
            self._player.correct(segment.longer_than_parts)
        self._rate(segment, len(exchange.body))

    def _rate(self, segment: SegmentTag, size: int) -> None:
        if segment.duration <= 0:
            return
        rate = 8 * size / segment.duration
        self.on_segment_rate(rate, segment.duration)
        if segment.bitrate and abs(rate / 1000 - segment.bitrate) > _BITRATE_SLACK * segment.bitrate:
            sentence = (
                f"segment {segment.msn} has {rate / 1000:.0f} kbit/s, EXT-X-BITRATE says {segment.bitrate}"
            )
            self._tell([Finding("LL 61", "bitrate-wrong", sentence)], _name(segment.uri or ""))


def peak_rate(rate: float, bandwidth: int, name: str) -> Iterator[Finding]:
    """LL 63: a segment's bit rate stays below 125 % of BANDWIDTH (AUTH 1.29)."""
    if rate > 1.25 * bandwidth:
        sentence = f"{name}: a segment has {rate / 1000:.0f} kbit/s, BANDWIDTH says {bandwidth / 1000:.0f}"
        yield advice("LL 63", "peak-above-bandwidth", sentence)


def _start(playlist: MediaPlaylist) -> Position:
    """Where to join: the newest independent part that is PART-HOLD-BACK from the end, or the first part there
    is.
    """
    hold_back = (playlist.control.part_hold_back if playlist.control else None) or 0.0
    distance, found = 0.0, playlist.next_position
    for segment in reversed(playlist.segments):
        for index in reversed(range(len(segment.parts))):
            distance += segment.parts[index].duration
            found = Position(segment.msn, index)
            if distance >= hold_back and segment.parts[index].independent:
                return found
    return found


def _failed(loading: _Loading) -> bool:
    return loading.done() and (loading.cancelled() or loading.result() is None)


def _name(uri: str) -> str:
    return urlsplit(uri).path.rpartition("/")[2]
