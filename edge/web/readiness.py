"""Whether this server wants work."""

from collections.abc import Callable


class Readiness:
    """Whether new work may be sent here: not while starting, not while draining."""

    def __init__(self) -> None:
        self._is_ready = False
        self.is_draining = False
        """Whoever is here is answered, and asked to connect anew elsewhere."""
        self.requests = 0
        """That are being answered at this moment."""
        self.on_drain: list[Callable[[], None]] = []
        """Called once, when it begins."""

    def drain(self) -> None:
        """No way back: the server goes down."""
        self._is_ready = False
        is_new, self.is_draining = not self.is_draining, True
        for told in self.on_drain if is_new else ():
            told()

    def set(self, is_ready: bool) -> None:
        """Told by whoever starts and stops the server."""
        self._is_ready = is_ready

    def __bool__(self) -> bool:
        return self._is_ready
