"""Somebody was let in, and need not be judged with every request."""

from collections.abc import Callable

from edge.http.message import Lease


class Permit:
    """For one client and what he asked for. Given by Admission; ends with its token, and whenever anything
    changes by which people are judged.
    """

    __slots__ = ("_expires", "_lease", "_wall_clock")

    def __init__(self, lease: Lease, expires: float, wall_clock: Callable[[], float]) -> None:
        """`expires`: Unix seconds, as of `wall_clock`."""
        self._lease = lease
        self._expires = expires
        self._wall_clock = wall_clock

    def holds(self) -> bool:
        """Whether he would be let in now."""
        return self._lease.holds and self._wall_clock() < self._expires
