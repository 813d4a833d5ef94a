"""What a lane hands in, and what it gets back: no framework, no socket."""

from collections.abc import AsyncGenerator, Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import NamedTuple, Protocol

Headers = tuple[tuple[str, str], ...]
Octets = bytes | bytearray | memoryview
"""To be written and never changed; a memoryview only to be handed to a socket: see OpenBlock.mapped."""

Pieces = AsyncGenerator[Octets]


class RequestHead(NamedTuple):
    """The head of a GET or HEAD. `path` is percent-decoded, `query` is raw, header names are lower case."""

    method: str
    path: str
    query: str = ""
    headers: Mapping[str, str] = MappingProxyType({})
    client: str = ""
    """The address that asks."""


class Lease:
    """While it holds, the same question has the same answer: a lane may give it again and ask nobody.

    Whoever gave it ends it; nobody renews one.
    """

    __slots__ = ("again", "holds")

    def __init__(self, again: Callable[[], None] | None = None) -> None:
        """`again`: to be called each time, by a lane that gives the answer again."""
        self.holds = True
        self.again = again


class Slices(Protocol):
    """Other octets of what a 206 is a part of, for the same client, for a part of a second."""

    size: int
    """Of the whole representation, in octets."""
    headers: Headers
    """All fields of a 206 but Content-Range."""

    def read(self, start: int, stop: int) -> tuple[Octets, ...] | None:
        """Octets `start` to before `stop`, which lie within; the buffers are the caller's. None: ask anew."""

    def renewed(self) -> "Slices | None":
        """The same with the fields of this moment, where nobody need be asked."""


@dataclass(slots=True)  # not frozen: that takes five times as long to make, for each part of each stream
class Response:
    """A whole answer. `body` buffers are shared between viewers: a lane writes them and never changes them,
    nor anything else here.

    `headers` hold everything but Date, Server, Connection and Content-Length, which the lane adds; a
    lane leaves the body out when it answers HEAD. `own` are fields of this answer alone, before `headers`,
    which many answers may share as one object.
    """

    status: int
    headers: Headers = ()
    body: tuple[Octets, ...] = ()
    lease: Lease | None = field(default=None, compare=False, repr=False)
    own: Headers = ()
    slices: Slices | None = field(default=None, compare=False, repr=False)
    """Of a 206 whose only `own` field is Content-Range: what other ranges are answered from."""

    @property
    def fields(self) -> Headers:
        """`own` and `headers`."""
        return (*self.own, *self.headers)

    @property
    def content_length(self) -> int:
        """Octets in `body`."""
        return sum(map(len, self.body))


@dataclass(frozen=True, slots=True)
class AtHand:
    """A long answer, octets `start` to before `stop` of a representation, that most likely are in memory.

    `first` were read already. `read` gives octets from here on, to before there, as many as are at hand at
    once; where it gives None, `rest` gives all from there on.
    """

    status: int
    headers: Headers
    start: int
    stop: int
    first: Octets
    read: Callable[[int, int], Octets | None]
    rest: Callable[[int], Pieces]


@dataclass(frozen=True, slots=True)
class Streaming:
    """An answer whose body comes in pieces. `pieces` is called once, or never; what it raises cuts the body.

    `headers` as in Response; `content_length` octets come, or the connection is to be closed.
    """

    status: int
    headers: Headers
    content_length: int
    pieces: Callable[[], Pieces]
