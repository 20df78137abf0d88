"""A small SVG by hand: seconds against the size of the log, both axes logarithmic. No library draws it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from xml.sax.saxutils import escape

WIDTH, HEIGHT = 720, 420
LEFT, RIGHT, TOP, BOTTOM = 70, 190, 30, 50
COLOURS = ("#0b6e99", "#b3541e", "#4f772d", "#6d4c8d")


@dataclass(frozen=True)
class Line:
    """``points``: (rows, seconds), both above 0."""

    name: str
    points: tuple[tuple[float, float], ...]


def plot(title: str, lines: list[Line]) -> str:
    """The drawing; with no points, axes over one decade each."""
    points = [point for line in lines for point in line.points] or [(1.0, 1.0)]
    x_low, x_high = _decades([x for x, _ in points])
    y_low, y_high = _decades([y for _, y in points])

    def x(value: float) -> float:
        return LEFT + (math.log10(value) - x_low) / (x_high - x_low) * (WIDTH - LEFT - RIGHT)

    def y(value: float) -> float:
        return HEIGHT - BOTTOM - (math.log10(value) - y_low) / (y_high - y_low) * (HEIGHT - TOP - BOTTOM)

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" font-family="sans-serif"'
        f' font-size="13"><title>{escape(title)}</title><rect width="100%" height="100%" fill="#fff"/>'
    ]
    for power in range(x_low, x_high + 1):
        at = x(10.0**power)
        parts.append(_stroke(at, TOP, at, HEIGHT - BOTTOM))
        parts.append(_text(at, HEIGHT - BOTTOM + 18, _rows(power), "middle"))
    for power in range(y_low, y_high + 1):
        at = y(10.0**power)
        parts.append(_stroke(LEFT, at, WIDTH - RIGHT, at))
        parts.append(_text(LEFT - 8, at + 4, f"{10.0**power:g} s", "end"))
    parts.append(_text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 10, "rows of the log", "middle"))
    for index, line in enumerate(lines):
        colour = COLOURS[index % len(COLOURS)]
        path = " ".join(f"{x(rows):.1f},{y(seconds):.1f}" for rows, seconds in line.points)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts += [f'<circle cx="{x(r):.1f}" cy="{y(s):.1f}" r="4" fill="{colour}"/>' for r, s in line.points]
        label = TOP + 10 + 20 * index
        parts.append(f'<circle cx="{WIDTH - RIGHT + 14}" cy="{label - 4}" r="4" fill="{colour}"/>')
        parts.append(_text(WIDTH - RIGHT + 24, label, line.name, "start"))
    return "\n".join([*parts, "</svg>"]) + "\n"


def _decades(values: list[float]) -> tuple[int, int]:
    """The powers of ten that enclose the values, at least one apart."""
    low = math.floor(math.log10(min(values)))
    return low, max(low + 1, math.ceil(math.log10(max(values))))


def _rows(power: int) -> str:
    return f"{10 ** (power % 3)} {['', 'K', 'M', 'G', 'T'][power // 3]}".strip()


def _stroke(x1: float, y1: float, x2: float, y2: float) -> str:
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="#ddd"/>'


def _text(x: float, y: float, text: str, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="#222">{escape(text)}</text>'
