"""What the connections of the fast lane share: rooms that answer, what was asked lately, limits, time."""

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import NamedTuple, Protocol

from edge.config import Config
from edge.errors import Overloaded, TooManyRequests
from edge.http.accept import accepts_gzip
from edge.http.cmcd import IN_LINE, PlayerReport, parse_cmcd, split_fields, split_line
from edge.http.conditional import revalidated
from edge.http.cors import OPEN
from edge.http.message import AtHand, Lease, RequestHead, Response
from edge.http.plain_request import MOST_HEAD_BYTES, Fields, read_fields, read_line
from edge.http.problem import problem_of
from edge.live.waiters import Wait
from edge.metrics import WEB_SENDING
from edge.web.access_log import AccessLog
from edge.web.client_address import trusted_networks
from edge.web.doors import Doors, Seats
from edge.web.flow import Later
from edge.web.gate import is_let_in
from edge.web.memo import NO_MEMO, Asked, Crowd, Known, Memo, Telling
from edge.web.naps import Naps
from edge.web.outbox import Outbox
from edge.web.permitted import Permitted
from edge.web.rate_limit import rate_of
from edge.web.readiness import Readiness
from edge.web.reply import READ
from edge.web.strict import Strict
from edge.web.tally import Tally
from edge.web.timing import wants_timing
from edge.web.wheel import Wheel
from edge.web.wire import Wire, Wires, date_line

_WANTED = frozenset(READ)
_MOST_KNOWN = 4096
_MOST_FIELDS = 1024
_LONGEST_LINE = 512
_VERSION = b" HTTP/1.1"
_HEARD_S = 0.2
_LOOKS_AT_ONCE = 256
"""Ten times a second: thousands who came together are not sent away in one moment that others wait for."""
HEARD_EVERY = 64
"""So many answers take a millisecond or two; a loop may bring a thousand requests at once."""


def _nobody() -> None:
    """Nobody publishes."""


def _always() -> bool:
    """Whoever finds it is judged first."""
    return True


class Answerer(Protocol):
    """A room that the lane asks itself."""

    takes_encoded: bool
    """It decodes the path of a request by itself; else what is percent-encoded is for the strict lane."""

    def answer(self, head: RequestHead, now: float) -> Response | Wait | Later | AtHand | None:
        """None: the strict lane has to answer this; nothing may have been done for it yet."""

    def may_repeat(self, head: RequestHead) -> bool | Permitted:
        """Whether the answer depends on nothing but what its lease stands for; and, where it has to be
        Permitted, on that.
        """

    def hears(self, head: RequestHead) -> Callable[[PlayerReport], None] | None:
        """Who is told what players report of themselves (CMCD) when they ask this again. None: nobody."""


class Seen(NamedTuple):
    """A connection as an operator sees it. `path`: of something that it was given, without a token; `since`:
    when it asked or was answered, as Lane.now.
    """

    client: str
    path: str
    is_held: bool
    since: int


class Timed(Protocol):
    """A connection, as far as time concerns it."""

    def seen(self) -> Seen | None:
        """None: it was given nothing yet, or is gone."""

    @property
    def has_just_come(self) -> bool:
        """And not asked for anything yet."""

    @property
    def is_idle(self) -> bool:
        """It asked, was answered, and asks nothing."""

    def look(self) -> None:
        """The second has come for which it stands in the wheel."""

    def close(self) -> None:
        """End it when what was written is read."""

    def abort(self) -> None:
        """End it now."""


class Shortcut(Protocol):
    """Answers requests that are like one of a moment ago."""

    fields: Fields
    until: float

    def give(self, data: bytes, transport: asyncio.WriteTransport, lane: "Lane") -> bool:
        """Whether `data` is one of them, and is answered."""


