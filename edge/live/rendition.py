"""One playable output of a publication: samples in, the same bytes to everybody who waits for them out."""

import math
import re
import secrets
import time
from collections.abc import Callable, Sequence

from edge.config import Config
from edge.hls.directives import WaitFor, parse, resolve
from edge.hls.past import Past
from edge.hls.position import Position
from edge.hls.segment import TICKS, Event, PartReady, SegmentHead, TargetPromised
from edge.hls.segmenter import Segmenter
from edge.hls.window import LiveWindow
from edge.http.message import Response
from edge.live.audience import Audience
from edge.live.listing import MEDIA_PLAYLIST, Form, Listing
from edge.live.replies import Replies, not_playable_yet, overloaded, stalled
from edge.live.shelf import InitName, PartName, SegmentName, Shelf, parse_name
from edge.live.waiters import Following, Key, Leave, Places, Queue, Viewer, Wait, Waiters, wake
from edge.media.sample import Sample
from edge.media.track import Track
from edge.metrics import LIVE_LATENCY, LIVE_LISTING

FIRST_PLAYLIST_HOLD_S = 9.5
"""hls.js gives up on a playlist whose first byte takes 10 s: it had better read our 503."""

STANDSTILL_HOLD_S = 0.5
STANDSTILL_PARTS = 3.2
STANDSTILL_TARGETS = 0.7
"""Without a publisher a blocked playlist request is answered unchanged after this: not before three parts are
missing, which any network may delay, and before hls.js aborts it after 0.8 target durations. No player minds
a playlist that did not grow."""

HOLD_TARGET_DURATIONS = 3  # 6.2.5.2

_MOST_REMEMBERED = 64
_AT_EDGE = re.compile(r"_HLS_msn=(?:0|[1-9][0-9]*)&_HLS_part=(?:0|[1-9][0-9]*)((?:&_HLS_skip=(?:YES|v2))?)")
"""As players at the live edge ask; what nobody else asks like is not made ready: one number has one form."""


