"""Addresses with a token in them, of one who was let in: what they are without it."""

from edge.auth.permit import Permit


class Permitted:
    """All that he may ask for begins with `prefix`, the token in it; without the token it begins with `bare`.

    Both are of request lines, up to the slash after the name of the stream: no line leads out of it.
    """

    __slots__ = ("_bare", "_expires", "_lease", "_prefix", "_wall_clock")

    def __init__(self, permit: Permit, prefix: bytes, bare: bytes) -> None:
        """Thousands have one each, and each is cold when its turn comes: what `permit` says is held here,
        and `bare` is to be one object for all.
        """
        self._lease, self._expires, self._wall_clock = permit.lease, permit.expires, permit.wall_clock
        self._prefix = prefix
        self._bare = bare

    def without_token(self, line: bytes) -> bytes:
        """The request line as the stream's other viewers would have it. Empty: he has to be judged."""
        prefix = self._prefix
        if line.startswith(prefix) and self._lease.holds and self._wall_clock() < self._expires:
            return self._bare + line[len(prefix) :]
        return b""
