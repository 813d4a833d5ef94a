"""Addresses with a token in them, of one who was let in: what they are without it."""

from edge.auth.permit import Permit


class Permitted:
    """All that he may ask for begins with `prefix`, the token in it; without the token it begins with `bare`.

    Both are of request lines, up to the slash after the name of the stream: no line leads out of it.
    """

    __slots__ = ("_bare", "_cut", "_permit", "_prefix")

    def __init__(self, permit: Permit, prefix: bytes, bare: bytes) -> None:
        self._permit = permit
        self._prefix = prefix
        self._bare = bare
        self._cut = len(prefix)

    def without_token(self, line: bytes) -> bytes:
        """The request line as the stream's other viewers would have it. Empty: he has to be judged."""
        if line.startswith(self._prefix) and self._permit.holds():
            return self._bare + line[self._cut :]
        return b""
