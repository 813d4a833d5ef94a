"""Judges one media playlist over its reloads: every answer goes through here, no I/O."""

from collections.abc import Callable, Iterable, Mapping
from urllib.parse import urlsplit

from edge.errors import MediaError
from edge.watch import rules_evolution, rules_http, rules_presentation, rules_reload, rules_tags, rules_timing
from edge.watch.delta import apply_delta, delta_equals_whole
from edge.watch.exchange import Exchange
from edge.watch.findings import Finding, note
from edge.watch.playlist import MediaPlaylist
from edge.watch.playlist_reader import parse_media_playlist

Tell = Callable[[Iterable[Finding], str], None]
"""Hears findings and the name of the resource they are about."""


class PlaylistJudge:
    """`url` is the playlist's, `variables` those for EXT-X-DEFINE. `current` is the newest whole playlist."""

    def __init__(self, url: str, variables: Mapping[str, str], tell: Tell) -> None:
        self.url = url
        self.name = urlsplit(url).path.rpartition("/")[2]
        self.current: MediaPlaylist | None = None
        self.reloads = 0
        self.variables, self.tell = variables, tell
        self._part_at = self._segment_at = 0.0

    def quiet_s(self, now: float) -> float:
        """How long no new part has come."""
        return now - self._part_at if self.current is not None else 0.0

    def stalled(self, now: float) -> bool:
        """Whether the stream visibly stands still."""
        target = self.current.part_target if self.current else None
        return self.quiet_s(now) > rules_reload.STALL_PARTS * (target or 1.0)

    def take(self, exchange: Exchange) -> MediaPlaylist | None:
        """Judge an answer that is a playlist; the whole playlist it stands for, None where it cannot be used.

        After None, load the playlist without directives.
        """
        read = self._read(exchange)
        if read is None:
            return None
        self.reloads += 1
        self.tell(rules_reload.skip_honoured(exchange, read), self.name)
        self.tell(rules_reload.skip_respects_boundary(read), self.name)
        self.tell(rules_reload.answered(exchange, read, quiet_s=self.quiet_s(exchange.done_at)), self.name)
        self.tell(rules_reload.held_too_long(exchange, read.target_duration or 1), self.name)
        whole = self._whole(read)
        if whole is not None:
            self._compare(whole, exchange.done_at)
        return whole

    def refused(self, exchange: Exchange) -> None:
        """Judge an answer to a blocking request that is none."""
        playlist = self.current
        self._http(exchange, playlist)
        target, part = (playlist.target_duration or 1, playlist.part_target or 0) if playlist else (1, 0.0)
        quiet = self.quiet_s(exchange.done_at)
        self.tell(rules_reload.refused(exchange, target, quiet_s=quiet, part_target=part), self.name)

    def compare_delta(self, merged: MediaPlaylist, whole: MediaPlaylist) -> None:
        """`merged` came by a delta update, `whole` right after it without."""
        self.tell(delta_equals_whole(merged, whole), self.name)

    def _http(self, exchange: Exchange, playlist: MediaPlaylist | None) -> None:
        for check in rules_http.CHECKS:
            self.tell(check(exchange), self.name)
        if playlist is not None and playlist.target_duration and not playlist.ended:
            position = exchange.asked.position
            came = position is None or playlist.contains(position)
            self.tell(rules_http.cache_lifetime(exchange, playlist.target_duration, came=came), self.name)

    def _read(self, exchange: Exchange) -> MediaPlaylist | None:
        try:
            playlist = parse_media_playlist(exchange.body, self.variables)
        except MediaError as error:
            self.tell(
                [Finding("LL 2", "unreadable", f"the playlist cannot be read: {error.detail}")], self.name
            )
            return None
        self._http(exchange, playlist)
        self.tell(playlist.faults, self.name)
        return playlist

    def _whole(self, read: MediaPlaylist) -> MediaPlaylist | None:
        if read.skip is None:
            return read
        if self.current is None:
            return None
        self.tell(rules_tags.version(read), self.name)
        whole = apply_delta(self.current, read)
        if whole is None:
            sentence = (
                f"the delta update skips {read.skip.segments} segments, of which some were never listed"
            )
            self.tell([Finding("LL 42", "delta-unknown-segments", sentence)], self.name)
            self.tell(rules_evolution.media_sequence(self.current, read), self.name)
        return whole

    def _compare(self, new: MediaPlaylist, now: float) -> None:
        for check in (*rules_timing.CHECKS, *rules_tags.CHECKS):
            self.tell(check(new), self.name)
        self.tell(rules_presentation.reports_well_formed(new), self.name)
        self.tell(rules_presentation.reports_fresh(new), self.name)
        old, self.current = self.current, new
        if old is None:
            self._part_at = self._segment_at = now
            return
        for evolved in rules_evolution.CHECKS:
            self.tell(evolved(old, new), self.name)
        self._clock(old, new, now)

    def _clock(self, old: MediaPlaylist, new: MediaPlaylist, now: float) -> None:
        """Notice stalls, and segments that are late."""
        quiet = self.quiet_s(now)
        if new.next_position > old.next_position:
            if self.stalled(now):
                self.tell([note("LL 22", "stall", f"no new part for {quiet:.1f} s")], self.name)
                self._segment_at = now
            self._part_at = now
        if new.last_complete_msn > old.last_complete_msn:
            self._segment_at = now
        else:
            since = now - self._segment_at
            self.tell(rules_reload.segment_due(new, since, self.quiet_s(now)), self.name)
