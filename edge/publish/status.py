"""How a publication is doing, as its user sees it: a live line on a terminal, a line per change in a pipe."""

import sys
from dataclasses import dataclass
from typing import Literal, Protocol, TextIO

from rich.console import Console
from rich.live import Live
from rich.text import Text

State = Literal["connecting", "live", "reconnecting", "ended", "failed"]
_STYLES = {"connecting": "yellow", "live": "green", "reconnecting": "yellow", "ended": "dim", "failed": "red"}


@dataclass(frozen=True, slots=True)
class Status:
    """`detail` is a sentence for people, "" where there is nothing to say. `live_s` counts from the first
    connection.
    """

    state: State
    detail: str = ""
    live_s: float = 0.0
    bitrate: float = 0.0
    packets_sent: int = 0
    lost: int = 0
    rtt_s: float | None = None


class Display(Protocol):
    def show(self, status: Status) -> None: ...

    def close(self) -> None: ...


def line(status: Status) -> str:
    """What is known, such as: live 0:12  2.51 Mbit/s  1234 packets, 0 lost  round trip 3 ms."""
    minutes, seconds = divmod(int(status.live_s), 60)
    parts = [f"{status.state} {minutes}:{seconds:02d}"]
    if status.packets_sent:
        parts.append(f"{status.bitrate / 1e6:.2f} Mbit/s")
        parts.append(f"{status.packets_sent} packets, {status.lost} lost")
    if status.rtt_s is not None:
        parts.append(f"round trip {max(0.0, status.rtt_s) * 1000:.0f} ms")
    if status.detail:
        parts.append(status.detail)
    return "  ".join(parts)


class LiveLine:
    """One line that is written again and again."""

    def __init__(self, console: Console) -> None:
        self._live = Live(console=console, refresh_per_second=4, transient=False)
        self._live.start()

    def show(self, status: Status) -> None:
        text = Text(line(status), no_wrap=True, overflow="ellipsis")
        text.stylize(_STYLES[status.state], 0, len(status.state))
        self._live.update(text)

    def close(self) -> None:
        self._live.stop()


class Lines:
    """A line whenever state or sentence change, nothing in between."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._last: tuple[State, str] | None = None

    def show(self, status: Status) -> None:
        if (status.state, status.detail) != self._last:
            self._last = (status.state, status.detail)
            sentence = f"{status.state}: {status.detail}" if status.detail else status.state
            print(sentence, file=self._stream, flush=True)

    def close(self) -> None:
        """Nothing to put away."""


def display(stream: TextIO | None = None) -> Display:
    """What fits `stream` (stderr if none is given)."""
    stream = stream or sys.stderr
    return LiveLine(Console(file=stream)) if stream.isatty() else Lines(stream)
