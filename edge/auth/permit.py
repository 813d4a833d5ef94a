"""Somebody was let in, and need not be judged with every request."""

from collections.abc import Callable

from edge.http.message import Lease


class Permit:
    """For one client and what he asked for. Given by Admission; ends with its token, and whenever anything
    changes by which people are judged.
    """

    __slots__ = ("expires", "lease", "wall_clock")

    def __init__(self, lease: Lease, expires: float, wall_clock: Callable[[], float]) -> None:
        """`expires`: Unix seconds, as of `wall_clock`."""
        self.lease = lease
        self.expires = expires
        self.wall_clock = wall_clock

    def holds(self) -> bool:
        """Whether he would be let in now."""
        return self.lease.holds and self.wall_clock() < self.expires
