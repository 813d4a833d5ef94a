"""Viewers who wait: entries in lists, not tasks. Only those whose position has come are woken."""

from collections.abc import Callable, Hashable
from itertools import takewhile
from typing import Generic, TypeVar

from edge.http.message import Lease, Response

Deliver = Callable[[Response], None]
"""Called once, from within the write or tick that answers (or the subscription, where there is no place);
hands over quickly and never raises."""

Cancel = Callable[[], None]
"""The viewer left. Harmless after delivery and when called again."""

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


class Waiter:
    """One held request, since `since` (monotonic seconds)."""

    __slots__ = ("_deliver", "_group", "_places", "since")

    def __init__(self, deliver: Deliver, since: float, group: dict["Waiter", None], places: Places) -> None:
        self._deliver: Deliver | None = deliver
        self._group = group
        self._places = places
        self.since = since
        group[self] = None
        places.taken += 1

    def cancel(self) -> None:
        """See Cancel."""
        if self._deliver is not None:
            self._leave()

    def wake(self, response: Response) -> bool:
        """Hand the answer over, unless the viewer left; whether there was somebody."""
        deliver = self._deliver
        if deliver is None:
            return False
        self._leave()
        deliver(response)
        return True

    def _leave(self) -> None:
        self._deliver = None
        self._group.pop(self, None)
        self._places.taken -= 1


class Waiters(Generic[Key]):
    """Held requests by what they wait for. Viewers with one key get one answer object.

    To take is to make them nobody's: a viewer who asks again while he is woken joins a new list.
    """

    __slots__ = ("_groups", "_places")

    def __init__(self, places: Places) -> None:
        self._places = places
        self._groups: dict[Key, dict[Waiter, None]] = {}

    def __len__(self) -> int:
        return sum(map(len, self._groups.values()))

    def add(self, key: Key, deliver: Deliver, since: float) -> Cancel:
        """Wait for `key`. Those of one key come in the order of their `since`."""
        group = self._groups.get(key)
        if group is None:
            group = self._groups[key] = {}
        return Waiter(deliver, since, group, self._places).cancel

    def take(self, is_due: Callable[[Key], bool]) -> list[tuple[Key, list[Waiter]]]:
        """Everybody whose key is due."""
        due = [key for key in self._groups if is_due(key)]
        return [(key, list(self._groups.pop(key))) for key in due]

    def take_older(self, before: float) -> list[tuple[Key, list[Waiter]]]:
        """Everybody who waits since `before` or longer; looks at nobody else."""
        taken = []
        for key, group in list(self._groups.items()):
            old = list(takewhile(lambda waiter: waiter.since <= before, group))
            for waiter in old:
                del group[waiter]
            if not group:
                del self._groups[key]
            if old:
                taken.append((key, old))
        return taken


def wake(waiters: list[Waiter], response: Response) -> int:
    """One answer to all of them; how many were still there."""
    return sum([waiter.wake(response) for waiter in waiters])


class Wait:
    """The answer is not there yet. A lane subscribes right away, in the same turn of its loop, or never;
    while the lease holds, others who ask the same may be subscribed too.
    """

    __slots__ = ("_join", "lease")

    def __init__(self, join: Callable[[Deliver, float], Cancel], lease: Lease | None = None) -> None:
        self._join = join
        self.lease = lease

    def subscribe(self, deliver: Deliver, now: float) -> Cancel:
        """Have the answer handed to `deliver` when it has come, or when waiting longer makes no sense.

        `now`: monotonic seconds.
        """
        return self._join(deliver, now)
