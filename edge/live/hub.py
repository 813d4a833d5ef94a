"""All publications of this node, and the one place where requests for live media are answered."""

import time
from collections.abc import Callable, Iterator
from typing import NamedTuple

from edge.config import STREAM_NAME, Config
from edge.errors import EdgeError, NotFound, Overloaded, PublishError
from edge.hls.past import Past
from edge.http.accept import accepts_gzip
from edge.http.cache_control import UNKNOWN_STREAM
from edge.http.cors import OPEN, READ_METHODS, preflight
from edge.http.message import RequestHead, Response
from edge.http.problem import method_not_allowed, problem_of
from edge.live.listing import MEDIA_PLAYLIST
from edge.live.publication import Publication
from edge.live.waiters import Places, Wait
from edge.metrics import LIVE_PUBLICATIONS, LIVE_WAITERS

ROOT = "/live/"
MULTIVARIANT_PLAYLIST = "index.m3u8"
_NOBODY = problem_of(
    NotFound("Nobody publishes under this name at the moment; ask again when they do"),
    cache_control=UNKNOWN_STREAM,
    headers=OPEN,
)


class Numbers(NamedTuple):
    """The next media sequence number of a stream, and how many discontinuities there were."""

    msn: int
    discontinuities: int


class Hub:
    """Names and their publications. Not for threads; `now` is monotonic seconds and never goes back."""

    tick_s = 0.1
    """How often `tick` wants to be called: no held request is answered later than it should be by more."""

    def __init__(self, config: Config, *, wall_clock: Callable[[], float] = time.time) -> None:
        """`wall_clock` gives Unix seconds, to measure how old media are when they are listed."""
        self._config = config
        self._wall_clock = wall_clock
        self._places = Places(config.live.max_waiters)
        self._publications: dict[str, Publication] = {}
        self._now = 0.0

    def claim(self, name: str, now: float, *, takeover: bool) -> Publication:
        """The publication a new source may attach to: the one that waits for it, or a fresh one.

        NameTaken: it has a healthy source and `takeover` is false. PublishError: no name for a stream.
        Overloaded: `live.max_publications` are live.
        """
        if not STREAM_NAME.fullmatch(name):
            raise PublishError(
                "A stream name is 1 to 64 letters, digits, hyphens and underscores (A-Z a-z 0-9 - _)"
            )
        publication = self._publications.get(name)
        if publication is not None and publication.ended_at is None:
            publication.claim(now, takeover=takeover)
            return publication
        self._make_room()
        # Numbers go on after a former life, so that caches never mix up what they know of both.
        first_msn = 0 if publication is None else publication.rendition.window.next_position.msn + 1
        fresh = Publication(
            name, self._config, self._places, now, first_msn=first_msn, wall_clock=self._wall_clock
        )
        self._publications[name] = fresh
        if publication is not None:
            publication.rendition.end_leases()
        return fresh

    def expect(self, name: str, numbers: Numbers, now: float, past: Past | None = None) -> None:
        """A stream that was live before this server began: its viewers are kept, as after a drop.

        With its past it goes on as if nothing had been; without, its first segment is a discontinuity.
        """
        if not STREAM_NAME.fullmatch(name) or name in self._publications:
            return
        expected = Publication(
            name,
            self._config,
            self._places,
            now,
            first_msn=numbers.msn,
            discontinuities=numbers.discontinuities,
            wall_clock=self._wall_clock,
        )
        if past is not None:
            expected.resume(past)
        expected.release(now)
        self._publications[name] = expected

    def next_numbers(self) -> dict[str, Numbers]:
        """What would come next, of each that has not ended: for `expect`."""
        return {
            name: Numbers(window.next_position.msn + 1, window.discontinuities)
            for name, each in self._publications.items()
            if each.ended_at is None and (window := each.rendition.window)
        }

    def pasts(self) -> Iterator[tuple[str, Past]]:
        """Name and past of each that has not ended and could go on elsewhere; sources are gone."""
        for name, each in self._publications.items():
            each.rendition.seal()
            past = None if each.ended_at is not None else each.rendition.past()
            if past is not None:
                yield name, past

    def get(self, name: str) -> Publication | None:
        """The publication of that name, if its playlists are served."""
        publication = self._publications.get(name)
        return publication if publication is not None and publication.is_listed else None

    def list(self) -> list[Publication]:
        """Those whose playlists are served, by name."""
        return [each for _, each in sorted(self._publications.items()) if each.is_listed]

    @property
    def waiting(self) -> int:
        """Requests that are held, on the whole node."""
        return self._places.taken

    def tick(self, now: float) -> None:
        """Every `tick_s` seconds."""
        self._now = now
        for publication in list(self._publications.values()):
            was_listed = publication.is_listed
            publication.tick(now)
            if publication.ended_at is None:
                continue
            if publication.is_over:
                del self._publications[publication.name]
            if (was_listed and not publication.is_listed) or publication.is_over:
                publication.rendition.end_leases()
        LIVE_WAITERS.set(self._places.taken)
        LIVE_PUBLICATIONS.set(sum(each.ended_at is None for each in self._publications.values()))

    def end_leases(self) -> None:
        """Who may watch is judged anew: nothing may be given again unasked."""
        for publication in self._publications.values():
            publication.rendition.end_leases()

    def end_all(self) -> None:
        """The node goes down: end every publication, so that nobody is left waiting."""
        for publication in list(self._publications.values()):
            publication.end(self._now, "the server is shutting down")

    def let_go(self) -> None:
        """The node goes down and another goes on: nobody is left waiting, nothing is ended."""
        for publication in self._publications.values():
            publication.rendition.let_go()

    def answer(self, head: RequestHead, now: float) -> Response | Wait:
        """Answer a request for an address below `/live/`. Never raises; unknown names leave no trace."""
        self._now = now
        if head.method == "OPTIONS":
            return preflight()
        if head.method not in {"GET", "HEAD"}:
            return method_not_allowed(head.method, READ_METHODS, headers=OPEN)
        try:
            return self._find(head)
        except NotFound as error:
            return problem_of(error, cache_control=UNKNOWN_STREAM, headers=OPEN)
        except EdgeError as error:
            return problem_of(error, headers=OPEN)

    def _find(self, head: RequestHead) -> Response | Wait:
        name, _, rest = head.path.removeprefix(ROOT).partition("/")
        publication = self._publications.get(name)
        if publication is None:
            return _NOBODY
        rendition = publication.rendition
        folder, slash, file = rest.partition("/")
        if slash:
            if folder != rendition.prefix:
                return rendition.missing("This belongs to an earlier broadcast; reload the playlist")
            return rendition.media(file)
        if not publication.is_listed:
            raise NotFound("The stream has ended")
        if rest == MEDIA_PLAYLIST:
            return rendition.media_playlist(head.query, gzip=_reads_gzip(head))
        if rest == MULTIVARIANT_PLAYLIST:
            return rendition.multivariant(gzip=_reads_gzip(head))
        return rendition.missing(f"There is no such playlist; open {MULTIVARIANT_PLAYLIST}")

    def _make_room(self) -> None:
        live = [each for each in self._publications.values() if each.ended_at is None]
        limit = self._config.live.max_publications
        if len(live) >= limit:
            raise Overloaded(
                f"{limit} streams are live, as many as may be (the operator's key: live.max_publications)",
                retry_after_s=30,
            )
        ended = sorted((each for each in self._publications.values() if each not in live), key=_end)
        for oldest in ended[: max(0, len(self._publications) - 2 * limit + 1)]:
            del self._publications[oldest.name]
            oldest.rendition.end_leases()


def _reads_gzip(head: RequestHead) -> bool:
    return accepts_gzip(head.headers.get("accept-encoding"))


def _end(publication: Publication) -> float:
    return publication.ended_at or 0.0
