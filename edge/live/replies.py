"""The answers of one rendition, with what caches and pages read in them (LL-HLS B.1, RFC 9110, RFC 9218)."""

import time
from collections.abc import Callable
from datetime import UTC, datetime

from edge.errors import NotFound, Overloaded, Stalled
from edge.hls.playlist import Playlist
from edge.hls.position import Position
from edge.hls.segment import Part, Segment
from edge.http.cache_control import REVALIDATE, Lifetimes
from edge.http.cors import OPEN
from edge.http.message import Headers, Lease, Response
from edge.http.precondition import http_date
from edge.http.problem import problem_of

_PLAYLIST: Headers = (
    ("Content-Type", "application/vnd.apple.mpegurl"),
    ("Vary", "Accept-Encoding"),
    ("Priority", "u=1"),
    *OPEN,
)
_GZIP: Headers = (*_PLAYLIST, ("Content-Encoding", "gzip"))
_MEDIA: Headers = (("Priority", "u=2"), *OPEN)


class Replies:
    """Builds them; keeps none. `token` makes the entity-tags those of this life of the publication; `tag`
    those of playlists, if they are another process's, for revisions are counted anew.
    """

    def __init__(
        self,
        token: str,
        target_duration_s: int,
        window_s: float,
        *,
        tag: str | None = None,
        asked_again: Callable[[], None] | None = None,
        wall_clock: Callable[[], float] = time.time,
    ) -> None:
        """`asked_again`: told of each playlist without a position that a lane gives again. `wall_clock` gives
        Unix seconds.
        """
        self._token = token
        self._tag = tag or token
        self._window_s = window_s
        self._asked_again = asked_again
        self._wall_clock = wall_clock
        self.lease = Lease()
        """Of what is said now: until the window changes."""
        self.plain_lease = Lease(asked_again)
        """Of playlists without a position."""
        self.lifetimes = Lifetimes.of(target_duration_s, window_s)

    def end_leases(self) -> None:
        """What is said from now on has new ones."""
        self.lease.holds = self.plain_lease.holds = False
        self.lease, self.plain_lease = Lease(), Lease(self._asked_again)

    def promise(self, target_duration_s: int) -> None:
        """The target duration is known now."""
        self.lifetimes = Lifetimes.of(target_duration_s, self._window_s)

    def media_playlist(
        self,
        playlist: Playlist,
        revision: int,
        *,
        delta: bool,
        gzip: bool,
        cache_control: str,
        plain: bool = False,
    ) -> Response:
        """One of the four forms of a playlist. `revision` counts what was ever rendered; `plain`: the
        request named no position.
        """
        if delta:
            body = playlist.delta_gzip if gzip else playlist.delta
        else:
            body = playlist.gzip if gzip else playlist.plain
        lease = self.plain_lease if plain else self.lease
        return self._playlist(body, f"{revision}{'d' * delta}", gzip, cache_control, lease)

    def multivariant(self, body: bytes, revision: int, *, gzip: bool) -> Response:
        """`body` is compressed already where `gzip` is set."""
        return self._playlist(body, f"{revision}m", gzip, self.lifetimes.playlist, self.lease)

    def part(self, part: Part, content_type: str) -> Response:
        """A part that is there: it never changes."""
        msn, index = part.position
        return self._media((part.body,), f"{msn}.{index}", content_type, self.lifetimes.part)

    def segment(self, segment: Segment, content_type: str) -> Response:
        """A complete segment, in the buffers of its parts. It will be gone, so it says when (6.2.2)."""
        until = datetime.fromtimestamp(self._wall_clock() + self.lifetimes.segment_s, UTC)
        expires = ("Expires", http_date(until))
        return self._media(segment.body, str(segment.msn), content_type, self.lifetimes.segment, expires)

    def init(self, body: bytes, index: int, content_type: str) -> Response:
        """An init segment."""
        return self._media((body,), f"init{index}", content_type, self.lifetimes.segment)

    def missing(self, what: str, *, cache_control: str | None = None) -> Response:
        """404; `what` is a sentence."""
        lifetime = self.lifetimes.missing if cache_control is None else cache_control
        return problem_of(NotFound(what), cache_control=lifetime, headers=OPEN)

    def withdrawn(self, position: Position) -> Response:
        """6.2.6: a hint that came to nothing SHOULD be a 404."""
        return self.missing(
            f"Part {position.part} of segment {position.msn} did not come; reload the playlist"
        )

    def _playlist(self, body: bytes, tag: str, gzip: bool, cache_control: str, lease: Lease) -> Response:
        coding = "z" if gzip else ""
        own = (("Cache-Control", cache_control), ("ETag", f'"{self._tag}-{tag}{coding}"'))
        return Response(200, _GZIP if gzip else _PLAYLIST, (body,), lease, own)

    def _media(
        self, body: tuple[bytes, ...], tag: str, content_type: str, cache_control: str, *more: tuple[str, str]
    ) -> Response:
        own = (
            ("Content-Type", content_type),
            ("Cache-Control", cache_control),
            ("ETag", f'"{self._token}-{tag}"'),
            *more,
        )
        return Response(200, _MEDIA, body, self.lease, own)


UNCHANGED = REVALIDATE
"""The lifetime of a blocked answer that did not reach its position: it must not be pinned to its address."""


def stalled() -> Response:
    """6.2.5.2: held for three target durations in vain. Not kept by any cache."""
    error = Stalled("No new media came for a while; ask again", retry_after_s=1)
    return problem_of(error, headers=OPEN)


def not_playable_yet() -> Response:
    """The first playlist was held as long as players bear it."""
    error = Stalled(
        "The stream has only begun and is not playable yet; ask again in two seconds", retry_after_s=2
    )
    return problem_of(error, headers=OPEN)


def overloaded() -> Response:
    """Everybody who may wait does."""
    error = Overloaded(
        "Too many requests wait on this server; ask again in a second (the operator's key: live.max_waiters)",
        retry_after_s=1,
    )
    return problem_of(error, headers=OPEN)
