"""What was asked a moment ago, and its answer: found again by the request line alone."""

from collections.abc import Callable

from edge.http.cmcd import IN_LINE, PlayerReport, parse_cmcd, parse_encoded, split_line
from edge.http.conditional import CONDITIONS
from edge.http.message import AtHand, Lease, RequestHead, Slices
from edge.live.waiters import Wait
from edge.web.flow import Later
from edge.web.middleware import kind_of
from edge.web.permitted import Permitted
from edge.web.tally import Count
from edge.web.wire import Wire

_NEVER = Lease()
_NEVER.holds = False


class Asked:
    """A request and its answer: `wire`, `wait` or `later`. Shared by all who ask so while its lease holds;
    of a crowd it is then what they ask next. `head` is that of one of them: its query may be an older one.
    """

    __slots__ = (
        "answer",
        "closes",
        "count",
        "crowd",
        "head",
        "hears",
        "is_simple",
        "kind",
        "later",
        "lease",
        "line",
        "slices",
        "wait",
        "wire",
    )

    def __init__(self, head: RequestHead, *, closes: bool) -> None:
        self.head = head
        self.closes = closes
        self.kind = kind_of(head.path)
        self.is_simple = head.method == "GET" and self.kind != "vod" and CONDITIONS.isdisjoint(head.headers)
        self.lease = _NEVER
        self.hears: Callable[[PlayerReport], None] | None = None
        self.wait: Wait | None = None
        self.later: Later | AtHand | None = None
        self.slices: Slices | None = None
        self.wire: Wire | None = None
        self.count: Count | None = None
        """Of those who get `wire`, or `answer`."""
        self.answer: Wire | None = None
        """What those who waited for this got, the last of them."""
        self.line = b""
        """By which it is known now."""
        self.crowd: Crowd | None = None
        """Those who wait for this, and will ask for more when they have it."""


class Crowd:
    """Viewers who ask the same, one thing after the other: where their questions are found."""

    __slots__ = ("folder", "known", "may", "media", "place")

    def __init__(self, known: "Known", line: bytes, path: str, may: Callable[[], object]) -> None:
        """Those who ask like this."""
        address = line.partition(b"?")[0]
        self.known = known
        self.folder = address[: address.rfind(b"/") + 1]
        """Of their request lines, up to the last slash of the path; without a token."""
        self.place = path[: path.rfind("/") + 1]
        """Of their paths, up to the last slash."""
        self.may = may
        """Whether they may still have what they are given."""
        self.media: Asked | None = None
        """What they asked for last that was there at once: they will not ask for it again."""


Known = dict[bytes, Asked]


class Memo:
    """What was asked lately with fields that mean the same: by request line; and, for those who are Permitted
    only, by the line without the token. Who could put a line into the one finds nothing of the other.
    """

    __slots__ = ("known", "permitted", "told")

    def __init__(self) -> None:
        self.known: Known = {}
        self.permitted: Known = {}
        self.told: str | None = None
        """The report that comes with this request, in its fields."""

    @property
    def shared(self) -> "Memo":
        """What is remembered for more than this request."""
        return self

    def found(self, line: bytes, permitted: Permitted | None) -> Asked | None:
        """What is not known to everybody by this very line: for whom it is permitted, or without the report
        of a player, which is noted.
        """
        asked = None if permitted is None else self.permitted.get(permitted.without_token(line))
        if asked is not None or IN_LINE not in line:
            return asked
        told, line = split_line(line)
        if told is None:
            return None
        asked = self.known.get(line)
        if asked is None and permitted is not None:
            asked = self.permitted.get(permitted.without_token(line))
        if asked is not None and asked.lease.holds and asked.hears is not None:
            asked.hears(parse_encoded(told))
        return asked


class Telling(Memo):
    """Of one request with a player's report in its fields: finds what `shared` has, and notes the report."""

    __slots__ = ("_shared",)

    def __init__(self, shared: Memo, told: str) -> None:
        super().__init__()
        self._shared = shared
        self.told = told

    @property
    def shared(self) -> Memo:
        """See Memo."""
        return self._shared

    def found(self, line: bytes, permitted: Permitted | None) -> Asked | None:
        """See Memo."""
        asked = self._shared.known.get(line) or self._shared.found(line, permitted)
        if asked is not None and asked.lease.holds and asked.hears is not None and self.told is not None:
            asked.hears(parse_cmcd(self.told))
        return asked


NO_MEMO = Memo()
"""Nothing is put into it."""
