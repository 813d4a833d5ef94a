"""Lines in an SVG: a few panels side by side, one legend. For what a README shows."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

_COLOURS = ("#1b6ca8", "#c8553d", "#3b7a57", "#8a5a9e", "#b8860b", "#444444", "#00868b")
_WIDTH, _HEIGHT, _LEFT, _TOP, _BOTTOM = 300, 240, 52, 34, 40


@dataclass(frozen=True)
class Panel:
    """`ticks`: names of the points from left to right, evenly spaced; `lines`: by name, a value for each."""

    title: str
    across: str
    ticks: Sequence[str]
    lines: dict[str, Sequence[float]]


def svg(panels: Sequence[Panel]) -> str:
    names = list(dict.fromkeys(name for panel in panels for name in panel.lines))
    colours = {name: _COLOURS[at % len(_COLOURS)] for at, name in enumerate(names)}
    width = len(panels) * (_WIDTH + _LEFT) + 16
    height = _TOP + _HEIGHT + _BOTTOM + 22
    body = [_panel(panel, at * (_WIDTH + _LEFT) + _LEFT, colours) for at, panel in enumerate(panels)]
    legend = [_key(name, _LEFT + at * 130, height - 10, colours[name]) for at, name in enumerate(names)]
    head = f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" font-family="sans-serif" font-size="11">'
    return "\n".join(
        [head, f'<rect width="{width}" height="{height}" fill="white"/>', *body, *legend, "</svg>", ""]
    )


def _panel(panel: Panel, left: int, colours: dict[str, str]) -> str:
    top = max((value for line in panel.lines.values() for value in line), default=0) * 1.08 or 1.0
    step = (_WIDTH - 20) / max(len(panel.ticks) - 1, 1)
    parts = [_text(left, _TOP - 12, panel.title, "start", weight="bold")]
    for at in range(5):
        value, y = top * at / 4, _TOP + _HEIGHT - _HEIGHT * at / 4
        parts.append(f'<path d="M{left} {y:.1f}h{_WIDTH - 10}" stroke="#ddd"/>')
        parts.append(_text(left - 6, y + 4, f"{value:.2g}", "end"))
    for at, tick in enumerate(panel.ticks):
        parts.append(_text(left + at * step, _TOP + _HEIGHT + 16, tick, "middle"))
    parts.append(_text(left + _WIDTH / 2, _TOP + _HEIGHT + 32, panel.across, "middle"))
    for name, values in panel.lines.items():
        points = [(left + at * step, _TOP + _HEIGHT * (1 - value / top)) for at, value in enumerate(values)]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colours[name]}" stroke-width="1.8"/>')
        parts.extend(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.5" fill="{colours[name]}"/>' for x, y in points)
    return "\n".join(parts)


def _text(x: float, y: float, text: str, anchor: str, *, weight: str = "normal") -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-weight="{weight}">{escape(text)}</text>'
    )


def _key(name: str, x: int, y: int, colour: str) -> str:
    return f'<path d="M{x} {y - 4}h18" stroke="{colour}" stroke-width="3"/>' + _text(x + 24, y, name, "start")
