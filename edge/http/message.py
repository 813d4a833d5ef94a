"""What a lane hands in, and what it gets back: no framework, no socket."""

from collections.abc import AsyncGenerator, Callable, Mapping
from dataclasses import dataclass, field

Headers = tuple[tuple[str, str], ...]
Pieces = AsyncGenerator[bytes | bytearray]


@dataclass(frozen=True, slots=True)
class RequestHead:
    """The head of a GET or HEAD. `path` is percent-decoded, `query` is raw, header names are lower case."""

    method: str
    path: str
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
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


@dataclass(frozen=True, slots=True)
class Response:
    """A whole answer. `body` buffers are shared between viewers: a lane writes them and never changes them.

    `headers` hold everything but Date, Server, Connection and Content-Length, which the lane adds; a
    lane leaves the body out when it answers HEAD. `own` are fields of this answer alone, before `headers`,
    which many answers may share as one object.
    """

    status: int
    headers: Headers = ()
    body: tuple[bytes | bytearray, ...] = ()
    lease: Lease | None = field(default=None, compare=False, repr=False)
    own: Headers = ()
    slice: Callable[[int, int], "Response | None"] | None = field(default=None, compare=False, repr=False)
    """The 206 for other octets, first and last, to the same client for a part of a second; None: ask anew."""

    @property
    def content_length(self) -> int:
        """Octets in `body`."""
        return sum(map(len, self.body))


@dataclass(frozen=True, slots=True)
class Streaming:
    """An answer whose body comes in pieces. `pieces` is called once, or never; what it raises cuts the body.

    `headers` as in Response; `content_length` octets come, or the connection is to be closed.
    """

    status: int
    headers: Headers
    content_length: int
    pieces: Callable[[], Pieces]
