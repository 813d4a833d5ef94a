"""How far warming is: a bar on a terminal, nothing in a pipe but what failed."""

from typing import Protocol, TextIO

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from edge.cache.listing import shown, size


class Display(Protocol):
    """Of the assets that are asked for."""

    def moved(self, asset: str, done: int, of: int) -> None:
        """Octets of one that is on its way."""

    def failed(self, what: str, fault: str) -> None:
        """It never was on its way."""

    def finished(self, asset: str, fault: str | None) -> None:
        """One is done, or failed for this reason."""

    def close(self) -> None: ...


class Bar:
    """Assets, each by the share of it that is there; octets and their speed."""

    def __init__(self, console: Console, total: int) -> None:
        self._parts: dict[str, float] = {}
        self._octets: dict[str, int] = {}
        self._finished = self._bytes = 0
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[octets]}"),
            TimeRemainingColumn(),
        )
        self._progress = Progress(*columns, console=console)
        self._task = self._progress.add_task("warming", total=total, octets="")
        self._progress.start()

    def moved(self, asset: str, done: int, of: int) -> None:
        self._parts[asset] = done / max(of, 1)
        self._bytes += done - self._octets.get(asset, 0)
        self._octets[asset] = done
        self._show()

    def finished(self, asset: str, fault: str | None) -> None:
        self._parts.pop(asset, None)
        self._octets.pop(asset, None)
        self._finished += 1
        if fault is not None:
            self.failed(asset, fault)
        self._show()

    def failed(self, what: str, fault: str) -> None:
        self._progress.console.print(f"{shown(what)}: {fault}", markup=False, highlight=False)

    def _show(self) -> None:
        there = self._finished + sum(self._parts.values())
        self._progress.update(self._task, completed=there, octets=size(self._bytes))

    def close(self) -> None:
        self._progress.stop()


class Faults:
    """A line for each asset that failed."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def moved(self, asset: str, done: int, of: int) -> None:
        """Nobody looks."""

    def finished(self, asset: str, fault: str | None) -> None:
        if fault is not None:
            self.failed(asset, fault)

    def failed(self, what: str, fault: str) -> None:
        print(f"{shown(what)}: {fault}", file=self._stream, flush=True)

    def close(self) -> None:
        """Nothing to put away."""


def display(stream: TextIO, total: int) -> Display:
    """What fits `stream`."""
    return Bar(Console(file=stream), total) if stream.isatty() else Faults(stream)