class Rendition:
    """A segmenter, the window it fills, and the requests that wait for more."""

    def __init__(
        self,
        config: Config,
        places: Places,
        *,
        first_msn: int = 0,
        discontinuities: int | None = None,
        wall_clock: Callable[[], float] = time.time,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`places` is shared by all renditions of the node; `wall_clock` gives Unix seconds, `clock` those
        of every `now`. `discontinuities`: as many as viewers saw in an earlier life that this one follows.
        """
        hls = config.hls
        part_ticks = round(hls.part_target * TICKS)
        self._segment_ticks = round(hls.segment_target * TICKS)
        self.segmenter = Segmenter(
            part_ticks, self._segment_ticks, first_msn=first_msn, follows=discontinuities is not None
        )
        self.window = LiveWindow(
            hls.window,
            part_ticks,
            part_hold_back_s=hls.part_hold_back or 0.0,
            first_msn=first_msn,
            discontinuity_sequence=discontinuities or 0,
        )
        self.prefix = secrets.token_hex(4)
        """The folder of the media, new for each life of a publication: what is in it never changes."""
        self.target_duration_s = max(1, round(hls.segment_target))
        self.audience = Audience(self.target_duration_s)
        self.latency_s: float | None = None
        """From capture to listed, of the last picture of the newest part, by the publisher's clock. Never
        below 0, though that clock may be wrong.
        """
        self._places = places
        self._wall_clock = wall_clock
        self._clock = clock
        self._window_s = hls.window
        self._replies = Replies(
            self.prefix,
            self.target_duration_s,
            hls.window,
            asked_again=self.audience.asked_without_directives,
            wall_clock=wall_clock,
        )
        self._listing = Listing(self.window, self._replies, self.prefix)
        self._shelf = Shelf(self.window, self._replies)
        self._held_for: dict[tuple[str, bool], tuple[tuple[Position, Form], str | None]] = {}
        """What a query waits for until the window changes, and the rest of it: viewers at the edge all send
        the same one."""
        self._head: SegmentHead | None = None
        self._head_ticks = 0
        self._grew_at = -math.inf
        self._seen = self.window.next_position
        self._playlist_waiters: Waiters[tuple[Position, Form]] = Waiters(places)
        self._multivariant_waiters: Waiters[bool] = Waiters(places)
        self._part_waiters: Waiters[PartName] = Waiters(places)

    # What a source does. Whoever waited for what it completes has it when these return.

    def start(self, tracks: Sequence[Track], wall_clock_zero: float) -> None:
        """See Segmenter.start."""
        self._apply(self.segmenter.start(tracks, wall_clock_zero))

    def write(self, sample: Sample, arrived_at: float) -> None:
        """See Segmenter.write. `arrived_at`: monotonic seconds, when the sample's last packet came."""
        events = self.segmenter.write(sample)
        if events:
            self._apply(events)
            LIVE_LISTING.observe(max(0.0, self._clock() - arrived_at))

    def change_track(self, track: Track) -> None:
        """See Segmenter.change_track."""
        self._apply(self.segmenter.change_track(track))

    def advance(self, source_time_s: float) -> None:
        """See Segmenter.advance."""
        self._apply(self.segmenter.advance(source_time_s))

    def seal(self) -> None:
        """The source is gone."""
        self._apply(self.segmenter.seal())

    def end(self) -> None:
        """No source will come any more: everybody is answered."""
        self._apply(self.segmenter.end())

    def past(self) -> Past | None:
        """What a successor needs to go on; None: nothing that could be gone on with. Seal first."""
        return self.window.past(self.prefix, self._segment_ticks, self.segmenter.reach)

    def resume(self, past: Past) -> bool:
        """Be as the rendition was that had this past; False, and nothing: other settings hold now."""
        if (past.part_target, past.segment_target) != (self.window.part_target_ticks, self._segment_ticks):
            return False
        self.window.resume(past)
        self.segmenter.resume(past)
        self.prefix = past.prefix
        self._replies = Replies(
            past.prefix,
            past.target_duration_s,
            self._window_s,
            tag=secrets.token_hex(4),
            asked_again=self.audience.asked_without_directives,
            wall_clock=self._wall_clock,
        )
        self._listing = Listing(self.window, self._replies, past.prefix)
        self._shelf = Shelf(self.window, self._replies)
        self.target_duration_s = self.audience.period_s = past.target_duration_s
        return True

    def _apply(self, events: Sequence[Event]) -> None:
        if not events:
            return
        for event in events:
            self.window.apply(event)
            if isinstance(event, PartReady):
                self._measure(event)
            elif isinstance(event, TargetPromised):
                self.target_duration_s = self.audience.period_s = event.target_duration_s
                self._replies.promise(event.target_duration_s)
        self._replies.end_leases()
        self._listing.changed()
        self._held_for.clear()
        self._wake()

    def _measure(self, event: PartReady) -> None:
        if event.head is not self._head:
            self._head = event.head
            self._head_ticks = 0
        part = event.part
        self._head_ticks += part.duration_ticks
        picture_ticks = part.duration_ticks / part.frames if part.frames else 0
        captured_s = (self._head_ticks - picture_ticks) / TICKS
        captured = event.head.program_date_time.timestamp() + captured_s
        self.latency_s = max(0.0, self._wall_clock() - captured)
        LIVE_LATENCY.observe(self.latency_s)

    # What viewers ask.

    def media_playlist(self, query: str, *, gzip: bool) -> Response | Wait:
        """By the directives in the raw `query`. BadDirective, TooFarAhead."""
        known = self._held_for.get((query, gzip))
        if known is not None:
            return self._hold_playlist(*known)
        directives = parse(query)
        decision = resolve(directives, self.window)
        form = Form(directives.skip, gzip)
        if isinstance(decision, WaitFor):
            at_edge = _AT_EDGE.fullmatch(query)
            held = (decision.position, form), at_edge and at_edge[1]
            if len(self._held_for) < _MOST_REMEMBERED:
                self._held_for[query, gzip] = held
            return self._hold_playlist(*held)
        if directives.msn is None:
            self.audience.asked_without_directives()
        return self._listing.media_playlist(form, "plain" if directives.msn is None else "blocking")

    def multivariant(self, *, gzip: bool) -> Response | Wait:
        """Held until every player can play what is behind it."""
        if self._is_answerable:
            return self._listing.multivariant(gzip=gzip)
        return self._hold(self._multivariant_waiters, gzip)

    def media(self, file: str) -> Response | Wait:
        """What the playlist names; the hinted part is held until it exists (6.2.6)."""
        match parse_name(file):
            case InitName() as name:
                return self._shelf.init(name)
            case SegmentName() as name:
                return self._shelf.segment(name)
            case PartName() as name:
                if self.window.hints(name.number):
                    return self._hold(self._part_waiters, name)
                return self._shelf.part(name)
            case _:
                return self.missing("This is no name of a segment or part; take it from the playlist")

    def missing(self, sentence: str) -> Response:
        """404 with the lifetime of a media address."""
        return self._replies.missing(sentence)

    @property
    def waiting(self) -> int:
        """Requests that are held now."""
        return len(self._playlist_waiters) + len(self._multivariant_waiters) + len(self._part_waiters)

    @property
    def standstill_hold_s(self) -> float:
        """How long a blocked request is held while there is no publisher."""
        parts_s = STANDSTILL_PARTS * self.window.part_target_ticks / TICKS
        return max(STANDSTILL_HOLD_S, min(parts_s, STANDSTILL_TARGETS * self.target_duration_s))

    @property
    def _is_answerable(self) -> bool:
        return self.window.is_playable or self.window.ended

    def _hold_playlist(self, key: tuple[Position, Form], rest: str | None) -> Response | Wait:
        """`rest`: of the query, after the position; None: nobody else asks like that."""
        following = None if rest is None else AtEdge(self, key[1], rest)
        return self._hold(self._playlist_waiters, key, following)

    def newest_and_next(self, at_edge: "AtEdge") -> list[tuple[str, Response | Wait]]:
        """See waiters.Following: the newest part, and to wait again."""
        window = self.window
        if not self._is_answerable or window.ended:
            return []
        part, after = PartName(window.next_number - 1), window.next_position
        playlist = f"{MEDIA_PLAYLIST}?_HLS_msn={after.msn}&_HLS_part={after.part}{at_edge.rest}"
        return [
            (f"{self.prefix}/part{part.number}.m4s", self._shelf.part(part)),
            (playlist, self._hold(self._playlist_waiters, (after, at_edge.form), at_edge)),
        ]

    def _hold(self, waiters: Waiters[Key], key: Key, following: Following | None = None) -> Response | Wait:
        if self._places.are_full:
            return overloaded()

        def join(viewer: Viewer, now: float) -> Leave:
            if self._places.are_full:  # by others who were given the same Wait
                viewer.answered(overloaded())
                return Queue(self._places)
            return waiters.add(key, viewer, now)

        return Wait(join, self._replies.lease, following)

    def end_leases(self) -> None:
        """Every question must be asked anew: something outside of the window decides otherwise now."""
        self._replies.end_leases()

    # Who is answered when.

    def _wake(self) -> None:
        """Take all who are due before anyone is answered: an answered viewer may ask again at once."""
        window, listing = self.window, self._listing
        due_playlists = self._playlist_waiters.take(lambda key: self._is_answerable and window.has(key[0]))
        due_multivariants = self._multivariant_waiters.take(lambda _: self._is_answerable)
        due_parts = self._part_waiters.take(lambda name: not window.hints(name.number))
        woken = 0
        for (_, form), viewers in due_playlists:
            woken += wake(viewers, listing.media_playlist(form, "blocking"))
        self.audience.seen_together(woken)
        for gzip, viewers in due_multivariants:
            wake(viewers, listing.multivariant(gzip=gzip))
        for name, viewers in due_parts:
            wake(viewers, self._shelf.part(name))

    def tick(self, now: float, *, stands_still: bool) -> None:
        """Answer whoever waited too long. `stands_still`: no source, or one that says nothing."""
        self.audience.tick(now)
        if self._seen != self.window.next_position:
            self._seen, self._grew_at = self.window.next_position, now
        longest = HOLD_TARGET_DURATIONS * self.target_duration_s
        if not self._is_answerable:
            self._refuse_first(now - FIRST_PLAYLIST_HOLD_S)
        elif not self._places.taken:
            return
        elif stands_still:
            self.audience.seen_together(len(self._playlist_waiters))
            if self._grew_at <= now - self.standstill_hold_s:  # some wait for a whole segment since it began
                self._answer_unchanged(now - self.standstill_hold_s)
        else:
            for _, viewers in self._playlist_waiters.take_older(now - longest):
                wake(viewers, stalled())
        for _, viewers in self._part_waiters.take_older(now - longest):
            wake(viewers, stalled())

    def let_go(self) -> None:
        """Nothing comes any more, from us: whoever waits for a playlist has what there is, and asks again.
        Who waits for a part had better ask again unanswered.
        """
        if self._is_answerable:
            self._answer_unchanged(math.inf)
        else:
            self._refuse_first(math.inf)

    def _answer_unchanged(self, before: float) -> None:
        for (_, form), viewers in self._playlist_waiters.take_older(before):
            wake(viewers, self._listing.media_playlist(form, "unchanged"))

    def _refuse_first(self, before: float) -> None:
        for _, viewers in [
            *self._playlist_waiters.take_older(before),
            *self._multivariant_waiters.take_older(before),
        ]:
            wake(viewers, not_playable_yet())


class AtEdge:
    """Viewers who want the same form at each position; see waiters.Following."""

    __slots__ = ("_rendition", "form", "rest")

    def __init__(self, rendition: Rendition, form: Form, rest: str) -> None:
        self._rendition = rendition
        self.form = form
        self.rest = rest

    def __call__(self) -> list[tuple[str, Response | Wait]]:
        return self._rendition.newest_and_next(self)
