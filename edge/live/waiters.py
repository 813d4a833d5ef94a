"""Viewers who wait: entries in tables, not tasks. Only those whose position has come are woken."""

import math
from collections.abc import Callable, Hashable, Sequence
from itertools import takewhile
from typing import Generic, Protocol, TypeVar

from edge.http.message import Lease, Response


class Viewer(Protocol):
    """Who waits, himself: waiting makes no object, for it is what thousands do at once. Waits for one thing
    at a time; compared by identity.
    """

    def answered(self, response: Response) -> None:
        """Called once, from within the write or tick that answers (or the subscription, where there is no
        place); hands over quickly and never raises.
        """


class Leave(Protocol):
    """The way out of waiting."""

    def leave(self, viewer: Viewer) -> None:
        """He waits no more. Harmless after the answer and when called again."""


Key = TypeVar("Key", bound=Hashable)


class Places:
    """How many may wait: one count for all publications of this node."""

    __slots__ = ("limit", "taken")

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.taken = 0

    @property
    def are_full(self) -> bool:
        """Whether the next one who would wait has to be refused."""
        return self.taken >= self.limit


class Queue:
    """Those who wait for the same thing, in the order in which they came."""

    __slots__ = ("_places", "_since")

    def __init__(self, places: Places) -> None:
        self._places = places
        self._since: dict[Viewer, float] = {}

    def __len__(self) -> int:
        return len(self._since)

    def join(self, viewer: Viewer, now: float) -> None:
        """`now`: monotonic seconds."""
        self._since[viewer] = now
        self._places.taken += 1

    def leave(self, viewer: Viewer) -> None:
        """See Leave."""
        if self._since.pop(viewer, None) is not None:
            self._places.taken -= 1

    def take(self) -> list[Viewer]:
        """Everybody, who then stands here no more."""
        viewers = list(self._since)
        self._since.clear()
        self._places.taken -= len(viewers)
        return viewers

    @property
    def oldest(self) -> float:
        """Since when its first has waited."""
        return next(iter(self._since.values()), math.inf)

    def take_older(self, before: float) -> list[Viewer]:
        """Who waits since `before` or longer; looks at nobody else."""
        since = self._since
        viewers = list(takewhile(lambda viewer: since[viewer] <= before, since))
        for viewer in viewers:
            self.leave(viewer)
        return viewers


class Waiters(Generic[Key]):
    """Held requests by what they wait for. Viewers with one key get one answer object.

    To take is to make them nobody's: a viewer who asks again while he is woken joins a new queue.
    """

    __slots__ = ("_oldest", "_places", "_queues")

    def __init__(self, places: Places) -> None:
        self._places = places
        self._queues: dict[Key, Queue] = {}
        self._oldest = math.inf
        """Nobody here has waited since before that."""

    def __len__(self) -> int:
        return sum(map(len, self._queues.values()))

    def add(self, key: Key, viewer: Viewer, since: float) -> Leave:
        """Wait for `key`. Those of one key come in the order of their `since`."""
        queue = self._queues.get(key)
        if queue is None:
            queue = self._queues[key] = Queue(self._places)
            self._oldest = min(self._oldest, since)
        queue.join(viewer, since)
        return queue

    def take(self, is_due: Callable[[Key], bool]) -> list[tuple[Key, list[Viewer]]]:
        """Everybody whose key is due."""
        if not self._queues:
            return []
        due = [key for key in self._queues if is_due(key)]
        return [(key, self._queues.pop(key).take()) for key in due]

    def take_older(self, before: float) -> list[tuple[Key, list[Viewer]]]:
        """Everybody who waits since `before` or longer; asked often, it mostly need not look."""
        if before < self._oldest:
            return []
        taken = []
        for key, queue in list(self._queues.items()):
            old = queue.take_older(before)
            if not queue:
                del self._queues[key]
            if old:
                taken.append((key, old))
        self._oldest = min((queue.oldest for queue in self._queues.values()), default=math.inf)
        return taken


def wake(viewers: Sequence[Viewer], response: Response) -> int:
    """One answer to all of them; how many there were."""
    for viewer in viewers:
        viewer.answered(response)
    return len(viewers)


Following = Callable[[], "Sequence[tuple[str, Response | Wait]]"]
"""What one who waited, and has his answer, asks next, by addresses relative to his; and how that is answered
now: at most one thing that is there, and at most one that he waits for.
"""


class Wait:
    """The answer is not there yet. A lane subscribes right away, in the same turn of its loop, or never;
    while the lease holds, others who ask the same may be subscribed too.
    """

    __slots__ = ("_join", "following", "lease")

    def __init__(
        self,
        join: Callable[[Viewer, float], Leave],
        lease: Lease | None = None,
        following: Following | None = None,
    ) -> None:
        self._join = join
        self.lease = lease
        self.following = following

    def subscribe(self, viewer: Viewer, now: float) -> Leave:
        """Have `viewer` answered when the answer has come, or when waiting longer makes no sense.

        `now`: monotonic seconds.
        """
        return self._join(viewer, now)
