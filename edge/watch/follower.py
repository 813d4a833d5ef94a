"""Follows one media playlist: blocking reloads, delta updates and whole ones, probes, media."""

import asyncio
import time

from edge.watch.exchange import PLAIN, Asked, Exchange
from edge.watch.fetch import Fetcher, FetchError
from edge.watch.findings import Finding, note
from edge.watch.judge import PlaylistJudge
from edge.watch.media_feed import MediaFeed
from edge.watch.player import Player
from edge.watch.playlist import MediaPlaylist
from edge.watch.probes import Probes

_WHOLE_EVERY_S = 4.0
"""A delta update is checked against the whole playlist this often, and the first one."""
_REMOVALS_EVERY_S = 5.0
_PROBES_AFTER_S = 0.5
_MOST_FAILURES = 5
_PAUSE_S = 0.1


class Follower:
    """`run` until the stream ends or is gone; cancel it to stop before. The judge has loaded the playlist
    once.
    """

    def __init__(self, judge: PlaylistJudge, fetcher: Fetcher) -> None:
        playlist = judge.current
        assert playlist is not None, "load the playlist first"
        self.judge = judge
        part_s = playlist.part_target or 1.0
        hold_back = (playlist.control.part_hold_back if playlist.control else None) or 3 * part_s
        self.player = Player(hold_back, part_s)
        self._fetcher, self._tell = fetcher, judge.tell
        self._target = playlist.target_duration or 1
        self.feed = MediaFeed(judge, fetcher, self.player, self._target)
        self._probes = Probes(judge, fetcher)
        self._whole_at = self._removals_at = 0.0
        self._failures = 0

    async def run(self) -> None:
        """Reload again and again."""
        assert self.judge.current is not None, "load the playlist first"
        probing = asyncio.create_task(self._probe())
        removing: set[asyncio.Task[None]] = set()
        try:
            self.feed.follow(self.judge.current)
            while not self.judge.current.ended and self._failures < _MOST_FAILURES:
                before = self.judge.current
                playlist = await self._reload(before)
                if playlist is not None:
                    self.feed.follow(playlist)
                    self._look_after_removed(before, playlist, removing)
            if self.judge.current.ended:
                await self._probes.after_end(self.judge.current)
                await self.feed.drain()
        finally:
            probing.cancel()
            for task in removing:
                task.cancel()
            await asyncio.gather(probing, *removing, return_exceptions=True)
            await self.feed.close()

    async def _probe(self) -> None:
        await asyncio.sleep(_PROBES_AFTER_S)
        await self._probes.run()

    async def _reload(self, before: MediaPlaylist) -> MediaPlaylist | None:
        """The next playlist, None where this attempt brought none."""
        asked = self._next_request(before)
        try:
            exchange = await self._load(asked)
        except FetchError as error:
            self._failures += 1
            self._tell([self._unanswered(str(error))], self.judge.name)
            await asyncio.sleep(_PAUSE_S * 2**self._failures)
            return None
        if not exchange.ok:
            return await self._refused(exchange)
        self._failures = 0
        playlist = self.judge.take(exchange)
        if playlist is None:
            await asyncio.sleep(_PAUSE_S)
            exchange = await self._load(PLAIN)
            return self.judge.take(exchange) if exchange.ok else None
        if asked.skip:
            playlist = await self._check_delta(asked, playlist)
        if playlist.next_position <= before.next_position and not playlist.ended:
            await asyncio.sleep(_PAUSE_S)  # an answer without news: do not hammer
        return playlist

    def _next_request(self, playlist: MediaPlaylist) -> Asked:
        control = playlist.control
        skip = control is not None and control.can_skip_until is not None
        if control is None or not control.can_block_reload:
            return Asked(skip=skip)
        position = playlist.next_position
        return Asked(position.msn, position.part, skip)

    async def _load(self, asked: Asked) -> Exchange:
        if asked.msn is None:
            part_s = self.judge.current.part_target if self.judge.current else None
            await asyncio.sleep(part_s or 0.5)
        timeout_s = 4.0 * self._target + 2
        return await self._fetcher.get(self.judge.url, "playlist", timeout_s=timeout_s, asked=asked)

    def _unanswered(self, sentence: str) -> Finding:
        if self.judge.stalled(time.monotonic()):
            return note("LL 39", "unanswered-in-stall", sentence)
        return Finding("LL 33", "unanswered", sentence)

    async def _refused(self, exchange: Exchange) -> MediaPlaylist | None:
        self.judge.refused(exchange)
        if exchange.status != 503:
            self._failures += 1
        await asyncio.sleep(_PAUSE_S * 2**self._failures)
        return None

    async def _check_delta(self, asked: Asked, merged: MediaPlaylist) -> MediaPlaylist:
        """Now and then load the same without _HLS_skip: it must say the same."""
        now = time.monotonic()
        if now - self._whole_at < _WHOLE_EVERY_S:
            return merged
        self._whole_at = now
        try:
            exchange = await self._load(Asked(asked.msn, asked.part))
        except FetchError:
            return merged
        whole = self.judge.take(exchange) if exchange.ok else None
        if whole is None:
            return merged
        self.judge.compare_delta(merged, whole)
        return whole

    def _look_after_removed(
        self, old: MediaPlaylist, new: MediaPlaylist, tasks: set[asyncio.Task[None]]
    ) -> None:
        now = time.monotonic()
        due = now - self._removals_at > _REMOVALS_EVERY_S
        parts_left = any(
            segment.parts and (after := new.segment(segment.msn)) is not None and not after.parts
            for segment in old.complete
        )
        if due and (new.media_sequence > old.media_sequence or parts_left) and not new.ended:
            self._removals_at = now
            task = asyncio.create_task(self._probes.removed(old, new))
            tasks.add(task)
            task.add_done_callback(tasks.discard)
