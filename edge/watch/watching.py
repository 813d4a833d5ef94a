"""Watch a presentation: load what the URL names, follow what a player would play, compare the rest."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import replace
from urllib.parse import urljoin, urlsplit

from edge.errors import MediaError
from edge.fmp4.inspect import ParsedTrack
from edge.watch import rules_http, rules_presentation
from edge.watch.exchange import Exchange, Kind
from edge.watch.fetch import Fetcher, FetchError, query_variables
from edge.watch.findings import Finding, Ledger
from edge.watch.follower import Follower
from edge.watch.judge import PlaylistJudge
from edge.watch.media_feed import peak_rate
from edge.watch.multivariant import MultivariantPlaylist, Variant, is_multivariant, parse_multivariant

_JOIN_S = 15.0
_ASKS_FOR_A_KEY = "where the server wants a token, it stands in the address: /live/~TOKEN/NAME/index.m3u8"
_MENDS = {
    401: _ASKS_FOR_A_KEY,
    403: _ASKS_FOR_A_KEY,
    404: "is the stream live, and the address right?",
    503: "it has only begun, or the server has too much to do: try again",
}


class UnusableError(Exception):
    """The URL names nothing that can be judged; a sentence that says what to do."""


class Watching:
    """One run. `ledger` and `followers` may be looked at while `run` goes on."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.ledger = Ledger()
        self.followers: list[Follower] = []
        self.presentation: MultivariantPlaylist | None = None
        self.fetcher = Fetcher()
        self._began = time.monotonic()
        self._judges: dict[str, PlaylistJudge] = {}

    @property
    def elapsed_s(self) -> float:
        return time.monotonic() - self._began

    def tell(self, findings: Iterable[Finding], where: str) -> None:
        """Keep findings about the resource `where`."""
        self.ledger.add(findings, self.elapsed_s, where)

    async def run(self, duration_s: float | None) -> None:
        """Until the stream ends, `duration_s` is over, or we are cancelled. Raises UnusableError."""
        self._began = time.monotonic()
        async with self.fetcher:
            urls = await self._open()
            async with self._following(urls) as tasks:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(duration_s):
                        await asyncio.gather(*tasks)

    async def _open(self) -> list[str]:
        """Load everything once; the URLs of the media playlists to follow."""
        first = await self._first(self.url)
        if not is_multivariant(first.body):
            self._judge(self.url, first, query_variables(self.url))
            return [self.url]
        try:
            presentation = parse_multivariant(first.body, query_variables(first.url))
        except MediaError as error:
            raise UnusableError(f"{self.url} cannot be read: {error.detail}") from error
        self.presentation = presentation
        name = urlsplit(self.url).path.rpartition("/")[2]
        for check in rules_http.CHECKS:
            self.tell(check(first), name)
        self.tell(presentation.faults, name)
        for rule in rules_presentation.CHECKS:
            self.tell(rule(presentation), name)
        await self._open_media(presentation, first.url)
        return self._chosen(presentation, first.url)

    async def _open_media(self, presentation: MultivariantPlaylist, base: str) -> None:
        urls = [urljoin(base, uri) for uri in presentation.media_uris()]
        for url in urls:
            self._judge(url, await self._first(url), presentation.variables)
        playlists = {url: judge.current for url, judge in self._judges.items() if judge.current is not None}
        self.tell(rules_presentation.same_targets(playlists), "presentation")
        self.tell(rules_presentation.same_discontinuities(playlists), "presentation")
        for url, playlist in playlists.items():
            others = [other for other in urls if other != url]
            name = self._judges[url].name
            self.tell(rules_presentation.reports_complete(url, playlist, others), name)
            self.tell(rules_presentation.independent_once(presentation, playlist), name)

    def _chosen(self, presentation: MultivariantPlaylist, base: str) -> list[str]:
        """The first variant, and its sound where that is a playlist of its own: what a player starts with."""
        variant = presentation.variants[0]
        audio = presentation.audio_of(variant)
        uris = [variant.uri] + ([audio.uri] if audio is not None and audio.uri else [])
        return [urljoin(base, uri) for uri in dict.fromkeys(uris)]

    async def _first(self, url: str) -> Exchange:
        kind: Kind = "multivariant" if url == self.url else "playlist"
        try:
            exchange = await self.fetcher.get(url, kind, timeout_s=_JOIN_S)
        except FetchError as error:
            raise UnusableError(f"{url} cannot be loaded: {error}") from error
        if not exchange.ok:
            mend = _MENDS.get(exchange.status, "look at the server")
            raise UnusableError(f"{url} was answered {exchange.status}: {mend}")
        return exchange

    def _judge(self, url: str, exchange: Exchange, variables: Mapping[str, str]) -> None:
        judge = PlaylistJudge(url, variables, self.tell)
        playlist = judge.take(replace(exchange, kind="playlist"))
        if playlist is None:
            raise UnusableError(f"{url} is not a playlist: {self._why()}")
        if not playlist.low_latency and not playlist.ended:
            raise UnusableError(f"{url} has no EXT-X-PART-INF: it is live HLS, but not low-latency HLS")
        self._judges[url] = judge

    def _why(self) -> str:
        unreadable = [each for each in self.ledger.of("breach") if each.finding.check == "unreadable"]
        return unreadable[-1].finding.detail if unreadable else "it cannot be read"

    @contextlib.asynccontextmanager
    async def _following(self, urls: list[str]) -> AsyncIterator[list["asyncio.Task[None]"]]:
        for url in urls:
            follower = Follower(self._judges[url], self.fetcher)
            self.followers.append(follower)
        if self.presentation is not None:
            self._expect(self.presentation.variants[0], single=len(urls) == 1)
        tasks = [asyncio.create_task(follower.run()) for follower in self.followers]
        try:
            yield tasks
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def _expect(self, variant: Variant, *, single: bool) -> None:
        """What the multivariant playlist says of the media."""
        feed = self.followers[0].feed

        is_first = True

        async def tracks(found: list[ParsedTrack]) -> None:
            nonlocal is_first
            names = variant.codecs if is_first else await self._codecs_now(variant)
            is_first = False
            self.tell(rules_presentation.codecs_match(names, found), variant.uri)

        def rate(rate: float, duration: float) -> None:
            target = self.followers[0].judge.current
            half = 0.5 * (target.target_duration or 0) if target else 0.0
            if variant.bandwidth and single and duration >= half:
                self.tell(peak_rate(rate, variant.bandwidth, variant.uri), variant.uri)

        feed.on_tracks, feed.on_segment_rate = tracks, rate

    async def _codecs_now(self, variant: Variant) -> str | None:
        """What a player that comes now is told; None where it cannot be known. A publisher may have returned
        with other tracks.
        """
        try:
            exchange = await self.fetcher.get(self.url, "multivariant", timeout_s=_JOIN_S)
            presentation = parse_multivariant(exchange.body, query_variables(exchange.url))
        except (FetchError, MediaError):
            return None
        return next((each.codecs for each in presentation.variants if each.uri == variant.uri), None)
