"""`python -m bench.picture RESULT SVG`: latency against viewers, out of what `bench.viewers` wrote."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

WIDTH, HEIGHT = 720, 400
LEFT, RIGHT, TOP, BOTTOM = 60, 150, 40, 50
COLOURS = {"hls.js": "#c2410c", "hinted-part": "#0369a1"}
DASHES = {"p99_ms": "", "p50_ms": "6 4"}


def svg(rows: Sequence[dict[str, Any]]) -> str:
    """Rows of one stream and no publishers; a line for each behaviour and percentile."""
    rows = [
        row for row in rows if row["streams"] == 1 and not row["publishers"] and row["p99_ms"] is not None
    ]
    most = max((row["viewers"] for row in rows), default=1) * 1.05
    longest = max((row["p99_ms"] for row in rows), default=1) * 1.1
    part_ms = rows[0]["part_target_ms"] if rows else 0

    def at(viewers: float, milliseconds: float) -> tuple[float, float]:
        return (
            LEFT + viewers / most * (WIDTH - LEFT - RIGHT),
            HEIGHT - BOTTOM - milliseconds / longest * (HEIGHT - TOP - BOTTOM),
        )

    marks = [_axes(at, most, longest, part_ms)]
    height = TOP
    for behaviour, colour in COLOURS.items():
        for name, dash in DASHES.items():
            points = sorted((row["viewers"], row[name]) for row in rows if row["behaviour"] == behaviour)
            if points:
                marks.append(_line([at(*point) for point in points], points, colour, dash))
                marks.append(_legend(height, f"{behaviour}, {name.removesuffix('_ms')}", colour, dash))
                height += 22
    style = "<style>text{font:12px sans-serif;fill:#333}</style>"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}">{style}'
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>{"".join(marks)}</svg>\n'
    )


def _axes(at: Any, most: float, longest: float, part_ms: int) -> str:
    lines = [f'<text x="{LEFT}" y="20">ms from part complete to its last byte ({part_ms} ms parts)</text>']
    for milliseconds in _ticks(longest):
        (x1, y), (x2, _) = at(0, milliseconds), at(most, milliseconds)
        lines.append(f'<path d="M{x1:.0f} {y:.0f}H{x2:.0f}" stroke="#ddd"/>')
        lines.append(f'<text x="{x1 - 8:.0f}" y="{y + 4:.0f}" text-anchor="end">{milliseconds}</text>')
    for viewers in _ticks(most):
        x, y = at(viewers, 0)
        lines.append(f'<text x="{x:.0f}" y="{y + 18:.0f}" text-anchor="middle">{viewers}</text>')
    x, y = at(most / 2, 0)
    lines.append(f'<text x="{x:.0f}" y="{y + 38:.0f}" text-anchor="middle">viewers on one core</text>')
    return "".join(lines)


def _ticks(most: float) -> range:
    """Four to nine round numbers up to `most`."""
    step = 1
    while most / step > 9:
        step *= 5 if str(step)[0] == "1" else 2
    return range(0, int(most) + 1, step)


def _line(
    places: list[tuple[float, float]], points: list[tuple[float, float]], colour: str, dash: str
) -> str:
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    dots = "".join(
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"><title>{viewers} viewers: {value:.0f} ms</title></circle>'
        for (x, y), (viewers, value) in zip(places, points, strict=True)
    )
    return f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2" stroke-dasharray="{dash}"/>{dots}'


def _legend(y: int, text: str, colour: str, dash: str) -> str:
    x = WIDTH - RIGHT + 10
    return (
        f'<path d="M{x} {y}h24" stroke="{colour}" stroke-width="2" stroke-dasharray="{dash}"/>'
        f'<text x="{x + 30}" y="{y + 4}">{text}</text>'
    )


if __name__ == "__main__":
    source, target = map(Path, sys.argv[1:3])
    target.write_text(svg(json.loads(source.read_text())["rows"]))
