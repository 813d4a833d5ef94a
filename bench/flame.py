"""`python -m bench.flame STACKS SVG TITLE`: where the time goes, out of what `py-spy record -n -f raw` wrote.

Each row is called by the row below it; a box is as wide as the time that was spent in it. Line numbers and the
frames below the event loop's turn are left out.
"""

import re
import sys
from collections.abc import Iterable
from dataclasses import dataclass, field
from html import escape
from pathlib import Path

WIDTH, ROW, TOP = 1100, 16, 30
LEAST = 0.004
"""Boxes narrower than this share are not drawn."""
_PLACE = re.compile(r" \((?P<file>[^:()]*)(:\d+)?\)$")
_TURN = ("uv__run_idle", "uv__run_timers", "uv__io_poll", "uv__run_check", "uv_run")


@dataclass
class Frame:
    """`count`: samples in it and in what it calls."""

    count: int = 0
    calls: "dict[str, Frame]" = field(default_factory=dict)


def frames_of(stack: str) -> list[str]:
    """Outermost first, from the event loop's turn on; what repeats is one."""
    names = [_PLACE.sub(_named, frame) for frame in stack.split(";")]
    turn = max((at for at, name in enumerate(names) if name.split(" ")[0] in _TURN), default=0)
    return [name for at, name in enumerate(names[turn:]) if not at or name != names[turn + at - 1]]


def _named(place: re.Match[str]) -> str:
    file = place["file"]
    return f" ({file.rpartition('/')[2]})" if file.endswith(".py") else ""


def tree(lines: Iterable[str]) -> Frame:
    """Lines are `frame;frame;frame count`. Threads beside the loop, which mostly wait, are left out."""
    root = Frame()
    for line in lines:
        stack, _, count = line.rstrip().rpartition(" ")
        if "Thread._bootstrap" in stack:
            continue
        at = root
        at.count += int(count)
        for name in frames_of(stack):
            at = at.calls.setdefault(name, Frame())
            at.count += int(count)
    return root


def svg(root: Frame, title: str) -> str:
    boxes: list[tuple[int, float, float, str, float]] = []
    _place(root, 0, 0.0, root.count, boxes)
    height = TOP + ROW * (max((row for row, *_ in boxes), default=0) + 1) + 6
    drawn = [_box(height, *box) for box in boxes]
    style = "<style>text{font:11px sans-serif;fill:#222}</style>"
    head = f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}">'
    ground = f'<rect width="{WIDTH}" height="{height}" fill="white"/>'
    return "\n".join(
        [head, style, ground, f'<text x="8" y="19">{escape(title)}</text>', *drawn, "</svg>", ""]
    )


def _place(
    frame: Frame, row: int, left: float, whole: int, boxes: list[tuple[int, float, float, str, float]]
) -> None:
    for name, call in sorted(frame.calls.items()):
        share = call.count / whole
        if share >= LEAST:
            boxes.append((row, left, share, name, share))
            _place(call, row + 1, left, whole, boxes)
        left += share


def _box(height: int, row: int, left: float, width: float, name: str, share: float) -> str:
    x, y, wide = left * WIDTH, height - ROW * (row + 1) - 4, width * WIDTH
    colour = "#f3c9a5" if ".py" in name else "#bcd7ea"
    room = int(wide / 6.2)
    shown = f"{name} {share:.0%}" if len(name) + 5 <= room else name[: max(0, room - 1)]
    text = f'<text x="{x + 3:.1f}" y="{y + 12}">{escape(shown)}</text>' if room > 3 else ""
    tip = f"<title>{escape(name)} {share:.1%}</title>"
    rect = (
        f'<rect x="{x:.1f}" y="{y}" width="{max(wide - 0.6, 0.4):.1f}" height="{ROW - 1}" fill="{colour}"/>'
    )
    return f"<g>{tip}{rect}{text}</g>"


if __name__ == "__main__":
    stacks, picture, title = sys.argv[1:4]
    with Path(stacks).open(encoding="utf-8") as lines:
        Path(picture).write_text(svg(tree(lines), title), "utf-8")