class Lane:
    """One for each server."""

    def __init__(
        self,
        config: Config,
        rooms: Mapping[str, Answerer],
        *,
        ready: Readiness,
        seats: Seats | None = None,
        access_log: AccessLog | None = None,
    ) -> None:
        """`rooms`: by the first segment of a path."""
        self.loop = asyncio.get_running_loop()
        self.strict: Callable[[], Strict]
        """Set before anybody is here. Makes the protocol of a connection that is handed over."""
        self.hear: Callable[[], None] = _nobody
        """Called after every HEARD_EVERY answers: publishers have their turn amid a crowd of viewers."""
        self.ready = ready
        self.limits = config.limits
        self.trusted = trusted_networks(config.server.trusted_proxies)
        self.doors = Doors(config.limits, self.trusted)
        self.seats = seats or Seats(config.limits.waiters_per_address)
        self.rate = rate_of(config.limits)
        self.access_log = access_log or AccessLog(0)
        self.is_quick = self.rate is None and not self.access_log.is_on
        """Nothing is to be noted of a request but that there was one."""
        self.tally = Tally()
        self.outbox = Outbox(WEB_SENDING, self._prepare)
        self.naps = Naps(lambda: self.outbox.is_running)
        self.now = int(self.loop.time())
        """Whole monotonic seconds, as of the last tick."""
        self.date = date_line(time.time())
        self.wheel: Wheel[Timed] = Wheel(self.now)
        self.shortcuts: dict[bytes, Shortcut] = {}
        """By what their requests have in common."""
        self._wires = Wires()
        self._rooms = rooms
        self._fields: dict[bytes, Fields] = {}
        self._memos = {False: Memo(), True: Memo()}
        ready.on_drain.append(self._forget)

    def tick(self, now: float) -> None:
        """Some ten times a second (monotonic seconds)."""
        if (date := date_line(time.time())) != self.date:
            self.date = date
        is_new, self.now = int(now) > self.now, max(int(now), self.now)
        for one in self.wheel.due(self.now, _LOOKS_AT_ONCE):
            one.look()
        if not is_new:
            return
        self._wires.forget()
        for common in [common for common, one in self.shortcuts.items() if one.until <= now]:
            del self.shortcuts[common]
        for known in self._every_known():
            for line in [line for line, one in known.items() if not one.lease.holds]:
                del known[line]
        self.tally.flush()
        self.access_log.flush()

    def end_idle(self) -> None:
        """Whoever wants something else had better ask elsewhere."""
        for one in [one for one in self.wheel if one.is_idle]:
            one.close()

    async def hear_out(self) -> None:
        """Who was let in a moment ago has his request on the way, and is not sent away without an answer."""
        until = self.loop.time() + _HEARD_S
        while self.loop.time() < until and any(one.has_just_come for one in self.wheel):  # noqa: ASYNC110
            await asyncio.sleep(0.01)

    async def close(self, patience_s: float) -> None:
        """Whoever waited has an answer by now: let it go out, and end every connection."""
        self.outbox.flush()
        for one in list(self.wheel):
            one.close()
        until = self.loop.time() + patience_s
        while not self.wheel.is_empty and self.loop.time() < until:  # noqa: ASYNC110  once, at the very end
            await asyncio.sleep(0.01)
        for one in list(self.wheel):
            one.abort()
        self.tally.flush()
        self.access_log.close()

    # What connections ask

    def enter(self, address: str) -> bool:
        """See Doors."""
        self.naps.stay_awake()
        return self.doors.enter(address)

    def fields(self, raw: bytes) -> Fields | None:
        """See read_fields; those that were seen lately are not read again."""
        fields = self._fields.get(raw)
        if fields is not None:
            return fields
        told, bare = split_fields(raw)
        if told is not None and len(raw) <= MOST_HEAD_BYTES:
            without = self.fields(bare)
            return None if without is None else without.telling(raw, told)
        if (fields := read_fields(raw, _WANTED)) is not None:
            if len(self._fields) >= _MOST_FIELDS:
                self._fields.clear()
            self._fields[raw] = fields
        return fields

    def memo(self, fields: Fields) -> Memo:
        """See Memo; NO_MEMO for fields that mean something else to somebody."""
        if fields.closes or fields.values.keys() - {"accept-encoding"}:
            memo = NO_MEMO
        else:
            memo = self._memos[accepts_gzip(fields.values.get("accept-encoding"))]
        return memo if fields.told is None else Telling(memo, fields.told)

    def ask(
        self, line: bytes, fields: Fields, memo: Memo, client: str
    ) -> tuple[Asked, Permitted | None] | None:
        """The answer to what was not asked lately, and what else the client may ask; None: hand it over."""
        read = read_line(line)
        room = None if read is None else self._rooms.get(read.path[1 : max(1, read.path.find("/", 1))])
        if read is None or room is None or ("%" in read.path and not room.takes_encoded):
            return None
        if wants_timing(read.query):
            return None
        head = RequestHead(read.method, read.path, read.query, fields.values, client)
        answer = room.answer(head, self.loop.time())
        if answer is None:
            return None
        asked = Asked(head, closes=fields.closes)
        if isinstance(answer, Later | AtHand):
            self.naps.stay_awake()
            asked.later = answer
            return asked, None
        self._answered(asked, answer)
        shared, bare = memo.shared, split_line(line)[1] if IN_LINE in line else line
        if is_let_in(answer):
            asked.hears = room.hears(head)
        if memo.told is not None and asked.hears is not None:
            asked.hears(parse_cmcd(memo.told))
        if answer.lease is None or shared is NO_MEMO or IN_LINE in bare:
            return asked, None
        may = room.may_repeat(head)
        if isinstance(may, Permitted):
            line = may.without_token(bare)
            self._remember(Crowd(shared.permitted, line, head.path, _always), line, asked, answer.lease)
            return asked, may
        if may:
            may_repeat = partial(room.may_repeat, head)
            self._remember(Crowd(shared.known, bare, head.path, may_repeat), bare, asked, answer.lease)
        return asked, None

    def _answered(self, asked: Asked, answer: Response | Wait) -> None:
        if isinstance(answer, Wait):
            asked.wait = answer
            return
        asked.wire = self.wire(asked, answer)
        asked.slices = answer.slices
        asked.count = self.tally.of(asked.kind, asked.wire.status)

    def remember(self, common: bytes, shortcut: Shortcut) -> None:
        """`common`: of all requests that it answers."""
        if len(self.shortcuts) >= _MOST_KNOWN:
            self.shortcuts.clear()
        self.shortcuts[common] = shortcut

    def too_many_of(self, client: str) -> Response | None:
        """What one who asks too often is told, or anybody when all do."""
        if self.rate is None:
            return None
        try:
            self.rate.take(client, self.loop.time())
        except (TooManyRequests, Overloaded) as error:
            return problem_of(error, headers=OPEN)
        return None

    def wire(self, asked: Asked, response: Response) -> Wire:
        """`response` in the form that this request wants: whole, its head only, or that nothing changed."""
        if asked.is_simple:
            return self._wires.of(response)
        return Wire(revalidated(asked.head, response), has_body=asked.head.method != "HEAD")

    def answer(self, asked: Asked, response: Response) -> Wire:
        """The same for those who waited, of whom many get one response one after the other."""
        answer = asked.answer
        if answer is None or answer.response is not response:
            answer = asked.answer = self.wire(asked, response)
            asked.count = self.tally.of(asked.kind, answer.status)
        return answer

    def _prepare(self, asked: Asked, response: Response) -> None:
        """See Outbox. Who asked is written to later; whoever asked the same was given the same."""
        self.naps.note()
        wire = self.answer(asked, response)
        if asked.is_simple and wire.date is not self.date:
            wire.at(self.date)
        self.make_ready(asked)

    def _remember(self, crowd: Crowd, line: bytes, asked: Asked, lease: Lease) -> None:
        """Under this line only, and no more under the one before it."""
        known = crowd.known
        if known.get(asked.line) is asked:
            del known[asked.line]
        if not 0 < len(line) <= _LONGEST_LINE or self.ready.is_draining:
            return
        if len(known) >= _MOST_KNOWN:
            known.clear()
        asked.lease = lease
        asked.line = line
        known[line] = asked
        if asked.wait is not None and asked.wait.following is not None and asked.is_simple:
            asked.crowd = crowd

    def make_ready(self, asked: Asked) -> None:
        """What they ask next is found before they ask: to understand a question takes longer than to answer
        it, and where streams are many and viewers few each question is asked by a few only.

        `asked`: what a crowd waited for until now. It is what they wait for next, under another line.
        """
        if asked.lease.holds:
            return  # their answer brought nothing new
        crowd, wait, asked.crowd = asked.crowd, asked.wait, None
        if crowd is None or wait is None or wait.following is None or not crowd.may():
            return  # perhaps it was decided otherwise while they waited: they are judged when they ask
        for address, answer in wait.following():
            if answer.lease is None:
                continue
            after = asked
            if not isinstance(answer, Wait):
                after = crowd.media = self._media_of(crowd, asked, address)
            self._answered(after, answer)
            self._remember(crowd, crowd.folder + address.encode("ascii") + _VERSION, after, answer.lease)

    @staticmethod
    def _media_of(crowd: Crowd, asked: Asked, file: str) -> Asked:
        head = RequestHead("GET", crowd.place + file, "", asked.head.headers, asked.head.client)
        media = crowd.media
        if media is None:
            media = Asked(head, closes=False)
            media.hears = asked.hears
        media.head = head
        return media

    def _forget(self) -> None:
        """From now on every answer says goodbye."""
        for known in self._every_known():
            known.clear()

    def _every_known(self) -> Iterator[Known]:
        for memo in self._memos.values():
            yield from (memo.known, memo.permitted)
