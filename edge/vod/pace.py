"""So many octets a second, and no more."""


class Pace:
    """`rate`: octets a second. A pause is not made up for afterwards. Times are the caller's, in seconds."""

    def __init__(self, rate: float, now: float) -> None:
        self._rate = rate
        self._free_at = now

    def after(self, octets: int, now: float) -> float:
        """How long to wait, now that so many came."""
        self._free_at = max(self._free_at, now) + octets / self._rate
        return self._free_at - now
