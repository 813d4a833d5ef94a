"""Deadlines of thousands of connections without a timer for any of them."""

from collections.abc import Iterator
from typing import Generic, TypeVar

One = TypeVar("One")


class Wheel(Generic[One]):
    """Each one stands in the slot of one whole second. Whoever is busy need not be moved: when the slot is
    due, it is looked at and put where it belongs by then.
    """

    __slots__ = ("_next", "_slots")

    def __init__(self, now: int) -> None:
        self._next = now
        self._slots: dict[int, set[One]] = {}

    def __iter__(self) -> Iterator[One]:
        for slot in self._slots.values():
            yield from slot

    @property
    def is_empty(self) -> bool:
        """Nobody is left."""
        return not self._slots

    def put(self, one: One, at: int) -> int:
        """Where it stands: `at`, or the next second that comes; needed to take it out."""
        at = max(at, self._next)
        self._slots.setdefault(at, set()).add(one)
        return at

    def take_out(self, one: One, at: int) -> None:
        """It stands at `at`, or nowhere."""
        slot = self._slots.get(at)
        if slot is not None:
            slot.discard(one)
            if not slot:
                del self._slots[at]

    def due(self, now: int, most: int) -> list[One]:
        """Those of every second up to `now`, the rest of them next time; they stand nowhere from then on."""
        found: list[One] = []
        while self._next <= now and len(found) < most:
            slot = self._slots.get(self._next, set())
            while slot and len(found) < most:
                found.append(slot.pop())
            if not slot:
                self._slots.pop(self._next, None)
                self._next += 1
        return found
